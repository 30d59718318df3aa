/** What an agent keeps of the networks that there are, so that it needs nobody to carry them. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { maxNetworks, networkSpecSchema, type NetworkSpec } from '#api';
import { describeFault } from '#lib';
import type { Log } from '#log';
import { writeFileAtomic } from '../../storage/atomic-file.ts';

const fileSchema = z.strictObject({
  gantry: z.literal('networks'),
  format: z.literal(1),
  networks: z.array(networkSpecSchema).max(maxNetworks),
});

/** Undefined where it was told of none yet, or the file cannot be read: the coordinator tells them again. */
export async function readKnown(
  path: string,
  log: Log,
): Promise<readonly NetworkSpec[] | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return fileSchema.parse(JSON.parse(text)).networks;
  } catch (error) {
    log.error({ why: describeFault(error) }, `cannot read ${path}`);
    return [];
  }
}

export async function writeKnown(path: string, networks: readonly NetworkSpec[]): Promise<void> {
  const text = JSON.stringify({ gantry: 'networks', format: 1, networks });
  await writeFileAtomic(path, text, { mode: 0o600, durability: 'flushed' });
}
