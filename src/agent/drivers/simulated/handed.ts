/**
 * Guests of a simulated host that are all on another one and stand still here. A real process knows that of itself, and outlives
 * its agent; here a file does.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { idSchema } from '#api';
import { miB } from '#lib';
import { writeFileAtomic } from '../../storage/atomic-file.ts';

const handedGuestSchema = z.strictObject({
  id: idSchema,
  /** Of the process that it left: a later one is another guest. */
  generation: z.int().min(0),
  sentBytes: z.int().min(0),
  /** Since when it stands still, by the clock of its host. */
  sinceMs: z.number(),
});
export type HandedGuest = z.infer<typeof handedGuestSchema>;

const handedSchema = z.strictObject({
  gantry: z.literal('handed-over'),
  format: z.literal(1),
  guests: z.array(handedGuestSchema),
});
const maxBytes = 16 * miB;

export class HandedGuests {
  readonly #path: string;
  readonly #guests: Map<string, HandedGuest>;
  #written: Promise<void> = Promise.resolve();

  private constructor(path: string, guests: readonly HandedGuest[]) {
    this.#path = path;
    this.#guests = new Map(guests.map((guest) => [guest.id, guest]));
  }

  /** Errors: those of the file system; one that cannot be read, since two guests might run then. */
  static async open(path: string): Promise<HandedGuests> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return new HandedGuests(path, []);
    if (text.length > maxBytes) throw new Error(`${path} is larger than ${maxBytes} bytes`);
    return new HandedGuests(path, handedSchema.parse(JSON.parse(text)).guests);
  }

  find(id: string, generation: number): HandedGuest | undefined {
    const guest = this.#guests.get(id);
    return guest?.generation === generation ? guest : undefined;
  }

  /** Resolves when it is kept. Errors: those of the file system. */
  async add(guest: HandedGuest): Promise<void> {
    this.#guests.set(guest.id, guest);
    await this.#write();
  }

  /** Resolves when it is kept. Errors: those of the file system. */
  async delete(id: string): Promise<void> {
    if (this.#guests.delete(id)) await this.#write();
  }

  async #write(): Promise<void> {
    const write = async (): Promise<void> => {
      const guests = [...this.#guests.values()];
      const data = JSON.stringify({ gantry: 'handed-over', format: 1, guests });
      await writeFileAtomic(this.#path, data, { mode: 0o600, durability: 'cached' });
    };
    const mine = this.#written.catch(() => undefined).then(write);
    this.#written = mine;
    await mine;
  }
}
