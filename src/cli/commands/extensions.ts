/** Special functions of hypervisors, by the names that their drivers give them. */
import type { Extension } from '#api';
import { command, type Command } from '../command.ts';
import { writeList } from '../output/render.ts';
import type { Column } from '../output/table.ts';

const nameArgument = {
  name: 'extension',
  meaning: 'its name; see: gantry host extensions',
} as const;
const textArgument = {
  name: 'text',
  meaning: 'what it is given, where it is given something',
  optional: true,
} as const;

const columns: readonly Column<Extension>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'OF', value: ({ of }) => of },
  { title: 'MEANING', value: ({ meaning }) => meaning, wraps: true },
  { title: 'GIVEN', value: ({ argument }) => argument ?? 'nothing', wraps: true },
];

const bodyOf = (argument: string | undefined): { readonly argument?: string } =>
  argument === undefined ? {} : { argument };

export const extensionCommands: readonly Command[] = [
  command({
    name: 'vm extension',
    summary: 'ask a special function of its hypervisor about a vm',
    args: [{ name: 'vm', meaning: 'name or id', completes: 'vm' }, nameArgument, textArgument],
    examples: [
      'gantry vm extension web domain-xml',
      'gantry vm extension web qemu-monitor-command "info block"',
    ],
    async run({ args, client, out, signal }) {
      const [vm = '', extension = '', argument] = args;
      const params = { vm, extension };
      const body = bodyOf(argument);
      out.line((await client.call('vm.extension', { params, body }, signal)).output.trimEnd());
    },
  }),
  command({
    name: 'host extension',
    summary: 'ask a special function of a hypervisor',
    args: [{ name: 'host', meaning: 'name or id', completes: 'host' }, nameArgument, textArgument],
    examples: ['gantry host extension h1 capabilities'],
    async run({ args, client, out, signal }) {
      const [host = '', extension = '', argument] = args;
      const params = { host, extension };
      const body = bodyOf(argument);
      out.line((await client.call('host.extension', { params, body }, signal)).output.trimEnd());
    },
  }),
  command({
    name: 'host extensions',
    summary: 'what a hypervisor has beyond the functions of all, by name',
    args: [{ name: 'host', meaning: 'name or id', completes: 'host' }],
    examples: ['gantry host extensions h1'],
    async run({ args, client, out, format, signal }) {
      const params = { host: args[0] ?? '' };
      const { facts } = await client.call('host.show', { params }, signal);
      writeList(out, format, columns, facts?.extensions ?? [], 'no extensions');
    },
  }),
];
