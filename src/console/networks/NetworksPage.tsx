/** All networks, live, and the way to make another. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useRights } from '../access/use-rights.ts';
import { useWords } from '../console.ts';
import { ThingList } from '../list/ThingList.tsx';
import { useNarrowed } from '../frame/narrowed.ts';
import { pageHelp } from '../manual/help.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { PageTitle } from '../parts/PageTitle.tsx';
import { AddNetwork } from './AddNetwork.tsx';
import { CreateNetwork } from './CreateNetwork.tsx';
import { networkColumns } from './network-columns.tsx';
import { NetworkMenu } from './NetworkMenu.tsx';
import { parseNetworksPlace, type NetworksPlace } from './place.ts';
import { useNetworkText } from './words.ts';

export function NetworksPage(): ReactNode {
  const words = useWords();
  const { whyNot } = useRights();
  const narrowed = useNarrowed();
  const text = useNetworkText();
  const navigate = useNavigate();
  const { create, add, ...place } = parseNetworksPlace(useSearch({ strict: false }));
  const go = (search: NetworksPlace): void => void navigate({ to: '/networks', search });
  // One that was made is led to before its form is closed.
  const close = (): void => {
    if (location.pathname === '/networks') go(place);
  };
  return (
    <>
      <PageTitle title={words.text('networks')} help={pageHelp.networks} narrowed={narrowed}>
        <JudgedButton
          whyNot={whyNot('network.create')}
          onClick={() => go({ ...place, create: true })}
        >
          {text('create')}
        </JudgedButton>
        <JudgedButton
          whyNot={whyNot('network.create')}
          variant="secondary"
          onClick={() => go({ ...place, add: true })}
        >
          {text('add')}
        </JudgedButton>
      </PageTitle>
      <ThingList
        name="network.list"
        {...(narrowed === undefined ? {} : { within: `hosts.host = "${narrowed.id}"` })}
        label={words.text('networks')}
        columns={networkColumns}
        defaultSort="name"
        place={place}
        onPlace={go}
        empty={{ all: text('none'), filtered: text('noneFound') }}
        example={text('example')}
        menu={(network) => <NetworkMenu network={network} look="row" />}
      />
      {create && <CreateNetwork onClose={close} />}
      {add && <AddNetwork onClose={close} />}
    </>
  );
}
