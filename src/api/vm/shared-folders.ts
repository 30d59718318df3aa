/** Folders of the host that a guest can use under a name (GA-28). */
import { z } from 'zod';

/** How many a vm has room for. */
export const maxSharedFolders = 4;

/** What a guest mounts it by: virtio's mount tag has room for 31 characters (virtio 1.2, 5.16.4 of file systems by 9P). */
export const sharedFolderNameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,30}$/,
    'is not a letter or digit and up to 30 of A-Za-z0-9._-',
  );

export const sharedFolderSchema = z
  .strictObject({
    slot: z
      .number()
      .int()
      .min(0)
      .max(maxSharedFolders - 1)
      .meta({ description: 'number of the shared folder, from 0' }),
    name: sharedFolderNameSchema.meta({ description: 'what the guest mounts it by' }),
    hostPath: z
      .string()
      .max(1024)
      // No control characters, and no way up: what is allowed is judged by the path as it stands.
      .regex(
        // Written out: \P{Cc} is no regular expression where the OpenAPI document is read in other languages.
        // oxlint-disable-next-line no-control-regex -- they are what is kept out
        /^\/(?!.*(?:^|\/)\.\.?(?:\/|$))[^\u0000-\u001f\u007f-\u009f]*$/,
        'is not an absolute path without . and ..',
      )
      .meta({ description: "folder on the host, inside the host's search path" }),
    readOnly: z
      .boolean()
      .default(true)
      .meta({ description: 'the host lets the guest change nothing in it' }),
  })
  .meta({ id: 'VmSharedFolder', description: 'a folder of the host that the guest can use' });
export type SharedFolder = z.infer<typeof sharedFolderSchema>;

export const sharedFolderAddSchema = sharedFolderSchema
  .omit({ slot: true })
  .meta({ id: 'SharedFolderAdd' });
export type SharedFolderAdd = z.infer<typeof sharedFolderAddSchema>;
