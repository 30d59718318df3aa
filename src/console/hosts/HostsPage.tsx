/** All hosts, live, and the way to connect another. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Suspense, type ReactNode } from 'react';
import { useRights } from '../access/use-rights.ts';
import { useWords } from '../console.ts';
import { ThingList } from '../list/ThingList.tsx';
import { useNarrowed } from '../frame/narrowed.ts';
import { pageHelp } from '../manual/help.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { lazyPart } from '../parts/lazy-part.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { useConnectText } from './connect/connect-words.ts';
import { hostColumns } from './host-columns.tsx';
import { HostMenu } from './HostMenu.tsx';
import { parseHostsPlace, type HostsPlace } from './place.ts';

const ConnectHost = lazyPart(async () => (await import('./connect/ConnectHost.tsx')).ConnectHost);

export function HostsPage(): ReactNode {
  const words = useWords();
  const { whyNot } = useRights();
  const narrowed = useNarrowed();
  const navigate = useNavigate();
  const text = useConnectText();
  const { connect, ...place } = parseHostsPlace(useSearch({ strict: false }));
  const go = (search: HostsPlace): void => void navigate({ to: '/hosts', search });
  // One that was connected is led to before its form is closed.
  const close = (): void => {
    if (location.pathname === '/hosts') go(place);
  };
  return (
    <>
      <PageTitle title={words.text('hosts')} help={pageHelp.hosts} narrowed={narrowed}>
        <JudgedButton whyNot={whyNot('host.add')} onClick={() => go({ ...place, connect: true })}>
          {text('connect')}
        </JudgedButton>
      </PageTitle>
      <ThingList
        name="host.list"
        {...(narrowed === undefined ? {} : { within: `id = "${narrowed.id}"` })}
        label={words.text('hosts')}
        columns={hostColumns}
        defaultSort="name"
        place={place}
        onPlace={go}
        empty={{ all: words.text('noHosts'), filtered: words.text('noHostsFound') }}
        example={words.text('hostFilterExample')}
        menu={(host) => <HostMenu host={host} look="row" />}
      />
      {connect && (
        <Suspense fallback={null}>
          <ConnectHost onClose={close} />
        </Suspense>
      )}
    </>
  );
}
