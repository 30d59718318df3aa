/** Asks before something is done with a snapshot: what it does, what it needs to know, and what the server says to it. */
import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Operation } from '#api';
import { useWords } from '../../console.ts';
import { FailureAlert } from '../../parts/FailureAlert.tsx';
import { useOutcome } from '../../parts/use-outcome.ts';

export function SnapshotDialog({
  action,
  name,
  look,
  canSend,
  send,
  onClose,
  children,
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
  const words = useWords();
  const tellOutcome = useOutcome();
  const [failure, setFailure] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const begin = async (): Promise<void> => {
    setBusy(true);
    try {
      tellOutcome({ action, name }, await send());
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="snapshot-dialog">
      <ModalHeader labelId="snapshot-dialog" title={`${action}: ${name}`} />
      <ModalBody>
        {failure !== undefined && <FailureAlert error={failure} />}
        <Form
          id="snapshot-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (canSend) void begin();
          }}
        >
          {children}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="snapshot-form" variant={look} isDisabled={!canSend || busy}>
          {action}
        </Button>
        <Button variant="link" onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
