/** What the lines of the picture say, adapter by adapter. */
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { nameSetting } from '../vm/words/setting-words.ts';
import type { Plug } from './picture.ts';
import { useTopologyText } from './words.ts';

export function TopologyTable({ plugs }: { readonly plugs: readonly Plug[] }): ReactNode {
  const words = useWords();
  const text = useTopologyText();
  const rate = (value: number | undefined): string =>
    value === undefined
      ? words.text('notAvailable')
      : text('perSecond', { amount: words.bytes(value) });
  const columns: readonly (readonly [string, (plug: Plug) => ReactNode])[] = [
    [
      words.text('virtualMachine'),
      ({ vm }) => (
        <Link to="/vms/$vm" params={{ vm: vm.id }}>
          {vm.name}
        </Link>
      ),
    ],
    [words.text('state'), ({ vm }) => words.state(vm.standing)],
    [text('adapter', { slot: '' }), ({ adapter }) => String(adapter.slot)],
    [
      words.text('network'),
      ({ network }) => (
        <Link to="/networks/$network" params={{ network: network.id }}>
          {network.name}
        </Link>
      ),
    ],
    [words.text('host'), ({ vm }) => vm.host],
    [nameSetting(words, 'mac'), ({ adapter }) => adapter.mac],
    [text('cable'), ({ adapter }) => text(adapter.link)],
    [text('received'), ({ flow }) => rate(flow?.received)],
    [text('sent'), ({ flow }) => rate(flow?.sent)],
  ];
  return (
    <Table aria-label={text('table')} variant="compact" gridBreakPoint="grid-lg">
      <Thead>
        <Tr>
          {columns.map(([title]) => (
            <Th key={title}>{title}</Th>
          ))}
        </Tr>
      </Thead>
      <Tbody>
        {plugs.map((plug) => (
          <Tr key={`${plug.vm.id} ${plug.adapter.slot}`}>
            {columns.map(([title, show]) => (
              <Td key={title} dataLabel={title}>
                {show(plug)}
              </Td>
            ))}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
