/** What is wrong, and taking note of it. */
import type { Warning } from '#api';
import { command, type Command } from '../command.ts';
import { localTime } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';
import type { Column } from '../output/table.ts';

const columns: readonly Column<Warning>[] = [
  { title: 'RESULT', value: ({ result }) => result },
  { title: 'CHECK', value: ({ check }) => check },
  { title: 'EVIDENCE', value: ({ evidence }) => evidence, wraps: true },
  { title: 'REMEDY', value: ({ remedy }) => remedy ?? '', wraps: true },
  {
    title: 'ACKNOWLEDGED',
    value: ({ acknowledged }) =>
      acknowledged === null ? 'no' : `${acknowledged.by}: ${acknowledged.note}`,
    wraps: true,
  },
  { title: 'ID', value: ({ id }) => id },
];

const warningArgument = { name: 'warning', meaning: 'its id, as warning list tells it' } as const;

export const warningCommands: readonly Command[] = [
  command({
    name: 'warning list',
    aliases: ['warning ls'],
    summary: 'what is wrong with the installation, its hosts and vms, and what helps',
    examples: ['gantry warning list', 'gantry warning list -o json'],
    async run({ client, out, format, signal }) {
      const { items, total } = await client.call('warning.list', {}, signal);
      writeList(out, format, columns, items, 'nothing is wrong');
      if (total > items.length) out.hint(`there are ${total - items.length} more`);
    },
  }),
  command({
    name: 'warning acknowledge',
    summary:
      'take note of a warning until what it warns of is over; it returns when that comes back',
    args: [warningArgument],
    options: { note: { type: 'text', value: 'TEXT', meaning: 'why nothing is done about it now' } },
    examples: [
      'gantry warning acknowledge 0f6e9c1d2b3a4f5e6d7c8b9a0f1e2d3c --note "a disk is ordered"',
    ],
    async run({ client, args, options, out, format, signal }) {
      const [warning = ''] = args;
      const body = { note: options.note ?? '' };
      const noted = await client.call('warning.acknowledge', { params: { warning }, body }, signal);
      if (format !== 'table') return writeThing(out, format, noted, []);
      const { acknowledged } = noted;
      const when = localTime(acknowledged?.at ?? '');
      out.line(`acknowledged by ${acknowledged?.by ?? ''} at ${when}: ${noted.evidence}`);
    },
  }),
  command({
    name: 'warning reopen',
    summary: 'withdraw the acknowledgement of a warning',
    args: [warningArgument],
    examples: ['gantry warning reopen 0f6e9c1d2b3a4f5e6d7c8b9a0f1e2d3c'],
    async run({ client, args, out, format, signal }) {
      const [warning = ''] = args;
      const open = await client.call('warning.reopen', { params: { warning } }, signal);
      if (format === 'table') out.line(`nobody has acknowledged: ${open.evidence}`);
      else writeThing(out, format, open, []);
    },
  }),
];
