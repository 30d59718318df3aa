/** A CD image of a folder of this machine. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { Fault, formatBytes } from '#lib';
import { command } from '../command.ts';
import { tell } from './tell.ts';

const maxLabel = 32;

/** What of a name can be on the label of a CD. */
function labelOf(folder: string): string {
  const label = basename(resolve(folder)).replaceAll(/[^A-Za-z0-9_-]/g, '_');
  return label.slice(0, maxLabel) || 'CD';
}

export const isoCommands = [
  command({
    name: 'disk create-iso',
    summary: 'make a CD image of a folder of this machine',
    args: [
      { name: 'folder', meaning: 'its files and folders are the content', completes: 'file' },
      { name: 'target', meaning: 'the image to make', completes: 'file' },
    ],
    options: {
      label: {
        type: 'text',
        value: 'TEXT',
        meaning: 'of the CD, letters, digits, - and _; the name of the folder when absent',
      },
    },
    examples: [
      'gantry disk create-iso drivers drivers.iso',
      'gantry disk create-iso tools tools.iso --label TOOLS',
    ],
    async run(run) {
      const [folder = '', target = ''] = run.args;
      const { label = labelOf(folder) } = run.options;
      if (existsSync(target)) throw new Fault('exists', `${target} is there already`);
      if (run.dryRun) return run.out.line(`would make ${target} of ${folder}`);
      const { createIsoOfFolder } = await import('#images');
      await createIsoOfFolder({ folder, path: target, label, signal: run.signal });
      const { size: sizeBytes } = await stat(target);
      tell(
        run,
        { path: target, label, sizeBytes },
        `${target}: ${formatBytes(sizeBytes)}, ${label}`,
      );
    },
  }),
];
