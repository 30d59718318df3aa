/** Deletes a snapshot: what stays is said by name. */
import { Content } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Snapshot, Vm } from '#api';
import { useConsole } from '../../console.ts';
import { snapshotsAfter } from './snapshot-tree.ts';
import { SnapshotDialog } from './SnapshotDialog.tsx';
import { useSnapshotText } from './words.ts';

export function DeleteSnapshot({
  vm,
  snapshot,
  snapshots,
  onClose,
}: {
  readonly vm: Vm;
  readonly snapshot: Snapshot;
  readonly snapshots: readonly Snapshot[];
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useSnapshotText();
  const names = snapshotsAfter(snapshots, snapshot.id).map(({ name }) => name);
  return (
    <SnapshotDialog
      action={text('delete')}
      name={snapshot.name}
      look="danger"
      canSend
      send={() =>
        client.call('vm.snapshot.delete', { params: { vm: vm.id, snapshot: snapshot.id } })
      }
      onClose={onClose}
    >
      <Content component="p">{text('deleteBody')}</Content>
      {names.length > 0 && (
        <Content component="p">{text('deleteAfter', { names: names.join(', ') })}</Content>
      )}
      <Content component="p">{text('deleteTime')}</Content>
    </SnapshotDialog>
  );
}
