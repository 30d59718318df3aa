/**
 * A console where it can be opened now, else why not and what would help. Once opened it stays on the page
 * while the vm is away, so that nothing that was seen is lost, and goes on by itself.
 */
import { Button, EmptyState, EmptyStateBody, EmptyStateFooter } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { vmStateFacts, type Vm } from '#api';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useVmActions } from '../parts/ask.ts';
import { useAct } from './act.ts';
import { useVmText } from './words/vm-words.ts';
import { Alert } from '../parts/Alert.tsx';

/** What brings a console back, in the order of preference. */
const remedies = ['turn-on', 'restore'] as const;

export function ConsoleTab({
  vm,
  action,
  children,
}: {
  readonly vm: Vm;
  readonly action: 'screen' | 'serial';
  readonly children: (available: boolean) => ReactNode;
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  const act = useAct();
  const question = useVmActions(vm.id, true);
  const found = question.data?.actions.find((allowed) => allowed.action === action);
  const available = found?.allowed === true && vmStateFacts[vm.state].live;
  const [opened, setOpened] = useState(available);
  // Here and not below: a console whose part is still on its way has no state yet that another's rendering could set.
  if (available && !opened) setOpened(true);
  return (
    <Answer question={question}>
      {({ actions }) => {
        const why = words.whyNot(found) ?? words.state(vm.state);
        const help = remedies
          .filter((remedy) => actions.some((it) => it.action === remedy && it.allowed))
          .map((remedy) => (
            <Button key={remedy} variant="secondary" onClick={() => void act(vm, remedy)}>
              {words.action(remedy)}
            </Button>
          ));
        if (!available && !opened)
          return (
            <EmptyState titleText={words.text(action)} headingLevel="h2">
              <EmptyStateBody>{why}</EmptyStateBody>
              <EmptyStateFooter>{help}</EmptyStateFooter>
            </EmptyState>
          );
        return (
          <>
            {!available && (
              <Alert variant="info" isInline component="p" title={why} actionLinks={help}>
                {text('daysAway')}
              </Alert>
            )}
            {children(available)}
          </>
        );
      }}
    </Answer>
  );
}
