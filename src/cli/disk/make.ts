/** Verbs that make new files and leave the old ones as they are: create, convert, flatten, repair, split, join. */
import { existsSync } from 'node:fs';
import { chmod, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  convertDisk,
  demandNothingInside,
  flattenDisk,
  formatNamed,
  hostStore,
  joinDisk,
  makeDisk,
  measure,
  openDisk,
  parentFor,
  readPieceList,
  repairInto,
  roundedSize,
  splitDisk,
  type ConvertOptions,
} from '#disk';
import { Fault, formatBytes, parseBytes } from '#lib';
import { command, type Run } from '../command.ts';
import { demandChangeable, formatInName, openSource, sourceOptions } from './open.ts';
import { verbOptions } from './progress.ts';
import { noteResumed, resumeChoice, resumeOption } from './resume.ts';
import { formatOption, newDisk, targetFormat, targetOptions } from './target.ts';
import { tell } from './tell.ts';

/** What was made, as people and programs read it. */
async function tellMade(
  run: Pick<Run, 'out' | 'format'>,
  path: string,
  format: string,
): Promise<void> {
  await using disk = await openDisk({
    path: resolve(path),
    store: hostStore(),
    format,
    parent: 'none',
  });
  const { sizeBytes, layer } = disk;
  const storedBytes = await layer.file.storedBytes?.();
  const { variant } = layer.describe();
  const stored = storedBytes === undefined ? '' : `, ${formatBytes(storedBytes)} on the volume`;
  const thing = { path, format, variant, sizeBytes, storedBytes };
  const kind = variant === format ? format : `${variant} ${format}`;
  tell(run, thing, `made ${path}: ${kind} of ${formatBytes(sizeBytes)}${stored}`);
}

function demandFree(path: string): void {
  if (!existsSync(path)) return;
  throw new Fault('exists', `${path} is there already`, { hint: 'choose another name' });
}

const compressed = (method: string | undefined): { readonly compress: boolean } => ({
  compress: method !== undefined,
});

export const makeCommands = [
  command({
    name: 'disk create',
    summary: 'a new empty disk, or one that holds only what changes over a parent',
    args: [
      { name: 'path', meaning: 'the file to make' },
      { name: 'size', meaning: 'for example 20G; not with --parent', optional: true },
    ],
    options: {
      format: formatOption,
      ...targetOptions,
      parent: {
        type: 'text',
        value: 'FILE',
        meaning: 'the disk that it is made over; becomes read-only',
      },
      'parent-format': { ...sourceOptions.format, meaning: 'the format of the parent' },
    },
    examples: [
      'gantry disk create data.qcow2 20G',
      'gantry disk create old.vhd 8G --type fixed',
      'gantry disk create monday.vhdx --parent base.vhdx',
    ],
    async run(run) {
      const [path = '', size] = run.args;
      const { options, signal } = run;
      const format = targetFormat(path, options.format);
      const wanted = newDisk(path, format, options);
      if ((size === undefined) === (options.parent === undefined)) {
        throw new Fault('invalid', 'a new disk has either a size or a parent whose size it takes', {
          hint: 'gantry disk create data.qcow2 20G',
        });
      }
      demandFree(path);
      if (options.parent === undefined) {
        const sizeBytes = roundedSize({ ...wanted, sizeBytes: parseBytes(size ?? '') });
        if (run.dryRun) return run.out.line(`would make ${path} of ${formatBytes(sizeBytes)}`);
        await makeDisk({ ...wanted, sizeBytes, signal }, hostStore());
        return tellMade(run, path, format.name);
      }
      const parentPath = resolve(options.parent);
      const store = hostStore([dirname(resolve(path)), dirname(parentPath)]);
      await using below = await openDisk({
        path: parentPath,
        store,
        format: options['parent-format'],
      });
      const named = options['parent-format'] === undefined ? formatInName(below) : undefined;
      if (named !== undefined) {
        throw new Fault(
          'invalid',
          `${options.parent} has nothing of a ${named.name} but the name`,
          {
            hint: 'if it is raw all the same, say so: --parent-format raw',
          },
        );
      }
      const parent = await parentFor(resolve(path), below);
      const { sizeBytes } = below;
      if (run.dryRun) return run.out.line(`would make ${path} over ${options.parent}`);
      await makeDisk({ ...wanted, sizeBytes, parent, signal }, store);
      await protect(parentPath);
      return tellMade(run, path, format.name);
    },
  }),
  command({
    name: 'disk convert',
    summary: 'a copy with the same content in another format or type; of a chain, one disk',
    args: [
      { name: 'disk', meaning: 'a disk file', completes: 'file' },
      { name: 'target', meaning: 'the file to make', completes: 'file' },
    ],
    options: {
      ...sourceOptions,
      to: {
        ...formatOption,
        meaning: 'the format of the target; the ending of its name decides when absent',
      },
      ...targetOptions,
      snapshot: {
        type: 'text',
        value: 'NAME',
        meaning: 'an internal snapshot instead of the present content',
      },
      verify: {
        type: 'flag',
        meaning: 'read both again and compare before the target gets its name',
      },
      'no-sync': {
        type: 'flag',
        meaning: 'do not wait until the volume has all of it: lost with the power, sooner done',
      },
      ...resumeOption,
    },
    examples: [
      'gantry disk convert web.vmdk web.qcow2',
      'gantry disk convert web.raw web.vhd --type fixed --verify',
      'gantry disk convert web.qcow2 small.qcow2 --compress zstd',
      'gantry disk convert web.qcow2 web.vmdk --type streamOptimized',
      'gantry disk convert huge.vhdx huge.qcow2 --resume',
    ],
    async run(run) {
      const [path = '', target = ''] = run.args;
      const { options } = run;
      const format = targetFormat(target, options.to);
      const wanted = newDisk(target, format, options);
      demandFree(target);
      const { snapshot } = options;
      await using disk = await openSource(run, path, options, { snapshot });
      if (run.dryRun) {
        const { dataBytes } = await measure(disk, run.signal);
        const text = `would make ${target} of ${formatBytes(disk.sizeBytes)}`;
        return run.out.line(`${text}, of which ${formatBytes(dataBytes)} are data`);
      }
      const convert: ConvertOptions = {
        ...verbOptions(run, `convert ${path}`),
        ...compressed(options.compress),
        target: { ...wanted, durability: options['no-sync'] === true ? 'memory' : 'volume' },
        store: hostStore(),
        verify: options.verify === true ? 'compare' : 'none',
      };
      noteResumed(run, await convertDisk(disk, { ...convert, ...resumeChoice(options) }));
      return tellMade(run, target, format.name);
    },
  }),
  command({
    name: 'disk flatten',
    summary: 'make one disk of a chain: in its own place, or as a new file',
    args: [
      { name: 'disk', meaning: 'a disk with a parent', completes: 'file' },
      { name: 'target', meaning: 'the file to make; its own place when absent', optional: true },
    ],
    options: { ...sourceOptions, ...resumeOption },
    examples: ['gantry disk flatten child.vhdx', 'gantry disk flatten child.qcow2 whole.qcow2'],
    async run(run) {
      const [path = '', target] = run.args;
      const doing = 'flatten';
      if (target === undefined) await demandChangeable(run, path, { ...run.options, doing });
      else demandFree(target);
      await using disk = await openSource(run, path, run.options);
      if (target === undefined) demandNothingInside(disk, doing);
      const layers = [...disk.chain()].length;
      const goal = target ?? path;
      if (run.dryRun) return run.out.line(`would make one disk of ${layers} layers in ${goal}`);
      const done = await flattenDisk(disk, {
        ...verbOptions(run, `flatten ${path}`),
        ...resumeChoice(run.options),
        target: { path: resolve(goal), existing: target === undefined ? 'replace' : 'keep' },
        store: hostStore(),
      });
      noteResumed(run, done);
      return tellMade(run, goal, disk.format);
    },
  }),
  command({
    name: 'disk repair',
    summary: 'write a damaged disk anew into another file, all that can be read of it',
    args: [
      { name: 'disk', meaning: 'a disk file', completes: 'file' },
      { name: 'target', meaning: 'the file to make; the damaged one stays as it is' },
    ],
    options: {
      ...sourceOptions,
      to: { ...formatOption, meaning: 'the format of the target; that of the disk when absent' },
      ...targetOptions,
      ...resumeOption,
    },
    examples: ['gantry disk repair broken.qcow2 mended.qcow2'],
    async run(run) {
      const [path = '', target = ''] = run.args;
      const { options } = run;
      demandFree(target);
      await using disk = await openSource(run, path, options);
      const format = formatNamed(options.to ?? disk.format);
      if (run.dryRun) return run.out.line(`would write ${path} anew into ${target}`);
      const done = await repairInto(disk, {
        ...verbOptions(run, `repair ${path}`),
        ...compressed(options.compress),
        ...resumeChoice(options),
        target: newDisk(target, format, options),
        store: hostStore(),
      });
      noteResumed(run, done);
      return tellMade(run, target, format.name);
    },
  }),
  command({
    name: 'disk split',
    summary: 'cut a disk file into pieces, with a list that has a checksum of each',
    args: [{ name: 'disk', meaning: 'a disk file', completes: 'file' }],
    options: {
      format: sourceOptions.format,
      piece: { type: 'size', value: 'SIZE', meaning: 'size of a piece; 2000M when absent' },
      folder: {
        type: 'text',
        value: 'DIR',
        meaning: 'for the pieces; that of the disk when absent',
      },
      ...resumeOption,
    },
    examples: ['gantry disk split web.vhd --piece 650M --folder /media/stick'],
    async run(run) {
      const [path = ''] = run.args;
      const { piece: pieceBytes = 2000 * 1024 * 1024, folder = dirname(resolve(path)) } =
        run.options;
      await using disk = await openSource(run, path, run.options, { parent: 'none' });
      const count = Math.ceil((await disk.layer.file.size()) / pieceBytes);
      if (run.dryRun) return run.out.line(`would make ${count} pieces in ${folder}`);
      const options = {
        ...verbOptions(run, `split ${path}`),
        ...resumeChoice(run.options),
        pieceBytes,
        folder,
      };
      const list = await splitDisk(disk, options);
      tell(run, { list, pieces: count }, `made ${count} pieces of ${path}; their list is ${list}`);
    },
  }),
  command({
    name: 'disk join',
    summary: 'make a disk file again out of its pieces, each of which is checked',
    args: [
      { name: 'list', meaning: 'the list that split made: NAME.pieces.json', completes: 'file' },
      { name: 'target', meaning: 'the file to make; its old name when absent', optional: true },
    ],
    options: resumeOption,
    examples: ['gantry disk join /media/stick/web.vhd.pieces.json web.vhd'],
    async run(run) {
      const [list = '', named] = run.args;
      const { file, format, pieces } = await readPieceList(list);
      const target = named ?? file;
      demandFree(target);
      if (run.dryRun) return run.out.line(`would join ${pieces.length} pieces to ${target}`);
      await joinDisk(list, resolve(target), {
        ...verbOptions(run, `join ${target}`),
        ...resumeChoice(run.options),
      });
      return tellMade(run, target, format);
    },
  }),
];

/** A disk that others are made from is not written to by mistake (DISK-24). */
async function protect(path: string): Promise<void> {
  const { mode } = await stat(path);
  await chmod(path, mode & 0o555);
}
