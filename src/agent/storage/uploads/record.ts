/**
 * What is known of an upload, in a file of its own, so that it outlives this program.
 *
 *   open --all has come, is checked and flushed--> whole --it has its name--> done
 *
 * Invariant: what the record says has been received is on the disk.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { packings, uploadBeginSchema } from '#api';
import { writeFileAtomic } from '../atomic-file.ts';
import { exists } from '../exists.ts';

const bytes = z.number().int().min(0);

const recordSchema = z.strictObject({
  id: z.uuid(),
  file: z.string(),
  sizeBytes: bytes.nullable(),
  replaces: z.boolean().default(false),
  packing: z.enum(packings),
  fingerprint: uploadBeginSchema.shape.fingerprint.unwrap(),
  owner: z.string(),
  begunMs: bytes,
  /** When something of it was last asked for. */
  usedMs: bytes,
  /** Of what is sent as it is; what is unpacked on its way begins anew with the program. */
  receivedBytes: bytes,
  state: z.enum(['open', 'whole', 'done']),
  /** Once it is whole. */
  result: z.strictObject({ sizeBytes: bytes, sha256: z.string() }).nullable(),
});
export type UploadRecord = z.infer<typeof recordSchema>;

const maxRecords = 1000;

export class UploadRecords {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(record: UploadRecord): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const options = { mode: 0o600, durability: 'flushed' } as const;
    await writeFileAtomic(this.#path(record.id), JSON.stringify(record), options);
  }

  async isThere(id: string): Promise<boolean> {
    return await exists(this.#path(id));
  }

  async remove(id: string): Promise<void> {
    await rm(this.#path(id), { force: true });
  }

  /** Those that were written whole. */
  async read(): Promise<UploadRecord[]> {
    const records: UploadRecord[] = [];
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names.filter((one) => one.endsWith('.json')).slice(0, maxRecords)) {
      const parsed = recordSchema.safeParse(await readJson(join(this.#folder, name)));
      if (parsed.success && name === `${parsed.data.id}.json`) records.push(parsed.data);
    }
    return records;
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
