/** All images, live, and the way to build another. */
import { Button } from '@patternfly/react-core';
import { TrashIcon } from '@patternfly/react-icons/dist/esm/icons/trash-icon';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { imageSchema, type Image } from '#api';
import { useWords } from '../console.ts';
import { ThingList } from '../list/ThingList.tsx';
import { pageHelp } from '../manual/help.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { BuildImage } from './BuildImage.tsx';
import { DeleteImage } from './DeleteImage.tsx';
import { imageColumns } from './image-columns.tsx';
import { parseImagesPlace, type ImagesPlace } from './place.ts';

export function ImagesPage(): ReactNode {
  const words = useWords();
  const navigate = useNavigate();
  const { build, ...place } = parseImagesPlace(useSearch({ strict: false }));
  const go = (to: ImagesPlace): void => void navigate({ to: '/images', search: to });
  const [asked, setAsked] = useState<Image | undefined>(undefined);
  return (
    <>
      <PageTitle title={words.text('images')} help={pageHelp.images}>
        <Button onClick={() => go({ ...place, build: true })}>{words.text('buildImage')}</Button>
      </PageTitle>
      <ThingList
        name="image.list"
        schema={imageSchema}
        label={words.text('images')}
        columns={imageColumns}
        defaultSort="name"
        place={place}
        onPlace={go}
        empty={{ all: words.text('noImages'), filtered: words.text('noImagesFound') }}
        example={words.text('imageFilterExample')}
        menu={(image) => (
          <Button
            variant="plain"
            aria-label={words.text('deleteNamed', { name: image.name })}
            icon={<TrashIcon />}
            onClick={() => setAsked(image)}
          />
        )}
      />
      {build && <BuildImage onClose={() => go(place)} />}
      {asked !== undefined && <DeleteImage image={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}
