/** All images, live, and the way to build another. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useRights } from '../access/use-rights.ts';
import { useWords } from '../console.ts';
import { ThingList } from '../list/ThingList.tsx';
import { useNarrowed } from '../frame/narrowed.ts';
import { pageHelp } from '../manual/help.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { PageTitle } from '../parts/PageTitle.tsx';
import { BuildImage } from './BuildImage.tsx';
import { imageColumns } from './image-columns.tsx';
import { ImageMenu } from './ImageMenu.tsx';
import { parseImagesPlace, type ImagesPlace } from './place.ts';

export function ImagesPage(): ReactNode {
  const words = useWords();
  const { whyNot } = useRights();
  const narrowed = useNarrowed();
  const navigate = useNavigate();
  const { build, ...place } = parseImagesPlace(useSearch({ strict: false }));
  const go = (to: ImagesPlace): void => void navigate({ to: '/images', search: to });
  return (
    <>
      <PageTitle title={words.text('images')} help={pageHelp.images} narrowed={narrowed}>
        <JudgedButton whyNot={whyNot('image.build')} onClick={() => go({ ...place, build: true })}>
          {words.text('buildImage')}
        </JudgedButton>
      </PageTitle>
      <ThingList
        name="image.list"
        {...(narrowed === undefined ? {} : { within: `hostId = "${narrowed.id}"` })}
        label={words.text('images')}
        columns={imageColumns}
        defaultSort="name"
        place={place}
        onPlace={go}
        empty={{ all: words.text('noImages'), filtered: words.text('noImagesFound') }}
        example={words.text('imageFilterExample')}
        menu={(image) => <ImageMenu image={image} />}
      />
      {build && <BuildImage onClose={() => go(place)} />}
    </>
  );
}
