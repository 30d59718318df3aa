/** Quotas of folders, and what is offered to people who make vms by themselves. */
import { Fault, formatBytes } from '#lib';
import type { Offers, Quota, QuotaLimits, QuotaMeasure } from '#api';
import { command } from '../command.ts';
import { localTime, wasOrWouldBe } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';
import type { Column } from '../output/table.ts';

const folderArgument = { name: 'folder', meaning: 'path or id', completes: 'folder' } as const;

const measureWords = {
  vms: 'vms',
  processors: 'processors',
  memory: 'memoryBytes',
  disk: 'diskBytes',
} as const satisfies Readonly<Record<string, QuotaMeasure>>;
type MeasureWord = keyof typeof measureWords;

const words = Object.keys(measureWords) as readonly MeasureWord[];

function amount(measure: QuotaMeasure, value: number): string {
  return measure.endsWith('Bytes') ? formatBytes(value) : String(value);
}

/** `1 of 2`, or `1` without a limit. */
function useOf({ limits, used }: Quota, measure: QuotaMeasure): string {
  const limit = limits[measure];
  const now = amount(measure, used[measure]);
  return limit === null ? now : `${now} of ${amount(measure, limit)}`;
}

const quotaColumns: readonly Column<Quota>[] = [
  { title: 'FOLDER', value: ({ folder }) => folder },
  { title: 'VMS', value: (quota) => useOf(quota, 'vms'), align: 'right' },
  { title: 'PROCESSORS', value: (quota) => useOf(quota, 'processors'), align: 'right' },
  { title: 'MEMORY', value: (quota) => useOf(quota, 'memoryBytes'), align: 'right' },
  { title: 'DISK', value: (quota) => useOf(quota, 'diskBytes'), align: 'right' },
  { title: 'ID', value: ({ id }) => id, wide: true },
];

type Template = Offers['templates'][number];

function offerColumns({ places }: Offers): readonly Column<Template>[] {
  const paths = new Map(places.map(({ id, path }) => [id, path]));
  return [
    { title: 'TEMPLATE', value: ({ name }) => name },
    { title: 'GUEST', value: ({ guestOs }) => guestOs },
    { title: 'PROCESSORS', value: ({ takes }) => String(takes.processors), align: 'right' },
    { title: 'MEMORY', value: ({ takes }) => formatBytes(takes.memoryBytes), align: 'right' },
    { title: 'DISK', value: ({ takes }) => formatBytes(takes.diskBytes), align: 'right' },
    { title: 'IN', value: (one) => one.places.map((id) => paths.get(id) ?? id).join(' ') },
    { title: 'ID', value: ({ id }) => id, wide: true },
  ];
}

function withoutWords(given: readonly string[] | undefined): readonly MeasureWord[] {
  return (given ?? []).map((word) => {
    const found = words.find((one) => one === word);
    if (found !== undefined) return found;
    throw new Fault('invalid', `--without: ${word} is none of ${words.join(', ')}`);
  });
}

export const quotaCommands = [
  command({
    name: 'quota list',
    aliases: ['quota ls'],
    summary: 'list the quotas of folders, with what is used of them',
    examples: ['gantry quota list'],
    async run({ client, out, format, signal }) {
      const { items } = await client.call('quota.list', {}, signal);
      writeList(out, format, quotaColumns, items, 'no quotas');
    },
  }),
  command({
    name: 'quota show',
    summary: 'show the quota of a folder, and what its vms have together',
    args: [folderArgument],
    examples: ['gantry quota show /people/ada'],
    async run({ client, args, out, format, signal }) {
      const params = { folder: args[0] ?? '' };
      const quota = await client.call('quota.show', { params }, signal);
      writeThing(out, format, quota, [
        ['folder', quota.folder],
        ...words.map((word) => [word, useOf(quota, measureWords[word])] as const),
        ['changed', quota.updatedAt === null ? '' : localTime(quota.updatedAt)],
      ]);
    },
  }),
  command({
    name: 'quota set',
    summary: 'limit what the vms in a folder and below it may have; other limits stay',
    args: [folderArgument],
    options: {
      vms: { type: 'number', value: 'N', meaning: 'how many vms' },
      processors: { type: 'number', value: 'N', meaning: 'virtual processors of all of them' },
      memory: { type: 'size', value: 'SIZE', meaning: 'memory of all of them' },
      disk: { type: 'size', value: 'SIZE', meaning: 'virtual sizes of all their disks' },
      without: {
        type: 'list',
        value: 'WORD',
        meaning: `takes a limit away: ${words.join(', ')}`,
      },
    },
    examples: [
      'gantry quota set /people/ada --vms 5 --processors 8 --memory 16G --disk 200G',
      'gantry quota set /people/ada --without disk',
    ],
    async run({ client, args, options, out, dryRun, signal }) {
      const params = { folder: args[0] ?? '' };
      const { limits } = await client.call('quota.show', { params }, signal);
      const body: QuotaLimits = { ...limits };
      for (const word of words)
        body[measureWords[word]] = options[word] ?? limits[measureWords[word]];
      for (const word of withoutWords(options.without)) body[measureWords[word]] = null;
      const set = await client.call('quota.set', { params, body }, signal);
      const shown = words.map((word) => `${useOf(set, measureWords[word])} ${word}`).join(', ');
      out.line(`the quota of folder ${set.folder} ${wasOrWouldBe({ dryRun })} set: ${shown}`);
    },
  }),
  command({
    name: 'quota clear',
    summary: 'take the quota of a folder away',
    args: [folderArgument],
    examples: ['gantry quota clear /people/ada'],
    async run({ client, args, out, dryRun, signal }) {
      await client.call('quota.clear', { params: { folder: args[0] ?? '' } }, signal);
      if (!dryRun) out.line(`folder ${args[0] ?? ''} has no quota`);
    },
  }),
  command({
    name: 'quota offers',
    summary: 'show the templates that one may make vms of by oneself, and where',
    examples: ['gantry quota offers'],
    async run({ client, out, format, signal }) {
      const offers = await client.call('offers.show', {}, signal);
      const { templates } = offers;
      writeList(out, format, offerColumns(offers), templates, 'nothing is offered to you');
    },
  }),
];
