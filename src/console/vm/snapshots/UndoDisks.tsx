/** The undo disks of a vm: since when, and what is to become of them, at once or when the vm goes off. */
import { ActionList, ActionListItem, Button, Content } from '@patternfly/react-core';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { AllowedAction, Vm } from '#api';
import { useWords } from '../../console.ts';
import { useVmActions } from '../../parts/ask.ts';
import { ConfirmAction } from '../ConfirmAction.tsx';
import { EndSession, endWays } from './EndSession.tsx';
import { useSnapshotText } from './words.ts';

const decisions = ['commit-undo', 'discard-undo'] as const;
type Asked = (typeof decisions)[number] | 'end';

export function UndoDisks({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const text = useSnapshotText();
  const { data } = useVmActions(vm.id, true);
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const judged = (action: (typeof decisions)[number]): AllowedAction | undefined =>
    data?.actions.find((allowed) => allowed.action === action);
  const ways = endWays(data?.actions ?? []);
  const { enabled, onTurnOff } = vm.definition.settings.undoDisks;
  const { undo } = vm.status;
  const told = [
    undo === null
      ? text(enabled ? 'undoNext' : 'undoOff')
      : text('undoSince', { time: words.time(undo.since) }),
    ...(undo === null || undo.sizeBytes === null
      ? []
      : [text('undoSize', { size: words.bytes(undo.sizeBytes) })]),
    ...(enabled || undo !== null
      ? [text('undoOnTurnOff', { decision: text(`decision.${onTurnOff}`) })]
      : []),
  ];
  const whyNot = [...new Set(decisions.map((action) => words.whyNot(judged(action))))];
  return (
    <section className="undo-disks" aria-label={text('undo')}>
      <Content component="h2">{text('undo')}</Content>
      <Content component="p">
        {told.join(' ')}{' '}
        <Link
          to="/vms/$vm"
          params={{ vm: vm.id }}
          search={{ tab: 'configuration', section: 'storage' }}
        >
          {text('undoSettings')}
        </Link>
      </Content>
      {undo !== null && (
        <>
          <ActionList>
            {decisions.map((action) => (
              <ActionListItem key={action}>
                <Button
                  variant="secondary"
                  isDisabled={judged(action)?.allowed !== true}
                  onClick={() => setAsked(action)}
                >
                  {words.action(action)}
                </Button>
              </ActionListItem>
            ))}
            {ways.length > 0 && (
              <ActionListItem>
                <Button variant="secondary" onClick={() => setAsked('end')}>
                  {text('endSession')}
                </Button>
              </ActionListItem>
            )}
          </ActionList>
          {whyNot.map((why) => (
            <Content key={why ?? ''} component="small">
              {why}
            </Content>
          ))}
        </>
      )}
      {asked === 'end' && <EndSession vm={vm} ways={ways} onClose={() => setAsked(undefined)} />}
      {asked !== undefined && asked !== 'end' && (
        <ConfirmAction
          vm={vm}
          action={asked}
          loss={words.loss(asked, judged(asked)?.confirm ?? '')}
          onClose={() => setAsked(undefined)}
        />
      )}
    </section>
  );
}
