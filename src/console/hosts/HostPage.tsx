/** One host: what it is, its load, its checks with the remedies, and its vms. */
import { Bullseye, PageSection, Spinner } from '@patternfly/react-core';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Suspense, type ReactNode } from 'react';
import type { Host } from '#api';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useHost } from '../parts/ask.ts';
import type { Words } from '../i18n/words.ts';
import { FactList, type Facts } from '../parts/FactList.tsx';
import { TabBar } from '../parts/TabBar.tsx';
import { hostTabHelp } from '../manual/help.ts';
import { ThingPage } from '../parts/ThingPage.tsx';
import { lazyPart } from '../parts/lazy-part.ts';
import { EventList } from '../work/EventList.tsx';
import { OperationTable } from '../work/OperationTable.tsx';
import { VmList } from '../vms/VmList.tsx';
import { memoryUsed } from './host-columns.tsx';
import { HostCapacity } from './HostCapacity.tsx';
import { HostChecks } from './HostChecks.tsx';
import { HostMenu } from './HostMenu.tsx';
import { HostStatusLabel } from './HostStatusLabel.tsx';
import { isSettingTab, mainTabsOf, parseHostPlace, settingTabs, type HostPlace } from './place.ts';

// Asked for only by those who look at it.
const HostGraphs = lazyPart(async () => (await import('../graphs/Graphs.tsx')).HostGraphs);

const HostSettings = lazyPart(
  async () => (await import('./settings/HostSettings.tsx')).HostSettings,
);
const HostAdapters = lazyPart(async () => (await import('./HostAdapters.tsx')).HostAdapters);

const HostViewers = lazyPart(async () => (await import('./viewers/HostViewers.tsx')).HostViewers);

const HostScripts = lazyPart(async () => (await import('./scripts/HostScripts.tsx')).HostScripts);

const HostDisks = lazyPart(async () => (await import('./disks/HostDisks.tsx')).HostDisks);

const HypervisorPlaces = lazyPart(
  async () => (await import('./hypervisor/HypervisorPlaces.tsx')).HypervisorPlaces,
);

const ResourceAllocation = lazyPart(
  async () => (await import('./resources/ResourceAllocation.tsx')).ResourceAllocation,
);

export function HostPage(): ReactNode {
  const { host } = useParams({ strict: false }) as { host: string };
  const question = useHost(host);
  return <Answer question={question}>{(found) => <HostTabs host={found} />}</Answer>;
}

function HostTabs({ host }: { readonly host: Host }): ReactNode {
  const words = useWords();
  const navigate = useNavigate();
  const place = parseHostPlace(useSearch({ strict: false }));
  const { tab = 'summary' } = place;
  const main = isSettingTab(tab) ? 'settings' : tab;
  const go = (search: HostPlace): void =>
    void navigate({ to: '/hosts/$host', params: { host: host.id }, search });
  return (
    <ThingPage
      kind="hosts"
      name={host.name}
      help={hostTabHelp[tab]}
      side={
        <>
          <HostStatusLabel host={host} />
          <HostMenu host={host} look="page" />
        </>
      }
    >
      <TabBar
        name={host.name}
        tabs={mainTabsOf(host)}
        open={main}
        titleOf={(key) => words.text(key)}
        onOpen={(to) => go({ tab: to })}
      />
      {isSettingTab(tab) && (
        <TabBar
          name={`${host.name}: ${words.text('settings')}`}
          panel="tab-settings"
          tabs={settingTabs}
          open={tab}
          titleOf={(key) => words.text(key === 'settings' ? 'generalSettings' : key)}
          onOpen={(to) => go({ tab: to })}
        />
      )}
      <div id={`tab-${main}`} role="tabpanel" aria-label={words.text(tab)} className="tab-panel">
        <HostTabContent host={host} place={place} go={go} />
      </div>
    </ThingPage>
  );
}

function HostTabContent({
  host,
  place,
  go,
}: {
  readonly host: Host;
  readonly place: HostPlace;
  readonly go: (place: HostPlace) => void;
}): ReactNode {
  switch (place.tab ?? 'summary') {
    case 'summary':
      return (
        <>
          <HostSummary host={host} />
          {host.load === null ? null : <HostCapacity host={host} />}
        </>
      );
    case 'settings':
      return (
        <Suspense fallback={<Coming />}>
          <HostSettings host={host} />
        </Suspense>
      );
    case 'graphs':
      return (
        <PageSection isFilled>
          <Suspense fallback={<Coming />}>
            <HostGraphs
              host={host}
              range={place.range ?? 'hour'}
              onRange={(range) => go({ tab: 'graphs', range })}
            />
          </Suspense>
        </PageSection>
      );
    case 'virtualMachines':
      return (
        <VmList
          place={place}
          onPlace={(to) => go({ tab: 'virtualMachines', ...to })}
          within={`hostId = "${host.id}"`}
        />
      );
    case 'resourceAllocation':
      return (
        <Suspense fallback={<Coming />}>
          <ResourceAllocation host={host} />
        </Suspense>
      );
    case 'adapters':
      return (
        <Suspense fallback={<Coming />}>
          <HostAdapters host={host} />
        </Suspense>
      );
    case 'viewers':
      return (
        <Suspense fallback={<Coming />}>
          <HostViewers host={host} />
        </Suspense>
      );
    case 'eventScripts':
      return (
        <Suspense fallback={<Coming />}>
          <HostScripts host={host} />
        </Suspense>
      );
    case 'virtualDisks':
      return (
        <Suspense fallback={<Coming />}>
          <HostDisks host={host} />
        </Suspense>
      );
    case 'hypervisorPlaces':
      return (
        <Suspense fallback={<Coming />}>
          <HypervisorPlaces host={host} />
        </Suspense>
      );
    case 'checks':
      return <HostChecks host={host} />;
    case 'events':
      return (
        <PageSection isFilled>
          <EventList filter={`target.id = "${host.id}"`} />
        </PageSection>
      );
    case 'operations':
      return (
        <PageSection isFilled>
          <OperationTable filter={`target.id = "${host.id}"`} />
        </PageSection>
      );
  }
}

function Coming(): ReactNode {
  const words = useWords();
  return (
    <Bullseye>
      <Spinner aria-label={words.text('loading')} />
    </Bullseye>
  );
}

/** The web interface of whoever else manages it. */
function managerFacts({ managerUrl }: Host, words: Words): Facts {
  if (managerUrl === null) return [];
  return [
    [
      words.text('managedAt'),
      <a href={managerUrl} target="_blank" rel="noreferrer">
        {managerUrl}
      </a>,
    ],
  ];
}

/** How a host without an agent is reached. */
function connectionFacts({ connection }: Host, words: Words): Facts {
  if (connection === null) return [];
  const { address, latencyMs, lastError, verification } = connection;
  return [
    [
      words.text('address'),
      verification === 'full' ? address : `${address} – ${words.text('certificateUnchecked')}`,
    ],
    [
      words.text('latency'),
      latencyMs === null
        ? words.text('notAvailable')
        : words.text('latencyOf', { ms: words.number(Math.round(latencyMs * 10) / 10) }),
    ],
    ...(lastError === null
      ? []
      : ([
          [
            words.text('lastError'),
            `${words.time(lastError.at)} – ${words.told(lastError.message)}`,
          ],
        ] as const)),
  ];
}

function HostSummary({ host }: { readonly host: Host }): ReactNode {
  const words = useWords();
  const { facts, load } = host;
  const none = words.text('notAvailable');
  const summary: Facts = [
    [
      words.text('state'),
      `${words.hostStatus(host.status)}${host.statusReason === null ? '' : ` – ${words.told(host.statusReason)}`}`,
    ],
    [
      words.text('virtualMachines'),
      `${words.count(host.vms)} (${words.text('running')}: ${words.count(load?.running ?? 0)})`,
    ],
    ...connectionFacts(host, words),
    ...managerFacts(host, words),
    [words.text('cpu'), words.percent(load?.cpuPercent ?? null)],
    [
      words.text('memory'),
      `${words.bytes(memoryUsed(host))} / ${words.bytes(facts?.memoryTotalBytes ?? null)}`,
    ],
    [
      words.text('processor'),
      facts === null
        ? none
        : `${facts.processor.model}, ${words.count(facts.processor.threads)} ${words.text('processors')}`,
    ],
    [
      words.text('operatingSystem'),
      facts === null ? none : `${facts.operatingSystem}, ${facts.kernel}`,
    ],
    [
      words.text('driver'),
      facts === null
        ? host.driver
        : `${host.driver}: ${facts.hypervisor.name} ${facts.hypervisor.version ?? ''} (${facts.hypervisor.class})`,
    ],
    [
      words.text('acceleration'),
      facts === null ? none : sayAcceleration(words, facts.acceleration),
    ],
    [words.text('version'), facts === null ? none : facts.agentVersion],
    [words.text('started'), facts?.bootedAt ? words.time(facts.bootedAt) : none],
    ...(load?.volumes ?? []).map(
      ({ path, totalBytes, freeBytes }) =>
        [
          path,
          words.text('freeOf', { free: words.bytes(freeBytes), total: words.bytes(totalBytes) }),
        ] as const,
    ),
  ];
  return (
    <PageSection isFilled>
      <FactList facts={summary} />
    </PageSection>
  );
}

/** The probe's own sentence where the language has none for its outcome. */
function sayAcceleration(
  words: Words,
  { kvm, use, evidence }: NonNullable<Host['facts']>['acceleration'],
): string {
  if (use !== 'tcg') return `${use} – ${words.told(evidence)}`;
  const outcome = `kvm ${kvm}`;
  const said = words.check(outcome);
  return `${words.text('softwareEmulation')} – ${said === outcome ? words.told(evidence) : said}`;
}
