/** What a file is known by while something lies on it (DISK-25). */
import { z } from 'zod';

export const fileName = z.string().min(1).max(1024);

export const sealSchema = z.strictObject({
  sizeBytes: z.number().int().min(0),
  /** Nanoseconds since the epoch. */
  modified: z.string().max(32),
  /** SHA-256 of its first 64 KiB: the header of an image with a format. */
  head: z.string().max(64),
  /** Its permissions before it was write-protected. */
  mode: z.number().int().min(0).max(0o777),
});
export type Seal = z.infer<typeof sealSchema>;

/** Its permissions do not count: they were changed by us. */
export function isSameSeal(one: Seal, other: Seal): boolean {
  return (
    one.sizeBytes === other.sizeBytes && one.modified === other.modified && one.head === other.head
  );
}
