/** What a host tells of one of its drives. */
import { z } from 'zod';

export const hostDriveSchema = z.strictObject({
  sizeBytes: z.number().int().min(0),
  /** A name of it that stays its own, where there is one. */
  path: z.string().max(256),
  /** WWN or serial number; empty where it tells none. */
  identity: z.string().max(200),
  /** What of the host uses it, in words; null: nothing. */
  usedBy: z.string().max(1024).nullable(),
  /** Nobody can write it. */
  readOnly: z.boolean(),
});
