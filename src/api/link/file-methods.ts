/** What a coordinator may ask of an agent about files as they are: disks, images and exports that leave a host. */
import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { hostPath } from './disk-methods.ts';

/** A file by its path, or the disk of a machine by its place. */
export const fileSourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('path'), file: hostPath }),
  z.strictObject({ kind: z.literal('disk'), id: idSchema, place: z.string().min(1).max(40) }),
]);
export type FileSource = z.infer<typeof fileSourceSchema>;

const size = z.number().int().min(0);
/** Of one content: another as soon as the file has changed. */
const tag = z.string().regex(/^[0-9a-f]{32}$/);

export const fileMethods = {
  /**
   * Whether a file can be given out now, and what it is. Errors: `forbidden`, `not-found`, `invalid`; `refused` with `vmIds` among its
   * facts while a vm writes to it, and where a disk consists of several files.
   */
  'host.file.look': {
    params: z.strictObject({ source: fileSourceSchema }),
    result: z.strictObject({ path: hostPath, sizeBytes: size, tag }),
  },
  /**
   * Asks the agent to dial a stream connection and to send a part of a file, as it was when it had the tag; answered when the
   * connection is there. A file that changes meanwhile is never sent to its end. Errors: as `host.file.look`; `stale`.
   */
  'host.file.send': {
    params: z.strictObject({
      streamId: z.string().max(64),
      source: fileSourceSchema,
      tag,
      offset: size,
      length: size,
    }),
    result: z.strictObject({}),
  },
} as const;
