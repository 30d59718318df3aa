/** A form about a snapshot: it begins an operation, whose outcome is told when it has ended. */
import type { ReactNode } from 'react';
import type { Operation } from '#api';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { useOutcome } from '../../parts/use-outcome.ts';

export function SnapshotDialog({
  action,
  name,
  send,
  ...form
}: {
  readonly action: string;
  /** Of the snapshot, or of the vm. */
  readonly name: string;
  readonly look: 'primary' | 'danger';
  readonly canSend: boolean;
  readonly send: () => Promise<Operation>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}): ReactNode {
  const tellOutcome = useOutcome();
  return (
    <FormDialog
      {...form}
      title={`${action}: ${name}`}
      verb={action}
      send={async () => tellOutcome({ action, name }, await send())}
    />
  );
}
