/** File systems of a guest, held still, let go and trimmed through its agent. */
import type { GuestFreeze, GuestTrim } from '#api';
import { formatBytes } from '#lib';
import { command } from '../command.ts';
import { localTime } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';
import type { Column } from '../output/table.ts';
import type { OutputFormat, Writer } from '../output/writer.ts';

const vmArgument = { name: 'vm', meaning: 'name or id', completes: 'vm' } as const;

const columns: readonly Column<GuestTrim['fileSystems'][number]>[] = [
  { title: 'MOUNTED ON', value: ({ mountPoint }) => mountPoint },
  {
    title: 'GIVEN BACK',
    value: ({ trimmedBytes }) => (trimmedBytes === null ? '-' : formatBytes(trimmedBytes)),
    align: 'right',
  },
  { title: 'PROBLEM', value: ({ error }) => error ?? '' },
];

function writeFreeze(out: Writer, format: OutputFormat, freeze: GuestFreeze): void {
  const { state, fileSystems, until } = freeze;
  writeThing(out, format, freeze, [
    ['file systems', state],
    ...(fileSystems === null ? [] : [['changed', String(fileSystems)] as const]),
    ...(until === null ? [] : [['until', localTime(until)] as const]),
  ]);
}

export const fileSystemCommands = [
  command({
    name: 'vm fs show',
    summary: 'whether file systems of the guest are held still, as its agent says',
    args: [vmArgument],
    examples: ['gantry vm fs show hello'],
    async run({ args, client, out, format, signal }) {
      const params = { vm: args[0] ?? '' };
      writeFreeze(out, format, await client.call('vm.freeze.show', { params }, signal));
    },
  }),
  command({
    name: 'vm fs freeze',
    summary: 'hold file systems of the guest still, with all that they have on its disks',
    args: [vmArgument],
    options: {
      limit: {
        type: 'number',
        value: 'SECONDS',
        meaning: 'let them go by itself after this (default 600; none on a libvirt host)',
      },
      mount: {
        type: 'list',
        value: 'PATH',
        meaning: 'of this mount point of the guest alone; may be given again',
      },
    },
    examples: ['gantry vm fs freeze hello', 'gantry vm fs freeze hello --limit 60 --mount /srv'],
    async run({ args, client, options, out, format, signal }) {
      const params = { vm: args[0] ?? '' };
      const { limit, mount = [] } = options;
      const body = {
        mountPoints: [...mount],
        ...(limit === undefined ? {} : { limitSeconds: limit }),
      };
      const done = await client.call('vm.freeze.begin', { params, body }, signal);
      writeFreeze(out, format, done);
    },
  }),
  command({
    name: 'vm fs thaw',
    summary: 'let all file systems of the guest go on',
    args: [vmArgument],
    examples: ['gantry vm fs thaw hello'],
    async run({ args, client, out, format, signal }) {
      const params = { vm: args[0] ?? '' };
      writeFreeze(out, format, await client.call('vm.freeze.end', { params }, signal));
    },
  }),
  command({
    name: 'vm fs trim',
    summary: 'have the guest give back what is free on its file systems',
    args: [vmArgument],
    options: {
      minimum: { type: 'size', value: 'SIZE', meaning: 'leave free pieces of less' },
    },
    examples: ['gantry vm fs trim hello'],
    async run({ args, client, options, out, format, signal }) {
      const params = { vm: args[0] ?? '' };
      const body = options.minimum === undefined ? {} : { minimumBytes: options.minimum };
      const { fileSystems } = await client.call('vm.trim', { params, body }, signal);
      writeList(out, format, columns, fileSystems, 'the guest names none');
    },
  }),
];
