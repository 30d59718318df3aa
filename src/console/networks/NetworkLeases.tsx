/** The addresses that a network has leased, with the vms that have them; read again as vms come and go. */
import { Content } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { CallOutput, Network } from '#api';
import { useConsole, useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx';
import { nameSetting } from '../vm/words/setting-words.ts';
import { useNetworkText } from './words.ts';
import { Alert } from '../parts/Alert.tsx';

type Lease = CallOutput<'network.leases'>['items'][number];

export function NetworkLeases({ network }: { readonly network: Network }): ReactNode {
  const { client } = useConsole();
  const text = useNetworkText();
  const question = useQuery({
    queryKey: ['network.leases', network.id],
    queryFn: ({ signal }) =>
      client.call('network.leases', { params: { network: network.id } }, signal),
  });
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
            <Content component="p">{text('noLeases')}</Content>
          ) : (
            <LeaseTable network={network} leases={items} />
          )}
        </>
      )}
    </Answer>
  );
}

function LeaseTable({
  network,
  leases,
}: {
  readonly network: Network;
  readonly leases: readonly Lease[];
}): ReactNode {
  const words = useWords();
  const text = useNetworkText();
  const columns: readonly PlainColumn<Lease>[] = [
    [nameSetting(words, 'address'), ({ address }) => address, ({ address }) => address],
    [
      words.text('virtualMachine'),
      ({ vm }) =>
        vm === null ? (
          words.text('none')
        ) : (
          <Link to="/vms/$vm" params={{ vm: vm.id }}>
            {vm.name}
          </Link>
        ),
      ({ vm }) => vm?.name ?? null,
    ],
    [
      text('guestName'),
      ({ hostName }) => hostName ?? words.text('none'),
      ({ hostName }) => hostName,
    ],
    [nameSetting(words, 'mac'), ({ mac }) => mac, ({ mac }) => mac],
    [words.text('host'), ({ host }) => host, ({ host }) => host],
    [text('until'), ({ expiresAt }) => words.time(expiresAt), ({ expiresAt }) => expiresAt],
  ];
  return (
    <PlainTable
      label={text('leases')}
      columns={columns}
      rows={leases}
      keyOf={({ host, address }) => `${host} ${address}`}
      savedAs={{ fileName: `${network.name}-leases`, items: leases }}
    />
  );
}
