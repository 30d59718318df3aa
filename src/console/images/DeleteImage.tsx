/** Asks before an image is forgotten; one that was built is deleted with its file. */
import { Content } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Image } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FormDialog } from '../parts/FormDialog.tsx';
import { useOutcome } from '../parts/use-outcome.ts';

export function DeleteImage({
  image,
  onClose,
}: {
  readonly image: Image;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const tell = useOutcome();
  const { id, name, path, builtFrom } = image;
  const send = async (): Promise<void> => {
    const operation = await client.call('image.delete', { params: { image: id } });
    tell({ action: words.text('delete'), name }, operation);
  };
  return (
    <FormDialog
      title={words.text('deleteNamed', { name })}
      verb={words.text('delete')}
      look="danger"
      canSend
      send={send}
      onClose={onClose}
    >
      <Content component="p">
        {words.text(builtFrom === null ? 'imageForgotten' : 'imageDeleted', { path })}
      </Content>
    </FormDialog>
  );
}
