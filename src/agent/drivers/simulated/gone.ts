/** Which vms of a simulated host's fleet have been deleted, or have moved to another host: they are not there again at its next start. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { idSchema } from '#api';
import { miB } from '#lib';
import { writeFileAtomic } from '../../storage/atomic-file.ts';

const goneSchema = z.strictObject({
  gantry: z.literal('gone'),
  format: z.literal(1),
  ids: z.array(idSchema),
});
const maxBytes = 16 * miB;

export class Gone {
  readonly #path: string;
  readonly #ids: Set<string>;
  #written: Promise<void> = Promise.resolve();

  private constructor(path: string, ids: readonly string[]) {
    this.#path = path;
    this.#ids = new Set(ids);
  }

  /** One that cannot be read counts as none: then they are all there again. Errors: those of the file system. */
  static async open(path: string): Promise<Gone> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const read = text.length > maxBytes ? undefined : goneSchema.safeParse(parse(text));
    return new Gone(path, read?.data?.ids ?? []);
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Resolves when it is kept. Errors: those of the file system. */
  async add(id: string): Promise<void> {
    if (this.#ids.has(id)) return;
    this.#ids.add(id);
    const write = async (): Promise<void> => {
      const data = JSON.stringify({ gantry: 'gone', format: 1, ids: [...this.#ids] });
      await writeFileAtomic(this.#path, data, { mode: 0o600, durability: 'cached' });
    };
    const mine = this.#written.catch(() => undefined).then(write);
    this.#written = mine;
    await mine;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
