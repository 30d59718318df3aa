/** Assembles the sources of machine code that this tool holds assembled, so that tests can compare. */
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from '../run.ts';

/** The code, or undefined on a machine without an assembler (package binutils). */
export async function assemble(sourcePath: string): Promise<Buffer | undefined> {
  const isThere = await access('/usr/bin/as').then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'gas-'));
  try {
    const object = join(folder, 'object');
    const binary = join(folder, 'binary');
    await runTool(['as', '-o', object, sourcePath]);
    await runTool(['objcopy', '-O', 'binary', '-j', '.text', object, binary]);
    return await readFile(binary);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
