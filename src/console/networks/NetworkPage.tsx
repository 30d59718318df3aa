/** One network: what it is, how hosts carry it, who has which address, and the vms on it. */
import { Content, PageSection, Spinner } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Suspense, type ReactNode } from 'react';
import type { Network } from '#api';
import { useConsole, useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { FactList, type Facts } from '../parts/FactList.tsx';
import { TabBar } from '../parts/TabBar.tsx';
import { pageHelp } from '../manual/help.ts';
import { ThingPage } from '../parts/ThingPage.tsx';
import { WarningAlert } from '../parts/WarningAlert.tsx';
import { lazyPart } from '../parts/lazy-part.ts';
import { VmList } from '../vms/VmList.tsx';
import { EventList } from '../work/EventList.tsx';
import { nameSetting, nameValue } from '../vm/words/setting-words.ts';
import { inUrl } from './in-url.ts';
import { NetworkHosts } from './NetworkHosts.tsx';
import { NetworkIsolation } from './NetworkIsolation.tsx';
import { NetworkLeases } from './NetworkLeases.tsx';
import { NetworkMenu } from './NetworkMenu.tsx';
import { NetworkPorts } from './NetworkPorts.tsx';
import { NetworkStateLabel } from './NetworkStateLabel.tsx';
import { networkTabs, parseNetworkPlace, type NetworkPlace, type NetworkTab } from './place.ts';
import { useNetworkText } from './words.ts';

const Topology = lazyPart(async () => (await import('../topology/Topology.tsx')).Topology);

export function NetworkPage(): ReactNode {
  const { network } = useParams({ strict: false }) as { network: string };
  const { client } = useConsole();
  const question = useQuery({
    queryKey: ['network.show', network],
    queryFn: ({ signal }) => client.call('network.show', { params: { network } }, signal),
  });
  return <Answer question={question}>{(found) => <NetworkTabs network={found} />}</Answer>;
}

function NetworkTabs({ network }: { readonly network: Network }): ReactNode {
  const words = useWords();
  const text = useNetworkText();
  const navigate = useNavigate();
  const place = parseNetworkPlace(useSearch({ strict: false }));
  const { tab = 'summary' } = place;
  const titleOf = (key: NetworkTab): string => (key === 'ports' ? text('ports') : words.text(key));
  const go = (search: NetworkPlace): void =>
    void navigate({ to: '/networks/$network', params: { network: network.id }, search });
  return (
    <ThingPage
      kind="networks"
      name={network.name}
      help={pageHelp.networks}
      side={
        <>
          <NetworkStateLabel state={network.state} />
          <NetworkMenu network={network} look="page" />
        </>
      }
    >
      <TabBar
        name={network.name}
        tabs={networkTabs}
        open={tab}
        titleOf={titleOf}
        onOpen={(to) => go({ tab: to })}
      />
      <div id={`tab-${tab}`} role="tabpanel" aria-label={titleOf(tab)} className="tab-panel">
        {tab === 'virtualMachines' ? (
          <VmList
            place={place}
            onPlace={(to) => go({ tab, ...to })}
            within={`definition.hardware.adapters.attachment.network = "${network.id}"`}
          />
        ) : (
          <PageSection isFilled>
            <TabContent network={network} tab={tab} />
          </PageSection>
        )}
      </div>
    </ThingPage>
  );
}

function TabContent({
  network,
  tab,
}: {
  readonly network: Network;
  readonly tab: Exclude<NetworkTab, 'virtualMachines'>;
}): ReactNode {
  const words = useWords();
  const text = useNetworkText();
  switch (tab) {
    case 'summary':
      return (
        <>
          <WarningAlert warnings={network.warnings} />
          <NetworkFacts network={network} />
          <Content component="h2">{text('onHosts')}</Content>
          <NetworkHosts network={network} />
          <NetworkIsolation network={network} />
        </>
      );
    case 'addresses':
      return network.ipv4 === null || network.ipv4.dhcp === null ? (
        <Content component="p">{text('leasesNothing')}</Content>
      ) : (
        <NetworkLeases network={network} />
      );
    case 'ports':
      return <NetworkPorts network={network} />;
    case 'topology':
      return (
        <Suspense fallback={<Spinner aria-label={words.text('loading')} />}>
          <Topology networks={[network]} />
        </Suspense>
      );
    case 'events':
      return <EventList filter={`target.id = "${network.id}"`} />;
  }
}

function NetworkFacts({ network }: { readonly network: Network }): ReactNode {
  const words = useWords();
  const text = useNetworkText();
  const {
    type,
    description,
    tags,
    adapter,
    vlan,
    ipv4,
    ipv6,
    domain,
    reservations,
    forwards,
    span,
    service,
  } = network;
  const none = words.text('none');
  const lines = (list: readonly string[]): ReactNode =>
    list.length === 0 ? none : list.map((line) => <div key={line}>{line}</div>);
  const facts: Facts = [
    [words.text('type'), text(`type.${type}`)],
    ...(description === '' ? [] : [[words.text('description'), description] as const]),
    ...(tags.length === 0 ? [] : [[words.text('tags'), tags.join(', ')] as const]),
    ...(span === null
      ? []
      : ([
          [text('spanned'), text('tunnels', { vni: span.vni, mtu: words.count(span.mtu) })],
          [text('servedBy'), service?.hostName ?? none],
        ] as const)),
    ...(adapter === null ? [] : [[nameSetting(words, 'adapter'), adapter] as const]),
    ...(vlan === null ? [] : [[nameSetting(words, 'vlan'), String(vlan)] as const]),
    ...(ipv4 === null
      ? []
      : ([
          [nameSetting(words, 'subnet'), ipv4.subnet],
          [nameSetting(words, 'gateway'), ipv4.gateway ?? none],
          [
            nameSetting(words, 'dhcp'),
            ipv4.dhcp === null ? none : `${ipv4.dhcp.first} – ${ipv4.dhcp.last}`,
          ],
          [
            nameSetting(words, 'dnsServers'),
            lines(ipv4.dnsServers.length > 0 ? ipv4.dnsServers : [ipv4.service ?? none]),
          ],
          [nameSetting(words, 'domain'), domain === '' ? none : domain],
          [
            nameSetting(words, 'reservations'),
            lines(reservations.map(({ mac, address }) => `${address} – ${mac}`)),
          ],
        ] as const)),
    ...(ipv6 === null
      ? []
      : [
          [
            nameSetting(words, 'ipv6'),
            lines([
              ipv6.prefix,
              nameValue(words, 'addressing', ipv6.addressing),
              ...(type === 'nat' ? [nameValue(words, 'outside', ipv6.outside)] : []),
            ]),
          ] as const,
        ]),
    ...(type === 'nat'
      ? [
          [
            nameSetting(words, 'forwards'),
            lines(
              forwards.map(
                ({ protocol, hostAddress, hostPort, address, port }) =>
                  `${protocol} ${inUrl(hostAddress ?? '*')}:${hostPort} → ${inUrl(address)}:${port}`,
              ),
            ),
          ] as const,
        ]
      : []),
  ];
  return <FactList facts={facts} columns={{ xl: '2Col' }} />;
}
