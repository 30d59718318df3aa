/** Links by which people without an account look at the screen of a vm. */
import type { ConsoleLink } from '#api';
import { command } from '../command.ts';
import { writeQrCode } from '../output/qr-lines.ts';
import { localTime } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';
import type { Column } from '../output/table.ts';

const vmArgument = { name: 'vm', meaning: 'name or id', completes: 'vm' } as const;

const columns: readonly Column<ConsoleLink>[] = [
  { title: 'LABEL', value: ({ label }) => label },
  { title: 'BY', value: ({ creator }) => creator },
  { title: 'EXPIRES', value: ({ expiresAt }) => localTime(expiresAt) },
  { title: 'ID', value: ({ id }) => id },
];

export const screenLinkCommands = [
  command({
    name: 'vm screen-link create',
    summary: 'make a link that shows the screen to somebody without an account, and nothing else',
    args: [vmArgument, { name: 'label', meaning: 'for whom or what' }],
    options: {
      minutes: { type: 'number', value: 'COUNT', meaning: 'how long it is good (default 60)' },
      qr: { type: 'flag', meaning: 'show the link as a QR code, too' },
    },
    examples: [
      'gantry vm screen-link create hello "for the workshop" --minutes 480',
      'gantry vm screen-link create hello phone --qr',
    ],
    async run({ client, args, options, out, format, signal }) {
      const [vm = '', label = ''] = args;
      const body = { label, minutes: options.minutes ?? 60 };
      const made = await client.call('vm.console.link.create', { params: { vm }, body }, signal);
      const url = `${client.server}${made.path}`;
      writeThing(out, format, { ...made, url }, [
        ['link', url],
        ['expires', localTime(made.expiresAt)],
      ]);
      if (options.qr === true && format === 'table')
        for (const line of writeQrCode(url)) out.line(line);
    },
  }),
  command({
    name: 'vm screen-link list',
    summary: 'the links to the screen of a vm',
    args: [vmArgument],
    examples: ['gantry vm screen-link list hello'],
    async run({ client, args, out, format, signal }) {
      const [vm = ''] = args;
      const { items } = await client.call('vm.console.link.list', { params: { vm } }, signal);
      writeList(out, format, columns, items, `no link leads to the screen of ${vm}`);
    },
  }),
  command({
    name: 'vm screen-link delete',
    aliases: ['vm screen-link revoke'],
    summary: 'revoke a link; whoever looks by it is shown out',
    args: [vmArgument, { name: 'link', meaning: 'id' }],
    examples: ['gantry vm screen-link delete hello 0198c0de-1111-4222-8333-123456789abc'],
    async run({ client, args, signal }) {
      const [vm = '', link = ''] = args;
      await client.call('vm.console.link.delete', { params: { vm, link } }, signal);
    },
  }),
];
