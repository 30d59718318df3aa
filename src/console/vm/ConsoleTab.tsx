/** A console where it can be opened now; else why not. Each start of the vm begins a new one. */
import { EmptyState, EmptyStateBody } from '@patternfly/react-core';
import { Fragment, type ReactNode } from 'react';
import { vmStateFacts, type Vm } from '#api';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useVmActions } from '../parts/ask.ts';

export function ConsoleTab({
  vm,
  action,
  children,
}: {
  readonly vm: Vm;
  readonly action: 'screen' | 'serial';
  readonly children: ReactNode;
}): ReactNode {
  const words = useWords();
  return (
    <Answer question={useVmActions(vm.id, true)}>
      {({ actions }) => {
        const found = actions.find((allowed) => allowed.action === action);
        if (found?.allowed === true && vmStateFacts[vm.state].live)
          return <Fragment key={vm.generation}>{children}</Fragment>;
        return (
          <EmptyState titleText={words.text(action)} headingLevel="h2">
            <EmptyStateBody>{found?.reason ?? words.state(vm.state)}</EmptyStateBody>
          </EmptyState>
        );
      }}
    </Answer>
  );
}
