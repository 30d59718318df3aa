/** All networks, live, and the way to make another. */
import { Button } from '@patternfly/react-core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { networkSchema } from '#api';
import { useWords } from '../console.ts';
import { parseListPlace } from '../list/place.ts';
import { ThingList } from '../list/ThingList.tsx';
import { pageHelp } from '../manual/help.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { CreateNetwork } from './CreateNetwork.tsx';
import { networkColumns } from './network-columns.tsx';
import { NetworkMenu } from './NetworkMenu.tsx';
import { useNetworkText } from './words.ts';

export function NetworksPage(): ReactNode {
  const words = useWords();
  const text = useNetworkText();
  const navigate = useNavigate();
  const [creates, setCreates] = useState(false);
  return (
    <>
      <PageTitle title={words.text('networks')} help={pageHelp.networks}>
        <Button onClick={() => setCreates(true)}>{text('create')}</Button>
      </PageTitle>
      <ThingList
        name="network.list"
        schema={networkSchema}
        label={words.text('networks')}
        columns={networkColumns}
        defaultSort="name"
        place={parseListPlace(useSearch({ strict: false }))}
        onPlace={(to) => void navigate({ to: '/networks', search: to })}
        empty={{ all: text('none'), filtered: text('noneFound') }}
        example={text('example')}
        menu={(network) => <NetworkMenu network={network} look="row" />}
      />
      {creates && <CreateNetwork onClose={() => setCreates(false)} />}
    </>
  );
}
