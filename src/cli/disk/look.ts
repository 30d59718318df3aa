/** Verbs that only read disks: map, measure, compare, diff, checksum, check. */
import {
  checkDisk,
  checksumDisk,
  compareDisks,
  diffDisks,
  estimateCompact,
  mapDisk,
  measure,
  openDisk,
  type CheckReport,
  type Difference,
  type MapRun,
} from '#disk';
import { Fault, formatBytes } from '#lib';
import { command, type Run } from '../command.ts';
import { notWell } from '../exit.ts';
import { writeList, writeThing } from '../output/render.ts';
import type { Column } from '../output/table.ts';
import { openSource, sourceOptions, storeFor } from './open.ts';
import { verbOptions } from './progress.ts';
import { streamJson, tell } from './tell.ts';

/** Rows of a table are all in memory, since columns are as wide as the widest. */
const maxRows = 200_000;

const mapColumns: readonly Column<MapRun>[] = [
  { title: 'OFFSET', value: (run) => String(run.offset), align: 'right' },
  { title: 'LENGTH', value: (run) => String(run.length), align: 'right' },
  { title: 'KIND', value: (run) => run.kind },
  { title: 'LAYER', value: (run) => String(run.depth), align: 'right' },
  {
    title: 'AT',
    value: (run) => (run.kind === 'data' ? String(run.fileOffset) : '-'),
    align: 'right',
  },
  { title: 'FILE', value: (run) => (run.kind === 'data' ? run.file : '-') },
];

const diffColumns: readonly Column<Difference>[] = [
  { title: 'OFFSET', value: (one) => String(one.offset), align: 'right' },
  { title: 'LENGTH', value: (one) => String(one.length), align: 'right' },
  { title: 'FIRST', value: (one) => one.first },
  { title: 'SECOND', value: (one) => one.second },
];

/** Many rows: one by one as JSON, together as a table. How many there were. */
async function writeRows<T extends object>(
  run: Pick<Run, 'out' | 'format'>,
  columns: readonly Column<T>[],
  items: AsyncIterable<T>,
  nothing: string,
): Promise<number> {
  if (run.format === 'json') return streamJson(run, items);
  const rows: T[] = [];
  for await (const item of items) {
    if (rows.length >= maxRows) {
      throw new Fault('too-large', `more than ${maxRows} rows are too many for a table`, {
        hint: 'add -o json, which writes them one by one',
      });
    }
    rows.push(item);
  }
  writeList(run.out, run.format, columns, rows, nothing);
  return rows.length;
}

const findingColumns: readonly Column<CheckReport['findings'][number]>[] = [
  { title: 'KIND', value: (one) => one.kind },
  { title: 'OFFSET', value: (one) => String(one.offset), align: 'right' },
  { title: 'STRUCTURE', value: (one) => one.structure },
  { title: 'FINDING', value: (one) => one.text },
];

function writeFindings(run: Pick<Run, 'out' | 'format'>, reports: readonly CheckReport[]): void {
  if (run.format === 'json' || run.format === 'yaml') {
    writeThing(run.out, run.format, reports, []);
    return;
  }
  for (const { path, corruptions, leaks, oddities, findings } of reports) {
    if (findings.length > 0) writeList(run.out, run.format, findingColumns, findings, '');
    const counts = `${corruptions} corruptions, ${leaks} leaks, ${oddities} oddities`;
    run.out.line(`${path}: ${corruptions + leaks + oddities === 0 ? 'sound' : counts}`);
  }
}

const diskArgument = { name: 'disk', meaning: 'a disk file', completes: 'file' } as const;

export const lookCommands = [
  command({
    name: 'disk map',
    summary: 'where which bytes of a disk lie, and what reads as zeros',
    args: [diskArgument],
    options: sourceOptions,
    examples: ['gantry disk map web.qcow2', 'gantry disk map web.qcow2 -o json'],
    async run(run) {
      await using disk = await openSource(run, run.args[0] ?? '', run.options);
      await writeRows(run, mapColumns, mapDisk(disk, run.signal), 'an empty disk');
    },
  }),
  command({
    name: 'disk measure',
    summary: 'how much of a disk is data, compressed data and zeros',
    args: [diskArgument],
    options: {
      ...sourceOptions,
      compact: { type: 'flag', meaning: 'read it, and say what compacting would win' },
    },
    examples: ['gantry disk measure web.vhd', 'gantry disk measure web.vhd --compact'],
    async run(run) {
      const [path = ''] = run.args;
      await using disk = await openSource(run, path, run.options);
      const sums = await measure(disk, run.signal);
      const estimate =
        run.options.compact === true
          ? await estimateCompact(disk, verbOptions(run, `read ${path}`))
          : undefined;
      writeThing(run.out, run.format, { sizeBytes: disk.sizeBytes, ...sums, ...estimate }, [
        ['size', formatBytes(disk.sizeBytes)],
        ['data', formatBytes(sums.dataBytes)],
        ['of that compressed', formatBytes(sums.compressedBytes)],
        ['zeros', formatBytes(sums.zeroBytes)],
        ...(estimate === undefined
          ? []
          : ([['compacting would win about', formatBytes(estimate.gainBytes)]] as const)),
      ]);
    },
  }),
  command({
    name: 'disk compare',
    summary: 'whether two disks have the same content, whatever their formats',
    args: [diskArgument, { name: 'other', meaning: 'another disk file', completes: 'file' }],
    options: {
      ...sourceOptions,
      'other-format': { ...sourceOptions.format, meaning: 'the format of the other disk' },
    },
    examples: ['gantry disk compare web.vhd web.qcow2'],
    async run(run) {
      const [path = '', other = ''] = run.args;
      await using first = await openSource(run, path, run.options);
      const format = run.options['other-format'];
      await using second = await openSource(run, other, { ...run.options, format });
      const result = await compareDisks(first, second, verbOptions(run, `compare ${path}`));
      const sizes = result.sizesDiffer ? '; one is longer and ends in zeros' : '';
      const text = result.isEqual
        ? `the contents are equal${sizes}`
        : `the contents differ, first at ${result.firstDifference}`;
      tell(run, result, text);
      return result.isEqual ? 0 : notWell;
    },
  }),
  command({
    name: 'disk diff',
    summary: 'what differs between two disks, or between a disk and its parent',
    args: [
      diskArgument,
      {
        name: 'other',
        meaning: 'another disk file; its parent when absent',
        optional: true,
        completes: 'file',
      },
    ],
    options: {
      ...sourceOptions,
      'other-format': { ...sourceOptions.format, meaning: 'the format of the other disk' },
    },
    examples: [
      'gantry disk diff monday.qcow2 tuesday.qcow2',
      'gantry disk diff child.vhdx -o json',
    ],
    async run(run) {
      const [path = '', other] = run.args;
      await using disk = await openSource(run, path, run.options);
      const options = verbOptions(run, `compare ${path}`);
      const write = async (second: typeof disk): Promise<number> => {
        const nothing = 'the contents are equal';
        return writeRows(run, diffColumns, diffDisks(disk, second, options), nothing);
      };
      if (other === undefined) {
        if (disk.parent === undefined) {
          throw new Fault('invalid', `${path} has no parent to compare it with`, {
            hint: 'name another disk',
          });
        }
        return (await write(disk.parent)) === 0 ? 0 : notWell;
      }
      const format = run.options['other-format'];
      await using second = await openSource(run, other, { ...run.options, format });
      return (await write(second)) === 0 ? 0 : notWell;
    },
  }),
  command({
    name: 'disk checksum',
    summary: 'a checksum of the content, the same in every format',
    args: [diskArgument],
    options: {
      ...sourceOptions,
      algorithm: {
        type: 'text',
        value: 'NAME',
        meaning: 'sha256 (default), sha512, sha1 or md5',
        words: ['sha256', 'sha512', 'sha1', 'md5'],
      },
    },
    examples: ['gantry disk checksum web.qcow2'],
    async run(run) {
      const [path = ''] = run.args;
      const { algorithm = 'sha256' } = run.options;
      await using disk = await openSource(run, path, run.options);
      const options = { ...verbOptions(run, `read ${path}`), algorithm };
      const checksum = await checksumDisk(disk, options);
      tell(run, { path, algorithm, checksum }, `${checksum}  ${path}`);
    },
  }),
  command({
    name: 'disk check',
    summary: 'walk through the structure of a disk and tell what is wrong with it',
    args: [diskArgument],
    options: { ...sourceOptions, chain: { type: 'flag', meaning: 'its parents too' } },
    examples: ['gantry disk check web.qcow2', 'gantry disk check child.vhdx --chain'],
    async run(run) {
      const [path = ''] = run.args;
      const parent = run.options.chain === true ? 'follow' : 'none';
      const { format } = run.options;
      const store = storeFor(path, run.options);
      await using disk = await openDisk({ path, store, format, parent });
      const reports: CheckReport[] = [];
      for (const layer of disk.chain()) reports.push(await checkDisk(layer, run.signal));
      writeFindings(run, reports);
      return reports.every(({ corruptions, leaks }) => corruptions + leaks === 0) ? 0 : notWell;
    },
  }),
];
