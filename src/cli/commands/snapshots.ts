/** Snapshots of a vm: taken, listed as a tree, reverted to, renamed, deleted. */
import { Fault, formatBytes } from '#lib';
import { vmActionFacts, type Snapshot } from '#api';
import { command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { localTime } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';
import type { Column } from '../output/table.ts';
import { finish } from '../progress.ts';

const vmArgument = { name: 'vm', meaning: 'name or id', completes: 'vm' } as const;
const snapshotArgument = { name: 'snapshot', meaning: 'name or id' } as const;

interface Row extends Snapshot {
  /** How many snapshots it was taken after. */
  readonly depth: number;
}

/** In the order of the tree: each snapshot before those that were taken after it. */
export function orderTree(snapshots: readonly Snapshot[]): readonly Row[] {
  const below = (parent: string | null, depth: number): Row[] =>
    snapshots
      .filter((snapshot) => snapshot.parent === parent)
      .flatMap((snapshot) => [{ ...snapshot, depth }, ...below(snapshot.id, depth + 1)]);
  return below(null, 0);
}

/** What the vm did then, and what of that is kept. */
function describeState({ takenWhile, memoryBytes, quiesced }: Snapshot): string {
  if (memoryBytes !== null) return `${takenWhile}, with memory`;
  return quiesced ? `${takenWhile}, quiesced` : takenWhile;
}

const columns: readonly Column<Row>[] = [
  {
    title: 'NAME',
    value: ({ name, depth }) => `${depth === 0 ? '' : `${'  '.repeat(depth - 1)}└ `}${name}`,
  },
  { title: 'PRESENT', value: ({ present }) => (present ? '● goes on from here' : '') },
  { title: 'TAKEN', value: ({ takenAt }) => localTime(takenAt) },
  { title: 'BY', value: ({ author }) => author ?? '-' },
  { title: 'STATE', value: describeState },
  { title: 'SIZE', value: ({ sizeBytes }) => formatBytes(sizeBytes), align: 'right' },
  { title: 'DESCRIPTION', value: ({ description }) => description, wraps: true },
  { title: 'ID', value: ({ id }) => id, wide: true },
];

export const snapshotCommands = [
  command({
    name: 'vm snapshot take',
    aliases: ['vm snapshot create'],
    summary: 'keep disks and hardware, with --memory also the memory, under a name; the vm goes on',
    args: [vmArgument, { name: 'name', meaning: 'of the new snapshot' }],
    options: {
      description: { type: 'text', value: 'TEXT', meaning: 'what it is for' },
      exclude: { type: 'list', value: 'PLACE', meaning: 'leave out this shared disk' },
      memory: { type: 'flag', meaning: 'with memory, so that the vm goes on there after a revert' },
      quiesce: {
        type: 'flag',
        meaning: 'let the guest agent flush and hold the file systems for that moment',
      },
      'replace-oldest': { type: 'flag', meaning: 'delete the oldest where the limit is reached' },
    },
    examples: [
      'gantry vm snapshot take web-1 before-update',
      'gantry vm snapshot take web-1 clean --description "as delivered"',
      'gantry vm snapshot create web-1 debug --memory',
      'gantry vm snapshot create db-1 nightly --quiesce',
    ],
    async run(run) {
      const [vm = '', name = ''] = run.args;
      const replaces = run.options['replace-oldest'] === true;
      if (replaces && run.out.interactive && !run.dryRun)
        await confirm(run, `${vm}: where the limit is reached the oldest snapshot goes. Go on?`);
      const body = {
        name,
        description: run.options.description ?? '',
        exclude: [...(run.options.exclude ?? [])],
        memory: run.options.memory === true,
        quiesce: run.options.quiesce === true,
        ...(replaces ? { atLimit: 'replace-oldest' as const } : {}),
      };
      const started = await run.client.call(
        'vm.snapshot.take',
        { params: { vm }, body },
        run.signal,
      );
      await finish(run, started, () => `snapshot ${name} of ${vm} was taken`);
    },
  }),
  command({
    name: 'vm snapshot list',
    summary: 'list the snapshots of a vm as a tree, with the one that it goes on from',
    args: [vmArgument],
    examples: ['gantry vm snapshot list web-1'],
    async run({ client, args, out, format, signal }) {
      const [vm = ''] = args;
      const { items } = await client.call('vm.snapshot.list', { params: { vm } }, signal);
      if (format === 'json' || format === 'yaml') writeThing(out, format, items, []);
      else writeList(out, format, columns, orderTree(items), `${vm} has no snapshots`);
    },
  }),
  command({
    name: 'vm snapshot show',
    summary: 'show a snapshot',
    args: [vmArgument, snapshotArgument],
    examples: ['gantry vm snapshot show web-1 before-update'],
    async run({ client, args, out, format, signal }) {
      const [vm = '', snapshot = ''] = args;
      const params = { vm, snapshot };
      const found = await client.call('vm.snapshot.show', { params }, signal);
      writeThing(out, format, found, [
        ['name', found.name],
        ['id', found.id],
        ['description', found.description || '-'],
        ['taken', `${localTime(found.takenAt)} by ${found.author ?? '-'}`],
        ['taken while', describeState(found)],
        ['size', formatBytes(found.sizeBytes)],
        ['memory', found.memoryBytes === null ? '-' : formatBytes(found.memoryBytes)],
        ['after', found.parent ?? '-'],
        ['present', found.present ? 'the vm goes on from here' : 'no'],
      ]);
    },
  }),
  command({
    name: 'vm snapshot revert',
    summary: 'take a vm back to a snapshot, with memory where it holds any; the present is lost',
    args: [vmArgument, snapshotArgument],
    options: {
      'snapshot-first': {
        type: 'text',
        value: 'NAME',
        meaning: 'take a snapshot of the present under this name before',
      },
      'disks-only': {
        type: 'flag',
        meaning: 'leave the memory that it holds: the vm is off afterwards',
      },
    },
    examples: [
      'gantry vm snapshot revert web-1 clean',
      'gantry vm snapshot revert web-1 clean --snapshot-first after-update',
    ],
    async run(run) {
      const [vm = '', snapshot = ''] = run.args;
      const name = run.options['snapshot-first'];
      const question = vmActionFacts('revert-snapshot').confirm;
      const hint = 'keep it with --snapshot-first NAME';
      if (name === undefined && run.out.interactive && !run.dryRun)
        await confirm(run, `${vm}: ${question}; ${hint}. Go on?`);
      const body = {
        ...(name === undefined ? {} : { snapshotFirst: name }),
        memory: run.options['disks-only'] === true ? ('leave' as const) : ('restore' as const),
      };
      const started = await run.client.call(
        'vm.snapshot.revert',
        { params: { vm, snapshot }, body },
        run.signal,
      );
      await finish(run, started, () => `${vm} is as it was at ${snapshot}`);
    },
  }),
  command({
    name: 'vm snapshot delete',
    aliases: ['vm snapshot remove'],
    summary: 'delete a snapshot; the present and all others stay as they are',
    args: [vmArgument, snapshotArgument],
    examples: ['gantry vm snapshot delete web-1 before-update'],
    async run(run) {
      const [vm = '', snapshot = ''] = run.args;
      const question = vmActionFacts('delete-snapshot').confirm;
      if (run.out.interactive && !run.dryRun)
        await confirm(run, `${snapshot}: ${question}. Go on?`);
      const started = await run.client.call(
        'vm.snapshot.delete',
        { params: { vm, snapshot } },
        run.signal,
      );
      await finish(run, started, () => `snapshot ${snapshot} is deleted`);
    },
  }),
  command({
    name: 'vm snapshot rename',
    summary: 'change the name or the description of a snapshot',
    args: [vmArgument, snapshotArgument, { name: 'name', meaning: 'new name', optional: true }],
    options: { description: { type: 'text', value: 'TEXT', meaning: 'new description' } },
    examples: [
      'gantry vm snapshot rename web-1 test-1 golden',
      'gantry vm snapshot rename web-1 golden --description "all tests passed"',
    ],
    async run(run) {
      const [vm = '', snapshot = '', name] = run.args;
      const { description } = run.options;
      if (name === undefined && description === undefined)
        throw new Fault('invalid', 'neither a name nor a description was given');
      const body = {
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
      };
      const started = await run.client.call(
        'vm.snapshot.change',
        { params: { vm, snapshot }, body },
        run.signal,
      );
      await finish(run, started, () => `snapshot ${name ?? snapshot} is changed`);
    },
  }),
];
