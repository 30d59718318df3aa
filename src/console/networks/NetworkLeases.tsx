/** The addresses that a network has leased, with the vms that have them; read again as vms come and go. */
import { Alert, Content } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Network } from '#api';
import { useConsole, useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { nameSetting } from '../vm/words/setting-words.ts';
import { useNetworkText } from './words.ts';

export function NetworkLeases({ network }: { readonly network: Network }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useNetworkText();
  const question = useQuery({
    queryKey: ['network.leases', network.id],
    queryFn: ({ signal }) =>
      client.call('network.leases', { params: { network: network.id } }, signal),
  });
  const titles = {
    address: nameSetting(words, 'address'),
    vm: words.text('virtualMachine'),
    guest: text('guestName'),
    mac: nameSetting(words, 'mac'),
    host: words.text('host'),
    until: text('until'),
  };
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
            <Table aria-label={text('leases')} variant="compact" gridBreakPoint="grid-md">
              <Thead>
                <Tr>
                  {Object.values(titles).map((title) => (
                    <Th key={title}>{title}</Th>
                  ))}
                </Tr>
              </Thead>
              <Tbody>
                {items.map(({ address, vm, hostName, mac, host, expiresAt }) => (
                  <Tr key={`${host} ${address}`}>
                    <Td dataLabel={titles.address}>{address}</Td>
                    <Td dataLabel={titles.vm}>
                      {vm === null ? (
                        words.text('none')
                      ) : (
                        <Link to="/vms/$vm" params={{ vm: vm.id }}>
                          {vm.name}
                        </Link>
                      )}
                    </Td>
                    <Td dataLabel={titles.guest}>{hostName ?? words.text('none')}</Td>
                    <Td dataLabel={titles.mac}>{mac}</Td>
                    <Td dataLabel={titles.host}>{host}</Td>
                    <Td dataLabel={titles.until}>{words.time(expiresAt)}</Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
          )}
        </>
      )}
    </Answer>
  );
}
