/** The adapters of a host: what they are, and what host and networks may do with them. */
import { adapterUses, type HostAdapter } from '#api';
import { formatBitRate } from '#lib';
import { command, type Command } from '../command.ts';
import { localTime } from '../output/human.ts';
import { writeList } from '../output/render.ts';
import type { Column } from '../output/table.ts';

const hostArgument = { name: 'host', meaning: 'name or id', completes: 'host' } as const;
const adapterArgument = { name: 'adapter', meaning: 'name of a network adapter of the host' };
const useWords = Object.keys(adapterUses) as (keyof typeof adapterUses)[];

const listed = (items: readonly string[]): string => (items.length === 0 ? '-' : items.join(', '));

function describeUse({ use, trial }: HostAdapter): string {
  return trial === null ? use : `${trial.use} until ${localTime(trial.until)}, to be confirmed`;
}

const columns: readonly Column<HostAdapter>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'MAC', value: ({ mac }) => mac ?? '-', wide: true },
  { title: 'LINK', value: ({ link }) => link },
  {
    title: 'SPEED',
    value: ({ speedMbps }) => (speedMbps === null ? '-' : formatBitRate(speedMbps * 1_000_000)),
  },
  { title: 'ADDRESSES', value: ({ addresses }) => listed(addresses), wraps: true },
  { title: 'CARRIES', value: ({ carries }) => listed(carries) },
  { title: 'NETWORKS', value: ({ networks }) => listed(networks.map(({ name }) => name)) },
  { title: 'USE', value: describeUse, wraps: true },
  { title: 'PROBLEM', value: ({ problem }) => problem ?? '', wraps: true },
];

export const hostAdapterCommands: readonly Command[] = [
  command({
    name: 'host adapters',
    summary: 'network adapters of a host, what is on them and what they are for',
    args: [hostArgument],
    examples: ['gantry host adapters h1'],
    async run({ args, client, out, format, signal }) {
      const params = { host: args[0] ?? '' };
      const { items } = await client.call('host.adapters', { params }, signal);
      writeList(out, format, columns, items, 'no adapters');
    },
  }),
  command({
    name: 'host set-adapter',
    summary: 'say what an adapter is for; a change that cuts the host off is undone by itself',
    args: [hostArgument, adapterArgument],
    options: {
      use: {
        type: 'text',
        value: 'USE',
        words: useWords,
        meaning: 'any; host or networks: for these alone; shared: addresses move to a bridge',
      },
      time: {
        type: 'number',
        value: 'SECONDS',
        meaning: 'how long it waits to be confirmed; default: 60',
      },
      'confirm-later': {
        type: 'flag',
        meaning: 'do not confirm it because the host answers; default: confirm it then',
      },
    },
    examples: [
      'gantry host set-adapter h1 eno1 --use shared',
      'gantry host set-adapter h1 eno2 --use networks --confirm-later --time 300',
    ],
    async run({ args, options, client, out, dryRun, signal }) {
      const [host = '', adapter = ''] = args;
      const params = { host, adapter };
      const { use = 'any', time } = options;
      const confirmSeconds = time === undefined ? {} : { confirmSeconds: time };
      const body = { use, ...confirmSeconds };
      const { trial } = await client.call('host.set-adapter', { params, body }, signal);
      if (trial !== null && options['confirm-later'] === true) {
        out.line(`${adapter} of ${host} is used as ${use} until ${localTime(trial.until)}`);
        out.hint(`gantry host confirm-adapter ${host} ${adapter}`);
        return;
      }
      // The answer has come over what was at risk.
      if (trial !== null) await client.call('host.confirm-adapter', { params }, signal);
      out.line(`${adapter} of ${host} ${dryRun ? 'could be' : 'is'} used as ${use}`);
    },
  }),
  command({
    name: 'host confirm-adapter',
    summary: 'confirm what is tried with an adapter, once the host is seen to be reached',
    args: [hostArgument, adapterArgument],
    examples: ['gantry host confirm-adapter h1 eno1'],
    async run({ args, client, out, signal }) {
      const [host = '', adapter = ''] = args;
      await client.call('host.confirm-adapter', { params: { host, adapter } }, signal);
      out.line(`the change of ${adapter} of ${host} is kept`);
    },
  }),
];
