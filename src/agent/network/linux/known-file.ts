/** What an agent keeps of the networks that there are, so that it needs nobody to carry them. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { maxNetworks, networkSpecSchema, spanStandingSchema } from '#api';
import { describeFault } from '#lib';
import type { Log } from '#log';
import { writeFileAtomic } from '../../storage/atomic-file.ts';

const fileSchema = z.strictObject({
  gantry: z.literal('networks'),
  format: z.literal(1),
  networks: z.array(networkSpecSchema).max(maxNetworks),
  spans: z.array(spanStandingSchema).max(maxNetworks).default([]),
});
export type KnownNetworks = Pick<z.infer<typeof fileSchema>, 'networks' | 'spans'>;

/** Undefined where it was told of none yet, or the file cannot be read: the coordinator tells them again. */
export async function readKnown(path: string, log: Log): Promise<KnownNetworks | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (error) {
    log.error({ why: describeFault(error) }, `cannot read ${path}`);
    return { networks: [], spans: [] };
  }
}

export async function writeKnown(path: string, known: KnownNetworks): Promise<void> {
  const text = JSON.stringify({ gantry: 'networks', format: 1, ...known });
  await writeFileAtomic(path, text, { mode: 0o600, durability: 'flushed' });
}
