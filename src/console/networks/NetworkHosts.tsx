/** How each host carries a network, with the reasons where it does not do so wholly. */
import { Content } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Network } from '#api';
import { useWords } from '../console.ts';
import { ReasonList } from '../parts/ReasonList.tsx';
import { NetworkStateLabel } from './NetworkStateLabel.tsx';
import { useNetworkText } from './words.ts';

export function NetworkHosts({ network }: { readonly network: Network }): ReactNode {
  const words = useWords();
  const text = useNetworkText();
  if (network.hosts.length === 0) return <Content component="p">{text('unusedHint')}</Content>;
  return (
    <Table aria-label={text('onHosts')} variant="compact" gridBreakPoint="grid-md">
      <Thead>
        <Tr>
          <Th>{words.text('host')}</Th>
          <Th>{words.text('state')}</Th>
          <Th>{text('bridge')}</Th>
          <Th>{words.text('reason')}</Th>
        </Tr>
      </Thead>
      <Tbody>
        {network.hosts.map(({ host, hostName, state, bridge, reasons }) => (
          <Tr key={host}>
            <Td dataLabel={words.text('host')}>
              <Link to="/hosts/$host" params={{ host }}>
                {hostName}
              </Link>
            </Td>
            <Td dataLabel={words.text('state')}>
              <NetworkStateLabel state={state} />
            </Td>
            <Td dataLabel={text('bridge')}>{bridge ?? words.text('none')}</Td>
            <Td dataLabel={words.text('reason')} modifier="breakWord">
              <ReasonList reasons={reasons} />
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
