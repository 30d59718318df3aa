/**
 * Puts coordinator and agent into one file each, in the folder given: `node src/cli/system/program-bundle.ts FOLDER`.
 * Run as a process of its own, which forgets the bundler. What it saves in memory is in bench/README.md, why it is done
 * in docs/rfd/0015.
 */
import { hash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle, givenFolder } from './bundle.ts';

const programs = { coordinator: 'src/coordinator/main.ts', agent: 'src/agent/main.ts' };
const started = [
  'src/coordinator/store/sqlite/writer.ts',
  'src/coordinator/store/sqlite/reader.ts',
  'src/lib/x509/process-main.ts',
  'src/disk/packing/pack-thread.ts',
  'src/disk/moving/move-thread.ts',
  'src/agent/foreign/foreign-main.ts',
  'src/agent/network/linux/adapters/adapter-guard.ts',
  'src/agent/drivers/qemu/served/serve-disks.ts',
];

/** What was built, as sha256sum(1) reads it: a program looks at its start whether it is still so (HOST-43). */
function listContents(folder: string): void {
  const lines = readdirSync(folder)
    .toSorted()
    .map((name) => `${hash('sha256', readFileSync(join(folder, name)))}  ${name}\n`);
  writeFileSync(join(folder, 'contents.sha256'), lines.join(''));
}

const folder = givenFolder('program-bundle.ts');
if (folder !== undefined) {
  await bundle(resolve(folder), programs, started);
  listContents(resolve(folder));
}
