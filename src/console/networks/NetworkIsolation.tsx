/** Who can read whose traffic on a network as it is configured now (NET-14). */
import { Content } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ReactNode } from 'react';
import {
  isolationReaders,
  isolationTraffic,
  type IsolationReader,
  type IsolationTraffic,
  type Network,
} from '#api';
import { useIsolationText } from './isolation-words.ts';

const readers = Object.keys(isolationReaders) as readonly IsolationReader[];
const traffics = Object.keys(isolationTraffic) as readonly IsolationTraffic[];

export function NetworkIsolation({ network }: { readonly network: Network }): ReactNode {
  const text = useIsolationText();
  return (
    <>
      <Content component="h2">{text('title')}</Content>
      <Table aria-label={text('title')} variant="compact" gridBreakPoint="grid-lg">
        <Thead>
          <Tr>
            <Th modifier="wrap">{text('reader')}</Th>
            {traffics.map((traffic) => (
              <Th key={traffic} modifier="wrap">
                {text(`traffic.${traffic}`)}
              </Th>
            ))}
          </Tr>
        </Thead>
        <Tbody>
          {readers.map((reader) => (
            <Tr key={reader}>
              <Td dataLabel={text('reader')}>{text(`reader.${reader}`)}</Td>
              {traffics.map((traffic) => {
                const found = network.isolation.find(
                  (line) => line.reader === reader && line.traffic === traffic,
                );
                return (
                  <Td
                    key={traffic}
                    dataLabel={text(`traffic.${traffic}`)}
                    className={found === undefined ? '' : `reads-${found.reads}`}
                  >
                    {found === undefined ? '–' : text(`reads.${found.reads}`)}
                  </Td>
                );
              })}
            </Tr>
          ))}
        </Tbody>
      </Table>
      <Content component="small">{text('besides')}</Content>
    </>
  );
}
