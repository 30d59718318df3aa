/** What is asked before something is done with a vm: whether one is sure, or what it needs to know. */
import type { ReactNode } from 'react';
import type { Vm } from '#api';
import { AdoptDialog } from './adopt/AdoptDialog.tsx';
import { CloneDialog } from './clone/CloneDialog.tsx';
import { ConfirmAction } from './ConfirmAction.tsx';
import { ExportDialog } from './export/ExportDialog.tsx';
import { FileDialog } from './FileDialog.tsx';
import { MoveDialog } from './move/MoveDialog.tsx';
import type { VmAsked } from './offered.ts';
import { RenameDialog } from './RenameDialog.tsx';

export function VmDialog({
  vm,
  asked,
  onClose,
}: {
  readonly vm: Vm;
  readonly asked: VmAsked;
  readonly onClose: () => void;
}): ReactNode {
  switch (asked.kind) {
    case 'confirm':
      return <ConfirmAction vm={vm} action={asked.action} loss={asked.loss} onClose={onClose} />;
    case 'rename':
      return <RenameDialog vm={vm} onClose={onClose} />;
    case 'clone':
      return <CloneDialog vm={vm} onClose={onClose} />;
    case 'export':
      return <ExportDialog vm={vm} onClose={onClose} />;
    case 'file':
      return <FileDialog vm={vm} onClose={onClose} />;
    case 'adopt':
    case 'give-back':
      return <AdoptDialog vm={vm} kind={asked.kind} onClose={onClose} />;
    case 'relocate':
    case 'migrate':
      return <MoveDialog vm={vm} kind={asked.kind} onClose={onClose} />;
  }
}
