/** The picture of all networks, on a page of its own. */
import { Content, EmptyState, PageSection } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Network } from '#api';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useList } from '../parts/ask.ts';
import { useNarrowed, type Narrowed } from '../frame/narrowed.ts';
import { pageHelp } from '../manual/help.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { Topology } from './Topology.tsx';
import { useTopologyText } from './words.ts';

/** More are not seen at a glance; each has its own picture on its page. */
const mostNetworks = 60;

export function TopologyPage(): ReactNode {
  const words = useWords();
  const narrowed = useNarrowed();
  const text = useTopologyText();
  const question = useList('network.list', {
    sort: 'name',
    limit: mostNetworks,
    ...(narrowed === undefined ? {} : { filter: `hosts.host = "${narrowed.id}"` }),
  });
  return (
    <>
      <PageTitle title={words.text('topology')} help={pageHelp.topology} narrowed={narrowed} />
      <Answer question={question}>
        {({ items, total }) => (
          <PageSection isFilled>
            {items.length === 0 ? (
              <EmptyState titleText={text('none')} headingLevel="h2" />
            ) : (
              <Topology
                key={narrowed?.id}
                networks={items.map((one) => onHost(one, narrowed))}
                narrowed={narrowed}
              />
            )}
            {total > items.length && (
              <Content component="p">
                {text('more', { shown: words.count(items.length), total: words.count(total) })}
              </Content>
            )}
            <Content component="small">{text('noneHint')}</Content>
          </PageSection>
        )}
      </Answer>
    </>
  );
}

/** As one host carries it. */
function onHost(network: Network, narrowed: Narrowed | undefined): Network {
  if (narrowed === undefined) return network;
  return { ...network, hosts: network.hosts.filter(({ host }) => host === narrowed.id) };
}
