/** What people without rights on the whole installation work with: their quota, what is offered to them, what is theirs. */
import {
  Button,
  Card,
  CardBody,
  CardFooter,
  CardTitle,
  Content,
  Gallery,
  PageSection,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { Offers } from '#api';
import { useConsole, useWords } from '../console.ts';
import { parseListPlace } from '../list/place.ts';
import { pageHelp } from '../manual/help.ts';
import { Answer } from '../parts/Answer.tsx';
import { PageTitle } from '../parts/PageTitle.tsx';
import { VmList } from '../vms/VmList.tsx';
import { MakeVm } from './MakeVm.tsx';
import { QuotaBars } from './QuotaBars.tsx';
import { useSelfServiceText } from './words.ts';

export type OfferedTemplate = Offers['templates'][number];

export function SelfServicePage(): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useSelfServiceText();
  const navigate = useNavigate();
  const [made, make] = useState<OfferedTemplate>();
  const question = useQuery({
    queryKey: ['offers.show'],
    queryFn: ({ signal }) => client.call('offers.show', {}, signal),
  });
  return (
    <>
      <PageTitle title={words.text('selfService')} help={pageHelp['self-service']} />
      <Answer question={question}>
        {({ places, templates }) => (
          <>
            <Places places={places} />
            <PageSection>
              <Content component="h2">{text('offered')}</Content>
              {templates.length === 0 && <p>{text('noOffers')}</p>}
              <Gallery hasGutter minWidths={{ default: '17rem' }}>
                {templates.map((template) => (
                  <TemplateCard key={template.id} template={template} onMake={make} />
                ))}
              </Gallery>
            </PageSection>
            {made !== undefined && (
              <MakeVm template={made} places={places} onClose={() => make(undefined)} />
            )}
          </>
        )}
      </Answer>
      <PageSection>
        <Content component="h2">{text('mine')}</Content>
      </PageSection>
      <VmList
        place={parseListPlace(useSearch({ strict: false }))}
        onPlace={(search) => void navigate({ to: '/self-service', search })}
        within="template = false"
      />
    </>
  );
}

function Places({ places }: Pick<Offers, 'places'>): ReactNode {
  const text = useSelfServiceText();
  const quotas = new Map(places.flatMap((place) => place.quotas.map((one) => [one.id, one])));
  const free = places.filter((place) => place.quotas.length === 0);
  return (
    <PageSection>
      <Content component="p">{text('explain')}</Content>
      {places.length === 0 && <p>{text('noPlaces')}</p>}
      {[...quotas.values()].map((quota) => (
        <section key={quota.id} aria-label={text('ofFolder', { folder: quota.folder })}>
          <Content component="h2">{text('ofFolder', { folder: quota.folder })}</Content>
          <QuotaBars quota={quota} />
        </section>
      ))}
      {free.length > 0 && (
        <p>
          {free.map(({ path }) => path).join(', ')}: {text('noQuota')}
        </p>
      )}
    </PageSection>
  );
}

function TemplateCard({
  template,
  onMake,
}: {
  readonly template: OfferedTemplate;
  readonly onMake: (template: OfferedTemplate) => void;
}): ReactNode {
  const words = useWords();
  const text = useSelfServiceText();
  const { description, name, takes } = template;
  return (
    <Card isCompact>
      <CardTitle component="h3">{name}</CardTitle>
      <CardBody>
        {description !== '' && <p>{description}</p>}
        <p>
          {text(takes.processors === 1 ? 'sizeOne' : 'size', {
            processors: words.count(takes.processors),
            memory: words.bytes(takes.memoryBytes),
            disk: words.bytes(takes.diskBytes),
          })}
        </p>
      </CardBody>
      <CardFooter>
        <Button aria-label={text('createOf', { template: name })} onClick={() => onMake(template)}>
          {text('create')}
        </Button>
      </CardFooter>
    </Card>
  );
}
