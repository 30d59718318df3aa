/** What all vms of all hosts, or what one host uses, now and over time, and below it the running ones, each with its own. */
import { Card, CardBody, CardTitle, Gallery, PageSection } from '@patternfly/react-core';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Fragment, type ReactNode } from 'react';
import type { Installation } from '#api';
import { useWords } from '../console.ts';
import { HostGraphs, InstallationGraphs } from '../graphs/Graphs.tsx';
import type { Range } from '../graphs/ranges.ts';
import { ThingList } from '../list/ThingList.tsx';
import { useNarrowed } from '../frame/narrowed.ts';
import { allOf } from '../list/all-of.ts';
import { pageHelp } from '../manual/help.ts';
import { Answer } from '../parts/Answer.tsx';
import { useHost, useInstallation } from '../parts/ask.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { parseSummaryPlace, type SummaryPlace } from './place.ts';
import { vmRowFields } from '../vms/vm-columns.tsx';
import { columnsOfUse } from './columns.ts';
import { useSummaryText } from './words.ts';

export function SummaryPage(): ReactNode {
  const words = useWords();
  const narrowed = useNarrowed();
  const text = useSummaryText();
  const navigate = useNavigate();
  const { range, ...place } = parseSummaryPlace(useSearch({ strict: false }));
  const go = (search: SummaryPlace): void => void navigate({ to: '/summary', search });
  const kept = range === undefined ? {} : { range };
  const graphed: Graphed = {
    range: range ?? 'hour',
    onRange: (to) => go({ ...place, ...(to === 'hour' ? {} : { range: to }) }),
  };
  return (
    <>
      <PageTitle title={words.text('summary')} help={pageHelp.summary} narrowed={narrowed} />
      {narrowed === undefined ? (
        <Everything {...graphed} />
      ) : (
        <OneHost key={narrowed.id} id={narrowed.id} {...graphed} />
      )}
      <ThingList
        name="vm.list"
        rememberAs="summary"
        label={text('runningVms')}
        columns={columnsOfUse}
        fields={vmRowFields}
        defaultSort="-status.cpuPercent"
        within={allOf('state = running', narrowed && `hostId = "${narrowed.id}"`) ?? ''}
        place={place}
        onPlace={(to) => go({ ...to, ...kept })}
        empty={{ all: text('noneRuns'), filtered: words.text('noVmsFound') }}
        example={words.text('filterExample')}
      />
    </>
  );
}

interface Graphed {
  readonly range: Range;
  readonly onRange: (range: Range) => void;
}

function Everything(graphed: Graphed): ReactNode {
  const text = useSummaryText();
  const installation = useInstallation({ enabled: true });
  return (
    <Answer question={installation}>
      {(found) =>
        found.use === null ? (
          <PageSection>{text('notForYou')}</PageSection>
        ) : (
          <>
            <PageSection>
              <Now installation={found} />
            </PageSection>
            <PageSection>
              <InstallationGraphs installation={found} {...graphed} />
            </PageSection>
          </>
        )
      }
    </Answer>
  );
}

function OneHost({ id, ...graphed }: Graphed & { readonly id: string }): ReactNode {
  return (
    <Answer question={useHost(id)}>
      {(host) => (
        <PageSection>
          <HostGraphs host={host} {...graphed} />
        </PageSection>
      )}
    </Answer>
  );
}

function Now({
  installation: { counts, use },
}: {
  readonly installation: Installation;
}): ReactNode {
  const words = useWords();
  const text = useSummaryText();
  const rate = (value: number | null): string =>
    value === null ? words.bytes(null) : `${words.bytes(value)}/s`;
  const cards: readonly (readonly [title: string, ...lines: (readonly [string, string])[]])[] = [
    [
      words.text('virtualMachines'),
      [words.text('running'), words.count(counts.running)],
      [text('ofAll'), words.count(counts.vms)],
    ],
    [words.text('cpu'), [text('ofTheirs'), words.percent(use?.cpuPercent ?? null)]],
    [words.text('memory'), [text('onHosts'), words.bytes(use?.memoryBytes ?? null)]],
    [
      text('disk'),
      [text('read'), rate(use?.diskReadBytesPerSecond ?? null)],
      [text('written'), rate(use?.diskWrittenBytesPerSecond ?? null)],
      [text('space'), words.bytes(use?.diskSpaceBytes ?? null)],
    ],
    [
      text('network'),
      [text('received'), rate(use?.networkReceivedBytesPerSecond ?? null)],
      [text('sent'), rate(use?.networkSentBytesPerSecond ?? null)],
    ],
  ];
  return (
    <>
      <p className="counts">
        <Link to="/hosts">{text('over', { hosts: words.count(counts.hosts) })}</Link>
      </p>
      <Gallery hasGutter minWidths={{ default: '12rem' }}>
        {cards.map(([title, ...lines]) => (
          <Card key={title} isCompact>
            <CardTitle component="h2">{title}</CardTitle>
            <CardBody>
              <dl className="load">
                {lines.map(([label, value]) => (
                  <Fragment key={label}>
                    <dt>{label}</dt>
                    <dd>{value}</dd>
                  </Fragment>
                ))}
              </dl>
            </CardBody>
          </Card>
        ))}
      </Gallery>
    </>
  );
}
