/** The programs of an agent that is killed: after so many calls none of them does anything any more. */
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findPrograms, type Programs } from '../network/linux/programs.ts';

/** Those that change something. */
const mortal = ['ip', 'bridge', 'tc', 'nft', 'unshare', 'nsenter'] as const;

/** They are in a folder below the given one; calls are counted over all of them. */
export async function mortalPrograms(below: string, calls: number): Promise<Programs> {
  const programs = await findPrograms();
  assert.ok(typeof programs !== 'string', String(programs));
  const folder = join(below, 'mortal');
  const count = join(folder, 'calls');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  await writeFile(count, '');
  const wrapped: Record<string, string> = {};
  for (const name of mortal) {
    const path = join(folder, name);
    const script = [
      '#!/bin/sh',
      `printf x >>${count}`,
      `read -r made <${count}`,
      `[ \${#made} -le ${calls} ] || exit 137`,
      `exec ${programs[name]} "$@"`,
      '',
    ];
    await writeFile(path, script.join('\n'), { mode: 0o755 });
    wrapped[name] = path;
  }
  return { ...programs, ...wrapped };
}
