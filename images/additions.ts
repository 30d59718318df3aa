/** The files of the guest additions that every guest gets, whether built in or installed from the CD. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CpioEntry } from './cpio.ts';
import { additionsVersion } from './version.ts';

/** `via` says how they came into the guest: `starter`, `debian` or `cd`. */
export async function additionsFiles(via: string): Promise<CpioEntry[]> {
  const command = await readFile(join(import.meta.dirname, 'additions', 'gantry-guest'));
  const facts = { version: additionsVersion, via };
  return [
    { kind: 'file', path: 'bin/gantry-guest', mode: 0o755, data: command },
    {
      kind: 'file',
      path: 'usr/share/gantry/additions.json',
      mode: 0o644,
      data: Buffer.from(`${JSON.stringify(facts)}\n`),
    },
  ];
}
