/** The ports of a network at which vms run: whether the cable is in, what has passed, and the flows that a firewall watches. */
import { Button, Content, ExpandableSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Network, NetworkPort, PortFlow } from '#api';
import { useConsole, useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx';
import { nameSetting, nameValue } from '../vm/words/setting-words.ts';
import { inUrl } from './in-url.ts';
import { useNetworkText } from './words.ts';
import { Alert } from '../parts/Alert.tsx';

export function NetworkPorts({ network }: { readonly network: Network }): ReactNode {
  const { client } = useConsole();
  const text = useNetworkText();
  const question = useQuery({
    queryKey: ['network.ports', network.id],
    queryFn: ({ signal }) =>
      client.call('network.ports', { params: { network: network.id } }, signal),
    // They count on while nobody looks.
    refetchOnMount: 'always',
  });
  const readAgain = (
    <Button variant="secondary" onClick={() => void question.refetch()}>
      {text('readAgain')}
    </Button>
  );
  return (
    <Answer question={question}>
      {({ items, unreachable }) => (
        <>
          {unreachable.length > 0 && (
            <Alert
              variant="warning"
              isInline
              component="p"
              title={text('unreachable', { hosts: unreachable.join(', ') })}
            />
          )}
          {items.length === 0 ? (
            <>
              {readAgain}
              <Content component="p">{text('noPorts')}</Content>
            </>
          ) : (
            <PortTable network={network} ports={items} head={readAgain} />
          )}
        </>
      )}
    </Answer>
  );
}

function PortTable({
  network,
  ports,
  head,
}: {
  readonly network: Network;
  readonly ports: readonly NetworkPort[];
  readonly head: ReactNode;
}): ReactNode {
  const words = useWords();
  const text = useNetworkText();
  const passed = ({ bytes, packets }: NetworkPort['sent']): string =>
    text('passed', { bytes: words.bytes(bytes), packets: words.count(packets) });
  // What is dropped or watched nowhere takes no room of its own.
  const isDropping = ports.some(({ received, sent }) => received.dropped + sent.dropped > 0);
  const isWatched = ports.some(({ flows }) => flows !== null);
  const dropped: PlainColumn<NetworkPort> = [
    text('dropped'),
    ({ received, sent }) => words.count(received.dropped + sent.dropped),
    ({ received, sent }) => received.dropped + sent.dropped,
  ];
  const flowsOf: PlainColumn<NetworkPort> = [
    text('flows'),
    ({ flows }) => <Flows flows={flows} />,
    ({ flows }) => flows?.length ?? null,
  ];
  const columns: readonly PlainColumn<NetworkPort>[] = [
    [text('port'), ({ number }) => number ?? '–', ({ number }) => number],
    [
      words.text('virtualMachine'),
      ({ vm, slot, mac }) => (
        <>
          <Link to="/vms/$vm" params={{ vm: vm.id }}>
            {vm.name}
          </Link>
          <div className="list-below">
            {text('adapterAt', { slot })}, {mac}
          </div>
        </>
      ),
      ({ vm, slot, mac }) => `${vm.name} ${slot} ${mac}`,
    ],
    [nameSetting(words, 'link'), ({ link }) => nameValue(words, 'link', link), ({ link }) => link],
    [
      words.text('host'),
      ({ host, interface: name }) => (
        <>
          {host}
          <div className="list-below">{name}</div>
        </>
      ),
      ({ host, interface: name }) => `${host} ${name}`,
    ],
    [text('received'), ({ received }) => passed(received), ({ received }) => received.bytes],
    [text('sent'), ({ sent }) => passed(sent), ({ sent }) => sent.bytes],
    ...(isDropping ? [dropped] : []),
    ...(isWatched ? [flowsOf] : []),
  ];
  return (
    <PlainTable
      label={text('ports')}
      columns={columns}
      rows={ports}
      keyOf={({ vm, slot }) => `${vm.id} ${slot}`}
      head={head}
      savedAs={{ fileName: `${network.name}-ports`, items: ports }}
    />
  );
}

function Flows({ flows }: { readonly flows: readonly PortFlow[] | null }): ReactNode {
  const words = useWords();
  const text = useNetworkText();
  if (flows === null) return text('unwatched');
  if (flows.length === 0) return words.count(0);
  return (
    <ExpandableSection toggleText={words.count(flows.length)}>
      <ul className="files">
        {flows.map(({ protocol, address, port, farAddress, farPort }) => {
          const line = `${protocol} ${inUrl(address)}:${port} ↔ ${inUrl(farAddress)}:${farPort}`;
          return <li key={line}>{line}</li>;
        })}
      </ul>
    </ExpandableSection>
  );
}
