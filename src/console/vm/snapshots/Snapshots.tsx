/** The tab of snapshots and undo disks of a vm. */
import './snapshots.css';
import { Button, Content, Flex } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { Snapshot, Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { Answer } from '../../parts/Answer.tsx';
import { useVmActions } from '../../parts/ask.ts';
import { ChangeSnapshot } from './ChangeSnapshot.tsx';
import { DeleteSnapshot } from './DeleteSnapshot.tsx';
import { RevertSnapshot } from './RevertSnapshot.tsx';
import type { SnapshotVerb } from './SnapshotMenu.tsx';
import { SnapshotTree } from './SnapshotTree.tsx';
import { TakeSnapshot } from './TakeSnapshot.tsx';
import { UndoDisks } from './UndoDisks.tsx';
import { useSnapshotText } from './words.ts';

export function Snapshots({ vm }: { readonly vm: Vm }): ReactNode {
  const { client } = useConsole();
  const question = useQuery({
    queryKey: ['vm.snapshot.list', vm.id],
    queryFn: ({ signal }) => client.call('vm.snapshot.list', { params: { vm: vm.id } }, signal),
  });
  return (
    <>
      <Answer question={question}>{({ items }) => <Shown vm={vm} snapshots={items} />}</Answer>
      <UndoDisks vm={vm} />
    </>
  );
}

type Asked =
  { readonly verb: 'take' } | { readonly verb: SnapshotVerb; readonly snapshot: Snapshot };

function Shown({
  vm,
  snapshots,
}: {
  readonly vm: Vm;
  readonly snapshots: readonly Snapshot[];
}): ReactNode {
  const words = useWords();
  const text = useSnapshotText();
  const { data } = useVmActions(vm.id, true);
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const actions = data?.actions ?? [];
  const take = actions.find(({ action }) => action === 'take-snapshot');
  const whyNot = words.whyNot(take);
  const { limit } = vm.definition.settings.snapshots;
  return (
    <>
      <Flex
        className="snapshots-head"
        justifyContent={{ default: 'justifyContentSpaceBetween' }}
        alignItems={{ default: 'alignItemsCenter' }}
      >
        <Content component="h2">{text('snapshots')}</Content>
        <Button isDisabled={take?.allowed !== true} onClick={() => setAsked({ verb: 'take' })}>
          {text('take')}
        </Button>
      </Flex>
      {whyNot !== undefined && <Content component="small">{whyNot}</Content>}
      {limit !== null && (
        <Content component="p">
          {text('limit', {
            count: words.count(snapshots.length),
            limit: words.count(limit),
          })}
        </Content>
      )}
      {snapshots.length === 0 ? (
        <Content component="p">{text('none')}</Content>
      ) : (
        <SnapshotTree
          vm={vm}
          snapshots={snapshots}
          actions={actions}
          onChoose={(verb, snapshot) => setAsked({ verb, snapshot })}
        />
      )}
      {asked !== undefined && (
        <Dialog vm={vm} snapshots={snapshots} asked={asked} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}

function Dialog({
  asked,
  ...given
}: {
  readonly asked: Asked;
  readonly vm: Vm;
  readonly snapshots: readonly Snapshot[];
  readonly onClose: () => void;
}): ReactNode {
  switch (asked.verb) {
    case 'take':
      return <TakeSnapshot {...given} />;
    case 'revert':
      return <RevertSnapshot {...given} snapshot={asked.snapshot} />;
    case 'rename':
      return <ChangeSnapshot vm={given.vm} onClose={given.onClose} snapshot={asked.snapshot} />;
    case 'delete':
      return <DeleteSnapshot {...given} snapshot={asked.snapshot} />;
  }
}
