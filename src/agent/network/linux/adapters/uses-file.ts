/** What the adapters of this host are for, as it was confirmed, and what was taken off them. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { adapterNameSchema, adapterUseSchema, maxHostAdapters, type AdapterUse } from '#api';
import { Fault } from '#lib';
import { writeFileAtomic } from '../../../storage/atomic-file.ts';
import { addressingSchema, type Addressing } from './addressing.ts';

const entrySchema = z.strictObject({
  adapter: adapterNameSchema,
  use: adapterUseSchema,
  held: addressingSchema.nullable(),
});
const fileSchema = z.strictObject({
  gantry: z.literal('adapter-uses'),
  format: z.literal(1),
  adapters: z.array(entrySchema).max(maxHostAdapters),
});

export interface AdapterEntry {
  readonly use: AdapterUse;
  readonly held: Addressing | null;
}
export type AdapterEntries = ReadonlyMap<string, AdapterEntry>;

/** Errors: `corrupt`: what was taken off an adapter stands nowhere else. */
export async function readUses(path: string): Promise<AdapterEntries> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  try {
    const { adapters } = fileSchema.parse(JSON.parse(text));
    return new Map(adapters.map(({ adapter, ...entry }) => [adapter, entry]));
  } catch (cause) {
    throw new Fault('corrupt', `cannot read ${path}`, { cause });
  }
}

export async function writeUses(path: string, entries: AdapterEntries): Promise<void> {
  const adapters = [...entries].map(([adapter, entry]) => ({ adapter, ...entry }));
  const text = JSON.stringify({ gantry: 'adapter-uses', format: 1, adapters });
  await writeFileAtomic(path, text, { mode: 0o600, durability: 'flushed' });
}
