/** What an agent tells of images for drives: files of its host that are some, and what is in the drives of machines. */
import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { maxKnownMedia, mediaDrives } from '../vm/known-media.ts';

const path = z.string().min(1).max(1024);

export const hostMediaSchema = z.strictObject({
  files: z
    .array(z.strictObject({ path, drive: z.enum(mediaDrives), sizeBytes: z.number().int().min(0) }))
    .max(maxKnownMedia),
  /** CD and floppy drives of the host itself; an older agent tells none. */
  drives: z
    .array(z.strictObject({ path, drive: z.enum(mediaDrives), name: z.string().max(100) }))
    .max(64)
    .default([]),
  /** False: there are more than were looked at. */
  complete: z.boolean(),
  /** Of machines that have a process. */
  inserted: z.array(z.strictObject({ path, vmId: idSchema, writes: z.boolean() })).max(200_000),
});
