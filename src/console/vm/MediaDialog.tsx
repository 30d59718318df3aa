/** All drives of a vm for media, beside whatever page is open. */
import { Button, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { mediaDrives, type Vm } from '#api';
import { useWords } from '../console.ts';
import { Drives } from './Drives.tsx';
import { useVmText } from './words/vm-words.ts';
import { Dialog } from '../parts/Dialog.tsx';

export function MediaDialog({
  vm,
  onClose,
}: {
  readonly vm: Vm;
  readonly onClose: () => void;
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  return (
    <Dialog isOpen variant="small" onClose={onClose} aria-labelledby="media">
      <ModalHeader labelId="media" title={text('media')} />
      <ModalBody>
        <Drives vm={vm} kinds={mediaDrives} />
      </ModalBody>
      <ModalFooter>
        <Button onClick={onClose}>{words.text('close')}</Button>
      </ModalFooter>
    </Dialog>
  );
}
