/** One image: what it is, where it lies, and the way to delete it. */
import { PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { Image } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useConsole, useWords } from '../console.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { Answer } from '../parts/Answer.tsx';
import { FactList, type Facts } from '../parts/FactList.tsx';
import { pageHelp } from '../manual/help.ts';
import { ThingPage } from '../parts/ThingPage.tsx';
import { EventList } from '../work/EventList.tsx';
import { DeleteImage } from './DeleteImage.tsx';

export function ImagePage(): ReactNode {
  const { image } = useParams({ strict: false }) as { image: string };
  const { client } = useConsole();
  const question = useQuery({
    queryKey: ['image.show', image],
    queryFn: ({ signal }) => client.call('image.show', { params: { image } }, signal),
  });
  return <Answer question={question}>{(found) => <Shown image={found} />}</Answer>;
}

function Shown({ image }: { readonly image: Image }): ReactNode {
  const words = useWords();
  const { whyNot } = useRights({ image: image.id });
  const ofHost = useRights({ host: image.hostId });
  const [asked, setAsked] = useState(false);
  const facts: Facts = [
    [words.text('type'), `${words.imageKind(image.imageKind)}, ${image.format}`],
    [words.text('size'), words.bytes(image.sizeBytes)],
    [words.text('fileSize'), words.bytes(image.fileBytes)],
    [
      words.text('host'),
      <Link key="host" to="/hosts/$host" params={{ host: image.hostId }}>
        {image.host}
      </Link>,
    ],
    [words.text('path'), image.path],
    [words.text('guestSystem'), image.guestOs ?? words.text('notAvailable')],
    [words.text('recipe'), image.builtFrom ?? words.text('none')],
    ['SHA-256', image.sha256 ?? words.text('notAvailable')],
    [words.text('description'), image.description === '' ? words.text('none') : image.description],
    [words.text('created'), words.time(image.createdAt)],
    [words.text('identifier'), image.id],
  ];
  return (
    <ThingPage
      kind="images"
      name={image.name}
      help={pageHelp.images}
      side={
        <>
          <JudgedButton
            whyNot={ofHost.whyNot('host.disk.files')}
            variant="secondary"
            component={(props) => (
              <Link
                {...props}
                to="/disks/files"
                search={{ host: image.hostId, file: image.path }}
              />
            )}
          >
            {words.text('filesInside')}
          </JudgedButton>
          <JudgedButton
            whyNot={whyNot('image.delete')}
            variant="secondary"
            isDanger
            onClick={() => setAsked(true)}
          >
            {words.text('delete')}
          </JudgedButton>
        </>
      }
    >
      <PageSection>
        <FactList facts={facts} />
      </PageSection>
      <PageSection isFilled>
        <EventList filter={`target.id = "${image.id}"`} />
      </PageSection>
      {asked && <DeleteImage image={image} onClose={() => setAsked(false)} />}
    </ThingPage>
  );
}
