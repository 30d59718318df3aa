/** A form over the page: what it does, what it needs to know, and what the server says against it. */
import { Button, Form, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { FailureAlert } from './FailureAlert.tsx';
import { Dialog } from './Dialog.tsx';

export function FormDialog({
  title,
  verb,
  look,
  size = 'small',
  canSend,
  send,
  onClose,
  children,
}: {
  readonly title: string;
  /** On the button. */
  readonly verb: string;
  readonly look: 'primary' | 'danger';
  readonly size?: 'small' | 'medium';
  readonly canSend: boolean;
  /** When it has come to an end the dialog closes; what it throws is shown. */
  readonly send: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}): ReactNode {
  const words = useWords();
  const [failure, setFailure] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const begin = async (): Promise<void> => {
    setBusy(true);
    try {
      await send();
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog isOpen variant={size} onClose={onClose} aria-labelledby="dialog-title">
      <ModalHeader labelId="dialog-title" title={title} />
      <ModalBody>
        {failure !== undefined && <FailureAlert error={failure} />}
        <Form
          id="dialog-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (canSend && !busy) void begin();
          }}
        >
          {children}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="dialog-form" variant={look} isDisabled={!canSend || busy}>
          {verb}
        </Button>
        <Button variant="link" onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Dialog>
  );
}
