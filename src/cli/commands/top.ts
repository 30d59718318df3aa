/** What the running vms use, as it changes. */
import { formatBytes } from '#lib';
import type { Vm } from '#api';
import { command, type Command } from '../command.ts';
import { watchRunningVms } from '../live-vms.ts';
import { counted, localTime } from '../output/human.ts';
import { writeList } from '../output/render.ts';
import { renderTable, type Column } from '../output/table.ts';
import { useColumns } from './columns.ts';

const orders = {
  cpu: ({ status }) => status.cpuPercent ?? -1,
  memory: ({ status }) => status.memoryBytes ?? -1,
  disk: ({ status: { diskUse } }) =>
    diskUse === null ? -1 : diskUse.readBytesPerSecond + diskUse.writtenBytesPerSecond,
  network: ({ status: { networkUse } }) =>
    networkUse === null ? -1 : networkUse.receivedBytesPerSecond + networkUse.sentBytesPerSecond,
  name: () => 0,
} as const satisfies Readonly<Record<string, (vm: Vm) => number>>;

type Order = keyof typeof orders;
const orderNames = ['cpu', 'memory', 'disk', 'network', 'name'] as const;

const columns: readonly Column<Vm>[] = [
  { title: 'NAME', value: (vm) => vm.name },
  { title: 'HOST', value: (vm) => vm.host },
  {
    title: 'CPU',
    value: ({ status: { cpuPercent } }) =>
      cpuPercent === null ? 'n/a' : `${cpuPercent.toFixed(1)} %`,
    align: 'right',
  },
  {
    title: 'RESIDENT',
    value: ({ status: { memoryBytes } }) =>
      memoryBytes === null ? 'n/a' : formatBytes(memoryBytes),
    align: 'right',
  },
  {
    title: 'MEMORY',
    value: (vm) => formatBytes(vm.definition.hardware.memory.sizeBytes),
    align: 'right',
  },
  ...useColumns,
];

/** Those that use most come first; equal ones by name. */
export function sortByUse(vms: readonly Vm[], order: Order): readonly Vm[] {
  const use = orders[order];
  return vms.toSorted(
    (one, other) => use(other) - use(one) || one.name.localeCompare(other.name, 'en'),
  );
}

export const topCommands: readonly Command[] = [
  command({
    name: 'vm top',
    summary: 'processor, memory, disk and network use of the running vms, as it changes',
    options: {
      sort: {
        type: 'text',
        words: orderNames,
        value: 'WHAT',
        meaning: `what comes first: ${orderNames.join(', ')}; the default is cpu`,
      },
      count: {
        type: 'number',
        short: 'n',
        value: 'COUNT',
        meaning: 'end after this many tables',
      },
    },
    examples: ['gantry vm top', 'gantry vm top --sort disk', 'gantry vm top -n 1 -o json'],
    async run({ client, options, out, format, signal }) {
      let left = options.count ?? Infinity;
      if (left <= 0) return;
      try {
        for await (const running of watchRunningVms(client, signal)) {
          const vms = sortByUse(running, options.sort ?? 'cpu');
          if (format === 'json') out.line(JSON.stringify(vms));
          else if (format === 'table' || format === 'wide') {
            const now = localTime(new Date().toISOString());
            const shown = columns.filter(({ wide }) => format === 'wide' || wide === undefined);
            const table = renderTable(shown, vms, out.width);
            out.page([`${now}  ${counted(vms.length, 'vm')} running`, ...table]);
          } else writeList(out, format, columns, vms, 'no running vms');
          left -= 1;
          if (left <= 0) return;
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  }),
];
