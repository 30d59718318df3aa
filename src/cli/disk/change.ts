/** Verbs that change a disk in its place: resize, compact; and those on chains: commit, merge, rebase, reconnect. */
import { chmod, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  commitDisk,
  compactDisk,
  demandNoSnapshots,
  demandNothingInside,
  demandUnused,
  estimateCompact,
  hostStore,
  mergeLayers,
  openDisk,
  rebaseAnew,
  rebaseDisk,
  reconnectAnew,
  reconnectDisk,
  resizeAnew,
  resizeDisk,
  type CompactChoices,
  type FileStore,
  type FileSystemSpace,
} from '#disk';
import { Fault, formatBytes, parseBytes } from '#lib';
import { command, type Run } from '../command.ts';
import { confirm } from '../confirm.ts';
import { demandChangeable, openSource, sourceOptions, storeFor } from './open.ts';
import { verbOptions } from './progress.ts';
import { noteResumed, resumeChoice, resumeOption } from './resume.ts';
import { tell } from './tell.ts';

/** `40G`, or `+5G` and `-5G` from what it has. */
export function newSize(text: string, presentBytes: number): number {
  if (/^[+-]/.test(text)) {
    const change = parseBytes(text.slice(1));
    return text.startsWith('+') ? presentBytes + change : presentBytes - change;
  }
  return parseBytes(text);
}

/** Both folders: a child's name of its parent is followed, and so is the parent's of its own. */
function storeForBoth(child: string, parent: string, allow: readonly string[] = []): FileStore {
  return hostStore([dirname(resolve(child)), dirname(resolve(parent)), ...allow]);
}

const childArgument = { name: 'disk', meaning: 'a disk with a parent', completes: 'file' } as const;
const parentFormat = { ...sourceOptions.format, meaning: 'the format of the parent' } as const;

export const changeCommands = [
  command({
    name: 'disk resize',
    summary: 'change the size of a disk; smaller only where what is cut off is empty',
    args: [
      { name: 'disk', meaning: 'a disk file', completes: 'file' },
      { name: 'size', meaning: '40G, or +5G more than now; write a smaller one as 10G' },
    ],
    options: sourceOptions,
    examples: ['gantry disk resize web.qcow2 40G', 'gantry disk resize web.vhdx +5G'],
    async run(run) {
      const [path = '', size = ''] = run.args;
      await demandChangeable(run, path, { ...run.options, doing: 'resize' });
      const access = run.dryRun ? 'read' : 'write';
      await using disk = await openSource(run, path, run.options, { access });
      const before = disk.sizeBytes;
      const sizeBytes = newSize(size, before);
      const text = `${path} from ${formatBytes(before)} to ${formatBytes(sizeBytes)}`;
      if (run.dryRun) return run.out.line(`would resize ${text}`);
      if (disk.layer.writer?.resize !== undefined) {
        await resizeDisk(disk, sizeBytes, run.signal);
      } else {
        const store = storeFor(path, run.options);
        await resizeAnew(disk, sizeBytes, { ...verbOptions(run, `resize ${path}`), store });
      }
      tell(run, { path, sizeBytes, beforeBytes: before }, `resized ${text}`);
    },
  }),
  command({
    name: 'disk compact',
    summary: 'give back the space of blocks that hold only zeros; the content stays the same',
    args: [{ name: 'disk', meaning: 'a growing disk without a parent', completes: 'file' }],
    options: {
      ...sourceOptions,
      'free-blocks': {
        type: 'flag',
        meaning: 'also what ext4, XFS and NTFS in it say is free; it reads as zeros then',
      },
      'make-dynamic': { type: 'flag', meaning: 'a fixed disk becomes a dynamic one' },
      ...resumeOption,
    },
    examples: [
      'gantry disk compact web.vhd',
      'gantry disk compact web.vhd --free-blocks --dry-run',
      'gantry disk compact old.vhd --make-dynamic',
    ],
    async run(run) {
      const [path = ''] = run.args;
      await demandChangeable(run, path, { ...run.options, doing: 'compact' });
      const choices: CompactChoices = {
        freeBlocks: run.options['free-blocks'] === true ? 'drop' : 'keep',
        fixed: run.options['make-dynamic'] === true ? 'make-dynamic' : 'refuse',
      };
      if (run.dryRun) {
        await using disk = await openSource(run, path, run.options);
        const progress = verbOptions(run, `read ${path}`);
        const estimate = await estimateCompact(disk, { ...progress, ...choices });
        noteFileSystems(run, estimate.fileSystems);
        const text = `compacting ${path} would win about ${formatBytes(estimate.gainBytes)}`;
        return tell(run, estimate, `${text} of ${formatBytes(estimate.fileBytes)}`);
      }
      const result = await compactDisk({
        ...verbOptions(run, `compact ${path}`),
        ...choices,
        ...resumeChoice(run.options),
        path: resolve(path),
        store: storeFor(path, run.options),
        format: run.options.format,
      });
      noteResumed(run, result);
      noteFileSystems(run, result.fileSystems);
      const text = `compacted ${path}: ${formatBytes(result.fileBytes)}`;
      tell(run, result, `${text}, ${formatBytes(result.gainBytes)} won`);
    },
  }),
  command({
    name: 'disk commit',
    summary: 'write what a disk has changed into its parent, then delete it',
    args: [childArgument],
    options: {
      ...sourceOptions,
      keep: { type: 'flag', meaning: 'do not delete it' },
      resume: { type: 'flag', meaning: 'go on with a commit that was cut off' },
    },
    examples: ['gantry disk commit monday.qcow2 --yes', 'gantry disk commit monday.vhdx --resume'],
    async run(run) {
      const [path = ''] = run.args;
      const { options } = run;
      const child = resolve(path);
      const doing = 'commit';
      if (options.keep === true) await demandUnused(child, doing);
      else await demandChangeable(run, child, { ...options, doing });
      const parentPath = await parentOf(child, storeFor(path, options), options.format);
      await demandChangeable(run, parentPath, { ...options, doing, except: [child] });
      const store = storeForBoth(child, parentPath, options.allow);
      await using disk = await openDisk({
        path: child,
        store,
        format: options.format,
        ...(options.resume === true
          ? { parent: { path: parentPath, identity: 'any' as const } }
          : {}),
      });
      demandNothingInside(disk, doing);
      const text = `the changes in ${path} into ${parentPath}`;
      if (run.dryRun) return run.out.line(`would write ${text}`);
      const end = options.keep === true ? '' : ` and delete ${path}`;
      await confirm(run, `write ${text}${end}?`);
      await whileWritable(
        parentPath,
        options.keep === true ? 'protected' : 'writable',
        async () => {
          const access = 'write';
          const { format } = disk.parent ?? {};
          await using parent = await openDisk({ path: parentPath, store, format, access });
          await commitDisk(disk, parent, verbOptions(run, `commit ${path}`));
        },
      );
      if (options.keep !== true) await rm(child);
      tell(run, { path, parent: parentPath }, `wrote ${text}`);
    },
  }),
  command({
    name: 'disk merge',
    summary: 'make one new layer of the upper layers of a chain, over the next one',
    args: [childArgument, { name: 'target', meaning: 'the file to make' }],
    options: {
      ...sourceOptions,
      layers: {
        type: 'number',
        value: 'COUNT',
        meaning: 'how many, the disk counted; 2 when absent',
      },
      ...resumeOption,
    },
    examples: [
      'gantry disk merge tuesday.qcow2 both.qcow2',
      'gantry disk merge c.vhdx abc.vhdx --layers 3',
    ],
    async run(run) {
      const [path = '', target = ''] = run.args;
      const { layers = 2 } = run.options;
      await using disk = await openSource(run, path, run.options);
      const chain = [...disk.chain()];
      if (!Number.isInteger(layers) || layers < 2 || layers >= chain.length) {
        throw new Fault('invalid', `${path} has ${chain.length} layers, the lowest stays apart`, {
          hint:
            chain.length < 3
              ? 'commit it into its parent, or flatten it'
              : `merge 2 to ${chain.length - 1} of them, or flatten all`,
        });
      }
      const names = chain.slice(0, layers).map((layer) => layer.name);
      if (run.dryRun) return run.out.line(`would merge ${names.join(', ')} into ${target}`);
      const done = await mergeLayers(disk, {
        ...verbOptions(run, `merge ${path}`),
        ...resumeChoice(run.options),
        layers,
        target: { path: resolve(target), format: disk.format },
        store: storeForBoth(target, chain[layers]?.name ?? path, run.options.allow),
      });
      noteResumed(run, done);
      tell(run, { target, layers: names }, `merged ${names.join(', ')} into ${target}`);
    },
  }),
  command({
    name: 'disk rebase',
    summary:
      'give a disk another parent; what it has shown so far stays, wherever the parents differ',
    args: [childArgument, { name: 'parent', meaning: 'the new parent', completes: 'file' }],
    options: { ...sourceOptions, 'parent-format': parentFormat },
    examples: ['gantry disk rebase web.qcow2 base-2.qcow2'],
    async run(run) {
      const [path = '', parentPath = ''] = run.args;
      const { options } = run;
      await demandChangeable(run, path, { ...options, doing: 'rebase' });
      const store = storeForBoth(path, parentPath, options.allow);
      const access = run.dryRun ? 'read' : 'write';
      const { format } = options;
      await using disk = await openDisk({ path: resolve(path), store, format, access });
      await using parent = await openDisk({
        path: resolve(parentPath),
        store,
        format: options['parent-format'],
      });
      demandNoSnapshots(disk, 'rebase');
      if (run.dryRun) return run.out.line(`would give ${path} the parent ${parentPath}`);
      const progress = verbOptions(run, `rebase ${path}`);
      const { copiedBytes } =
        disk.layer.writer?.setParent === undefined
          ? await rebaseAnew(disk, parent, { ...progress, store })
          : await rebaseDisk(disk, parent, progress);
      const text = `${path} has the parent ${parentPath}`;
      tell(
        run,
        { path, parent: parentPath, copiedBytes },
        `${text}, ${formatBytes(copiedBytes)} were copied into it`,
      );
    },
  }),
  command({
    name: 'disk reconnect',
    summary: 'tell a disk where its parent is now; another one than its own is refused',
    args: [
      childArgument,
      { name: 'parent', meaning: 'where the parent is now', completes: 'file' },
    ],
    options: { ...sourceOptions, 'parent-format': parentFormat },
    examples: ['gantry disk reconnect child.vhdx /srv/bases/base.vhdx'],
    async run(run) {
      const [path = '', parentPath = ''] = run.args;
      const { options } = run;
      await demandUnused(path, 'reconnect');
      const store = storeForBoth(path, parentPath, options.allow);
      const access = run.dryRun ? 'read' : 'write';
      const { format } = options;
      await using disk = await openDisk({
        path: resolve(path),
        store,
        format,
        access,
        parent: 'none',
      });
      await using parent = await openDisk({
        path: resolve(parentPath),
        store,
        format: options['parent-format'] ?? disk.layer.parentReference?.format,
      });
      if (run.dryRun) return run.out.line(`would connect ${path} with ${parentPath}`);
      if (disk.layer.writer?.setParent !== undefined) await reconnectDisk(disk, parent);
      else {
        await demandChangeable(run, path, { ...options, doing: 'reconnect' });
        const parentNamed = { path: resolve(parentPath), format: parent.format };
        await using child = await openDisk({
          path: resolve(path),
          store,
          format,
          parent: parentNamed,
        });
        await reconnectAnew(child, { ...verbOptions(run, `reconnect ${path}`), store });
      }
      tell(run, { path, parent: parentPath }, `${path} is connected with ${parentPath}`);
    },
  }),
];

function noteFileSystems({ out }: Pick<Run, 'out'>, fileSystems: readonly FileSystemSpace[]): void {
  for (const { partition, kind, sizeBytes, freeBytes, reason } of fileSystems) {
    const where = partition === 0 ? 'the disk' : `partition ${partition}`;
    const what = `${where}: ${kind} of ${formatBytes(sizeBytes)}`;
    if (reason === undefined) out.note(`${what}, ${formatBytes(freeBytes)} free`);
    else out.note(`${what}, left as it is: ${reason}`);
  }
}

/**
 * Parents are read-only files (DISK-24); a planned commit is the exception. Afterwards one that nobody reads from any
 * more stays writable; where the work failed it is as before.
 */
async function whileWritable(
  path: string,
  after: 'protected' | 'writable',
  work: () => Promise<void>,
): Promise<void> {
  const { mode } = await stat(path);
  await chmod(path, mode | 0o200);
  let isDone = false;
  try {
    await work();
    isDone = true;
  } finally {
    if (!isDone || after === 'protected') await chmod(path, mode);
  }
}

/** Where the parent of a disk is, without asking for its identity. */
async function parentOf(
  path: string,
  store: FileStore,
  format: string | undefined,
): Promise<string> {
  await using disk = await openDisk({ path, store, format, parent: 'none' });
  let first: unknown;
  for (const name of disk.layer.parentReference?.names ?? []) {
    try {
      return await store.locate(path, name);
    } catch (error) {
      first ??= error;
    }
  }
  throw new Fault('not-found', `${path} has no parent that can be found`, {
    cause: first,
    hint: 'gantry disk reconnect DISK PARENT',
  });
}
