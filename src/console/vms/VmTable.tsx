/** Vms as a table; on narrow windows each row becomes a card. */
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Link } from '@tanstack/react-router';
import { memo, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useWords } from '../console.ts';
import type { TextKey } from '../i18n/en.ts';
import { VmActionMenu } from '../vm/VmActionMenu.tsx';
import { VmStateLabel } from '../vm/VmStateLabel.tsx';

/** Columns and the API's field they are sorted by. */
const columns: readonly { readonly key: TextKey; readonly field?: string }[] = [
  { key: 'name', field: 'name' },
  { key: 'state', field: 'state' },
  { key: 'runningTime', field: 'status.startedAt' },
  { key: 'cpu', field: 'status.cpuPercent' },
  { key: 'memory', field: 'definition.hardware.memory.sizeBytes' },
  { key: 'address' },
  { key: 'host', field: 'host' },
];

export function VmTable({
  vms,
  sort,
  onSort,
}: {
  readonly vms: readonly Vm[];
  readonly sort: string;
  readonly onSort: (sort: string) => void;
}): ReactNode {
  const words = useWords();
  const field = sort.replace(/^-/, '');
  const index = columns.findIndex((column) => column.field === field);
  return (
    <Table aria-label={words.text('virtualMachines')} variant="compact" gridBreakPoint="grid-lg">
      <Thead>
        <Tr>
          {columns.map(({ key, field: by }, columnIndex) => (
            <Th
              key={key}
              modifier="nowrap"
              {...(by === undefined
                ? {}
                : {
                    sort: {
                      columnIndex,
                      sortBy: {
                        ...(index < 0 ? {} : { index }),
                        direction: sort.startsWith('-') ? ('desc' as const) : ('asc' as const),
                      },
                      onSort: (_event, _index, direction) =>
                        onSort(direction.startsWith('desc') ? `-${by}` : by),
                    },
                  })}
            >
              {words.text(key)}
            </Th>
          ))}
          <Th screenReaderText={words.text('actions')} />
        </Tr>
      </Thead>
      <Tbody>
        {vms.map((vm) => (
          <VmRow key={vm.id} vm={vm} />
        ))}
      </Tbody>
    </Table>
  );
}

const VmRow = memo(function VmRow({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const { status } = vm;
  return (
    <Tr>
      <Td dataLabel={words.text('name')} modifier="breakWord">
        <Link to="/vms/$vm" params={{ vm: vm.id }}>
          {vm.name}
        </Link>
      </Td>
      <Td dataLabel={words.text('state')}>
        <VmStateLabel state={vm.state} />
      </Td>
      <Td dataLabel={words.text('runningTime')}>{words.duration(status.runningSeconds)}</Td>
      <Td dataLabel={words.text('cpu')}>{words.percent(status.cpuPercent)}</Td>
      <Td dataLabel={words.text('memory')}>
        {words.bytes(vm.definition.hardware.memory.sizeBytes)}
      </Td>
      <Td dataLabel={words.text('address')}>
        {status.guest?.addresses[0] ?? words.text('notAvailable')}
      </Td>
      <Td dataLabel={words.text('host')} modifier="breakWord">
        {vm.host}
      </Td>
      <Td isActionCell>
        <VmActionMenu vm={vm} look="row" />
      </Td>
    </Tr>
  );
});
