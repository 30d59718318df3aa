/** One network: what it is, how hosts carry it, who has which address, and the vms on it. */
import { Content, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Network } from '#api';
import { useConsole, useWords } from '../console.ts';
import { parseListPlace } from '../list/place.ts';
import { Answer } from '../parts/Answer.tsx';
import { FactList, type Facts } from '../parts/FactList.tsx';
import { ThingPage } from '../parts/ThingPage.tsx';
import { VmList } from '../vms/VmList.tsx';
import { nameSetting } from '../vm/words/setting-words.ts';
import { NetworkHosts } from './NetworkHosts.tsx';
import { NetworkLeases } from './NetworkLeases.tsx';
import { NetworkMenu } from './NetworkMenu.tsx';
import { NetworkStateLabel } from './NetworkStateLabel.tsx';
import { useNetworkText } from './words.ts';

export function NetworkPage(): ReactNode {
  const { network } = useParams({ strict: false }) as { network: string };
  const { client } = useConsole();
  const question = useQuery({
    queryKey: ['network.show', network],
    queryFn: ({ signal }) => client.call('network.show', { params: { network } }, signal),
  });
  return <Answer question={question}>{(found) => <Shown network={found} />}</Answer>;
}

function Shown({ network }: { readonly network: Network }): ReactNode {
  const words = useWords();
  const text = useNetworkText();
  const navigate = useNavigate();
  const place = parseListPlace(useSearch({ strict: false }));
  return (
    <ThingPage
      kind="networks"
      name={network.name}
      side={
        <>
          <NetworkStateLabel state={network.state} />
          <NetworkMenu network={network} look="page" />
        </>
      }
    >
      <PageSection>
        <NetworkFacts network={network} />
        <Content component="h2">{text('onHosts')}</Content>
        <NetworkHosts network={network} />
        {network.ipv4 !== null && network.ipv4.dhcp !== null && (
          <>
            <Content component="h2">{text('leases')}</Content>
            <NetworkLeases network={network} />
          </>
        )}
        <Content component="h2">{words.text('virtualMachines')}</Content>
      </PageSection>
      <VmList
        place={place}
        onPlace={(to) =>
          void navigate({ to: '/networks/$network', params: { network: network.id }, search: to })
        }
        within={`definition.hardware.adapters.attachment.network = "${network.id}"`}
      />
    </ThingPage>
  );
}

function NetworkFacts({ network }: { readonly network: Network }): ReactNode {
  const words = useWords();
  const text = useNetworkText();
  const { type, description, adapter, ipv4, domain, reservations, forwards } = network;
  const none = words.text('none');
  const lines = (list: readonly string[]): ReactNode =>
    list.length === 0 ? none : list.map((line) => <div key={line}>{line}</div>);
  const facts: Facts = [
    [words.text('type'), text(`type.${type}`)],
    ...(description === '' ? [] : [[words.text('description'), description] as const]),
    ...(adapter === null ? [] : [[nameSetting(words, 'adapter'), adapter] as const]),
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
    ...(type === 'nat'
      ? [
          [
            nameSetting(words, 'forwards'),
            lines(
              forwards.map(
                ({ protocol, hostAddress, hostPort, address, port }) =>
                  `${protocol} ${hostAddress ?? '*'}:${hostPort} → ${address}:${port}`,
              ),
            ),
          ] as const,
        ]
      : []),
  ];
  return <FactList facts={facts} columns={{ xl: '2Col' }} />;
}
