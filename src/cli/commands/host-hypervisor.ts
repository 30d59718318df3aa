/** Networks and storage pools of a hypervisor that others run. */
import type { HypervisorNetwork, HypervisorPool } from '#api';
import { formatBytes } from '#lib';
import { command, type Command } from '../command.ts';
import { writeList } from '../output/render.ts';
import type { Column } from '../output/table.ts';

type Standing = Pick<HypervisorNetwork, 'name' | 'active' | 'autostart' | 'persistent' | 'uuid'>;

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
const standing: readonly Column<Standing>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'STATE', value: ({ active }) => (active ? 'active' : 'inactive') },
  { title: 'AUTOSTART', value: ({ autostart }) => yesNo(autostart) },
  { title: 'PERSISTENT', value: ({ persistent }) => yesNo(persistent) },
];
const uuid: Column<Standing> = { title: 'UUID', value: (one) => one.uuid, wide: true };

const networkColumns: readonly Column<HypervisorNetwork>[] = [...standing, uuid];

const poolColumns: readonly Column<HypervisorPool>[] = [
  ...standing,
  { title: 'TYPE', value: ({ type }) => type },
  { title: 'CAPACITY', value: ({ active, capacityBytes }) => sizeOf(active, capacityBytes) },
  { title: 'FREE', value: ({ active, availableBytes }) => sizeOf(active, availableBytes) },
  { title: 'PATH', value: ({ path }) => path ?? '-' },
  uuid,
];

function sizeOf(isKnown: boolean, bytes: number): string {
  return isKnown ? formatBytes(bytes) : '-';
}

const args = [{ name: 'host', meaning: 'name or id', completes: 'host' }] as const;

export const hostHypervisorCommands: readonly Command[] = [
  command({
    name: 'host networks',
    summary: 'the networks of a hypervisor that others run; `host extension` changes them',
    args,
    options: {},
    examples: ['gantry host networks h1'],
    async run({ args: [host = ''], client, out, format, signal }) {
      const { items } = await client.call('host.network.list', { params: { host } }, signal);
      writeList(out, format, networkColumns, items, 'no networks');
    },
  }),
  command({
    name: 'host pools',
    summary: 'the storage pools of a hypervisor that others run; `host extension` changes them',
    args,
    options: {},
    examples: ['gantry host pools h1'],
    async run({ args: [host = ''], client, out, format, signal }) {
      const { items } = await client.call('host.pool.list', { params: { host } }, signal);
      writeList(out, format, poolColumns, items, 'no storage pools');
    },
  }),
];
