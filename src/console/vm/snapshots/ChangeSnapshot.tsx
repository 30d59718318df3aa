/** Another name or description for a snapshot. */
import { useState, type ReactNode } from 'react';
import type { Snapshot, Vm } from '#api';
import { useConsole } from '../../console.ts';
import { NameFields, type Naming } from './NameFields.tsx';
import { SnapshotDialog } from './SnapshotDialog.tsx';
import { useSnapshotText } from './words.ts';

export function ChangeSnapshot({
  vm,
  snapshot,
  onClose,
}: {
  readonly vm: Vm;
  readonly snapshot: Snapshot;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useSnapshotText();
  const { name, description } = snapshot;
  const [naming, setNaming] = useState<Naming>({ name, description });
  return (
    <SnapshotDialog
      action={text('rename')}
      name={name}
      look="primary"
      canSend={naming.name !== '' && (naming.name !== name || naming.description !== description)}
      send={() =>
        client.call('vm.snapshot.change', {
          params: { vm: vm.id, snapshot: snapshot.id },
          body: naming,
        })
      }
      onClose={onClose}
    >
      <NameFields value={naming} onValue={setNaming} />
    </SnapshotDialog>
  );
}
