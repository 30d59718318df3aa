/**
 * Writes the golden argvs anew: for each test/golden/qemu/NAME.json (a machine specification) the file
 * NAME.args, one argument per line. Read the diff before committing it.
 *
 *   node tools/golden-qemu.ts
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildCommandLine, type MachineSpec } from '#qemu';

const folder = join(import.meta.dirname, '..', 'test', 'golden', 'qemu');

for (const file of await readdir(folder)) {
  if (!file.endsWith('.json')) continue;
  const spec = JSON.parse(await readFile(join(folder, file), 'utf8')) as MachineSpec;
  const lines = `${buildCommandLine(spec).join('\n')}\n`;
  await writeFile(join(folder, file.replace(/\.json$/, '.args')), lines);
}
