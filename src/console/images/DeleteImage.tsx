/** Asks before an image is forgotten; one that was built is deleted with its file. */
import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Image } from '#api';
import { useConsole, useWords } from '../console.ts';

export function DeleteImage({
  image,
  onClose,
}: {
  readonly image: Image;
  readonly onClose: () => void;
}): ReactNode {
  const { client, live, notices } = useConsole();
  const words = useWords();
  const begin = async (): Promise<void> => {
    const values = { action: words.text('delete'), name: image.name };
    try {
      const operation = await client.call('image.delete', { params: { image: image.id } });
      live.onEnd(operation, ({ fault }) => {
        if (fault === null) notices.tell(words.text('actionTaken', values));
        else notices.fail(words.text('whatGoesWrong', values), fault);
      });
    } catch (error) {
      notices.fail(words.text('whatGoesWrong', values), error);
    }
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="delete-image">
      <ModalHeader
        labelId="delete-image"
        titleIconVariant="warning"
        title={words.text('deleteNamed', { name: image.name })}
      />
      <ModalBody>
        {words.text(image.builtFrom === null ? 'imageForgotten' : 'imageDeleted', {
          path: image.path,
        })}
      </ModalBody>
      <ModalFooter>
        <Button
          variant="danger"
          onClick={() => {
            onClose();
            void begin();
          }}
        >
          {words.text('delete')}
        </Button>
        <Button variant="link" autoFocus onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
