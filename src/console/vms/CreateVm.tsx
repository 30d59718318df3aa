/** The dialog in which a vm is created; the wizard in it is asked for when it is opened. */
import { ModalBody, ModalHeader, Spinner } from '@patternfly/react-core';
import { Suspense, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { useList } from '../parts/ask.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { lazyPart } from '../parts/lazy-part.ts';

const CreateWizard = lazyPart(async () => (await import('./CreateWizard.tsx')).CreateWizard);

export function CreateVm({ onClose }: { readonly onClose: () => void }): ReactNode {
  const words = useWords();
  const images = useList('image.list', { filter: 'imageKind = disk', sort: 'name', limit: 1000 });
  const networks = useList('network.list', { sort: 'name', limit: 1000 });
  const waiting = <Spinner aria-label={words.text('loading')} />;
  return (
    <Dialog isOpen variant="large" onClose={onClose} aria-labelledby="create">
      <ModalHeader labelId="create" title={words.text('createVm')} />
      <ModalBody>
        {images.isPending || networks.isPending ? (
          waiting
        ) : (
          <Suspense fallback={waiting}>
            {/* Who may see no images and no networks can still create a vm. */}
            <CreateWizard
              choices={{
                images: images.data?.items ?? [],
                networks: networks.data?.items ?? [],
              }}
              onClose={onClose}
            />
          </Suspense>
        )}
      </ModalBody>
    </Dialog>
  );
}
