/** What goes when a thing is taken away, and the button for it. */
import type { ReactNode } from 'react';
import { useConsole } from '../console.ts';
import { FormDialog } from './FormDialog.tsx';

export function RemoveDialog({
  title,
  explain,
  remove,
  done,
  onClose,
}: {
  /** Also on the button. */
  readonly title: string;
  readonly explain: string;
  /** Ends when what is listed is read again. */
  readonly remove: () => Promise<unknown>;
  /** What is told then. */
  readonly done: string;
  readonly onClose: () => void;
}): ReactNode {
  const { notices } = useConsole();
  return (
    <FormDialog
      title={title}
      verb={title}
      look="danger"
      canSend
      send={async () => {
        await remove();
        notices.tell(done);
      }}
      onClose={onClose}
    >
      <p>{explain}</p>
    </FormDialog>
  );
}
