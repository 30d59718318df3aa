/** The picture of all networks, on a page of its own. */
import { Content, EmptyState, PageSection } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useList } from '../parts/ask.ts';
import { pageHelp } from '../manual/help.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { Topology } from './Topology.tsx';
import { useTopologyText } from './words.ts';

/** More are not seen at a glance; each has its own picture on its page. */
const mostNetworks = 60;

export function TopologyPage(): ReactNode {
  const words = useWords();
  const text = useTopologyText();
  const question = useList('network.list', { sort: 'name', limit: mostNetworks });
  return (
    <>
      <PageTitle title={words.text('topology')} help={pageHelp.topology} />
      <Answer question={question}>
        {({ items, total }) => (
          <PageSection isFilled>
            {items.length === 0 ? (
              <EmptyState titleText={text('none')} headingLevel="h2" />
            ) : (
              <Topology networks={items} />
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
