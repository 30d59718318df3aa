/** The virtual disks of one host after the other, and what is begun with them from the navigation. */
import { FormSelect, FormSelectOption, PageSection } from '@patternfly/react-core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../../console.ts';
import { useNarrowed } from '../../frame/narrowed.ts';
import { pageHelp } from '../../manual/help.ts';
import { Answer } from '../../parts/Answer.tsx';
import { useList } from '../../parts/ask.ts';
import { PageTitle } from '../../parts/PageTitle.tsx';
import { HostDisks } from './HostDisks.tsx';
import { parseDisksPlace, type DisksPlace } from './place.ts';

export function DisksPage(): ReactNode {
  const words = useWords();
  const narrowed = useNarrowed();
  const navigate = useNavigate();
  const place = parseDisksPlace(useSearch({ strict: false }));
  const go = (search: DisksPlace): void => void navigate({ to: '/disks', search });
  const question = useList('host.list', { sort: 'name', limit: 1000 });
  return (
    <>
      <PageTitle title={words.text('virtualDisks')} help={pageHelp.disks} narrowed={narrowed} />
      <Answer question={question}>
        {({ items }) => {
          const wanted = narrowed?.id ?? place.host;
          const host = items.find(({ id }) => id === wanted) ?? items[0];
          if (host === undefined) return <PageSection>{words.text('none')}</PageSection>;
          const { begin } = place;
          return (
            <>
              {items.length > 1 && narrowed === undefined && (
                <PageSection>
                  <FormSelect
                    className="host-choice"
                    aria-label={words.text('host')}
                    value={host.id}
                    onChange={(_event, id) => go({ host: id })}
                  >
                    {items.map(({ id, name }) => (
                      <FormSelectOption key={id} value={id} label={name} />
                    ))}
                  </FormSelect>
                </PageSection>
              )}
              <HostDisks
                key={host.id}
                host={host}
                begin={begin}
                onBegun={() => go(place.host === undefined ? {} : { host: place.host })}
              />
            </>
          );
        }}
      </Answer>
    </>
  );
}
