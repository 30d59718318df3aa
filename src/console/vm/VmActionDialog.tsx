/** A form for an action on a vm that has something to ask first. What it begins is told as a notice when it has ended. */
import type { ReactNode } from 'react';
import type { Operation, Vm, VmAction } from '#api';
import { useWords } from '../console.ts';
import { FormDialog } from '../parts/FormDialog.tsx';
import { useOutcome } from '../parts/use-outcome.ts';

export function VmActionDialog({
  vm,
  action,
  canSend,
  begin,
  onClose,
  children,
}: {
  readonly vm: Vm;
  readonly action: VmAction;
  readonly canSend: boolean;
  /** What it throws is shown in the form. */
  readonly begin: () => Promise<Operation>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}): ReactNode {
  const words = useWords();
  const tellOutcome = useOutcome();
  const values = { action: words.action(action), name: vm.name };
  return (
    <FormDialog
      title={`${values.action}: ${vm.name}`}
      verb={values.action}
      look="primary"
      size="medium"
      canSend={canSend}
      send={async () => tellOutcome(values, await begin())}
      onClose={onClose}
    >
      {children}
    </FormDialog>
  );
}
