/** `gantry disk inspect`: all that can be said of a disk without reading its content. */
import { dirname, resolve } from 'node:path';
import {
  checkDisk,
  fileLocks,
  findChildren,
  inspectDisk,
  type CheckReport,
  type Disk,
  type LayerReport,
} from '#disk';
import { describeFault, formatBytes, isFault } from '#lib';
import { command, type Run } from '../command.ts';
import { writeThing } from '../output/render.ts';
import { plain } from '../output/writer.ts';
import { openSource, sourceOptions, storeFor, type SourceValues } from './open.ts';

export interface DiskReport {
  /** The disk and its parents, the disk first. */
  readonly layers: readonly LayerReport[];
  /** Why the parent could not be opened, where it could not. */
  readonly parentFault: string | undefined;
  /** Disks in the same folder that are made from this one. */
  readonly children: readonly string[];
  readonly inUse: 'yes' | 'no';
  /** Of each layer; absent when not asked for. */
  readonly findings?: readonly CheckReport[] | undefined;
}

/** Opens the disk with its parents or, when they are not to be had, without, and says why. */
async function openWithReason(
  run: Pick<Run, 'out'>,
  path: string,
  options: SourceValues,
): Promise<{ readonly disk: Disk; readonly parentFault: string | undefined }> {
  try {
    return { disk: await openSource(run, path, options), parentFault: undefined };
  } catch (error) {
    if (!isFault(error)) throw error;
    // a fault of the disk itself comes again
    const disk = await openSource(run, path, options, { parent: 'none' });
    return { disk, parentFault: describeFault(error) };
  }
}

export async function reportOn(
  run: Pick<Run, 'out' | 'signal'>,
  path: string,
  options: SourceValues & { readonly check: 'all' | 'none' },
): Promise<DiskReport> {
  const { disk: opened, parentFault } = await openWithReason(run, path, options);
  await using disk = opened;
  const findings: CheckReport[] = [];
  if (options.check === 'all') {
    for (const layer of disk.chain()) findings.push(await checkDisk(layer, run.signal));
  }
  return {
    layers: await inspectDisk(disk),
    parentFault,
    children: await findChildren(resolve(path), {
      store: storeFor(path, options),
      folders: [dirname(resolve(path)), ...(options.allow ?? [])],
      signal: run.signal,
    }),
    inUse: (await fileLocks(path)).length > 0 ? 'yes' : 'no',
    ...(options.check === 'all' ? { findings } : {}),
  };
}

function fieldText(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : JSON.stringify(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

type Row = readonly [string, string];

function layerRows(layer: LayerReport): readonly Row[] {
  const { snapshots = [], storedBytes } = layer;
  return [
    ['format', `${layer.title}, ${layer.variant}`],
    ['size', `${formatBytes(layer.sizeBytes)} (${layer.sizeBytes} bytes)`],
    ['file size', formatBytes(layer.fileBytes)],
    ...(storedBytes === undefined
      ? []
      : [['on the volume', formatBytes(storedBytes)] satisfies Row]),
    ['sector, block', `${formatBytes(layer.sectorBytes)}, ${formatBytes(layer.blockBytes)}`],
    ...(layer.identity === undefined ? [] : [['identity', layer.identity] satisfies Row]),
    ...(layer.parentReference === undefined
      ? []
      : [['parent, as named', layer.parentReference.names.join(' or ')] satisfies Row]),
    ...snapshots.map((one): Row => [
      'snapshot',
      `${one.id} ${one.name}, ${formatBytes(one.sizeBytes)}, ${new Date(one.createdMs).toISOString()}`,
    ]),
    ...Object.entries(layer.fields).map(([name, value]): Row => [name, fieldText(value)]),
    ...layer.remarks.map((text): Row => ['remark', text]),
  ];
}

export function reportRows(report: DiskReport): readonly Row[] {
  const [top, ...parents] = report.layers;
  const rows: Row[] = [['disk', top?.path ?? ''], ...(top === undefined ? [] : layerRows(top))];
  for (const layer of parents) rows.push(['', ''], ['parent', layer.path], ...layerRows(layer));
  rows.push(['', '']);
  if (report.parentFault !== undefined) rows.push(['parent missing', report.parentFault]);
  rows.push(['children', report.children.join(', ') || 'none in this folder']);
  rows.push(['in use', report.inUse === 'yes' ? 'by another program' : 'no']);
  for (const { path, corruptions, leaks, oddities, findings } of report.findings ?? []) {
    const isSound = corruptions + leaks + oddities === 0;
    const counts = `${corruptions} corruptions, ${leaks} leaks, ${oddities} oddities`;
    rows.push(['checked', `${path}: ${isSound ? 'sound' : counts}`]);
    for (const { kind, offset, structure, text } of findings.slice(0, 20)) {
      rows.push([kind, `${structure} at ${offset}: ${text}`]);
    }
  }
  return rows.map(([label, value]) => [label, plain(value)]);
}

export const inspectCommands = [
  command({
    name: 'disk inspect',
    aliases: ['disk info', 'disk show'],
    summary: 'everything a disk file says: type, sizes, chain, children, identity, findings',
    args: [{ name: 'disk', meaning: 'a disk file', completes: 'file' }],
    options: {
      ...sourceOptions,
      'no-check': { type: 'flag', meaning: 'do not walk through its structure' },
    },
    examples: ['gantry disk inspect web.vhdx', 'gantry disk inspect web.vhdx -o json'],
    async run(run) {
      const [path = ''] = run.args;
      const check = run.options['no-check'] === true ? 'none' : 'all';
      const report = await reportOn(run, path, { ...run.options, check });
      writeThing(run.out, run.format, report, reportRows(report));
    },
  }),
];
