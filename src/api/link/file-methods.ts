/** What a coordinator may ask of an agent about files as they are: disks, images and exports that leave a host. */
import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { hostUploadSchema, maxUploads, uploadBeginSchema } from '../upload.ts';
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
  /**
   * Begins an upload, or answers the one that the same owner has begun with the same words. Errors: `forbidden`, `not-found`, `exists`,
   * `exhausted`; `refused` where another upload is to have the name.
   */
  'host.upload.begin': {
    params: uploadBeginSchema.extend({
      id: idSchema,
      owner: z.string().max(64),
      work: z.enum(['do', 'check']),
    }),
    result: z.strictObject({ upload: hostUploadSchema }),
  },
  'host.upload.list': {
    params: z.strictObject({}),
    result: z.strictObject({ uploads: z.array(hostUploadSchema).max(4 * maxUploads) }),
  },
  /**
   * Asks the agent to dial a stream connection and to take a part of an upload; answered when it is kept. What has come of a part that
   * broke is kept, too. Errors: `not-found`; `stale` where it begins elsewhere; `exhausted`; `invalid` for what cannot be unpacked.
   */
  'host.upload.take': {
    params: z.strictObject({
      streamId: z.string().max(64),
      id: idSchema,
      offset: size,
      sizeBytes: size.min(1),
    }),
    result: z.strictObject({ upload: hostUploadSchema }),
  },
  /** Nothing of it is left. */
  'host.upload.stop': { params: z.strictObject({ id: idSchema }), result: z.strictObject({}) },
} as const;
