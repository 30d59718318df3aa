/** All hosts, live. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { parseListPlace } from '../list/place.ts';
import { ThingList } from '../list/ThingList.tsx';
import { useNarrowed } from '../frame/narrowed.ts';
import { pageHelp } from '../manual/help.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { hostColumns } from './host-columns.tsx';
import { HostMenu } from './HostMenu.tsx';

export function HostsPage(): ReactNode {
  const words = useWords();
  const narrowed = useNarrowed();
  const navigate = useNavigate();
  const place = parseListPlace(useSearch({ strict: false }));
  return (
    <>
      <PageTitle title={words.text('hosts')} help={pageHelp.hosts} narrowed={narrowed} />
      <ThingList
        name="host.list"
        {...(narrowed === undefined ? {} : { within: `id = "${narrowed.id}"` })}
        label={words.text('hosts')}
        columns={hostColumns}
        defaultSort="name"
        place={place}
        onPlace={(to) => void navigate({ to: '/hosts', search: to })}
        empty={{ all: words.text('noHosts'), filtered: words.text('noHostsFound') }}
        example={words.text('hostFilterExample')}
        menu={(host) => <HostMenu host={host} look="row" />}
      />
    </>
  );
}
