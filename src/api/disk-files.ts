/**
 * What is inside a disk file or an image of a host: its file systems, their folders and files, looked at, taken out and put in
 * without a vm (docs/rfd/0028). Names and paths are text; bytes of a name that are no UTF-8 are written `\xNN`, a backslash `\\`.
 */
import { z } from 'zod';
import { timeSchema } from './ids.ts';

/** A folder with more entries is taken out whole. */
export const maxInnerEntries = 20_000;
/** What one request may put into a disk. */
export const maxInnerFileBytes = 64 * 1024 ** 2;

export const innerFileKinds = ['file', 'folder', 'link', 'other'] as const;
/** What is put into a disk; a folder as a tar archive. */
export const putKinds = ['file', 'folder'] as const;
export type PutKind = (typeof putKinds)[number];
const bytes = z.number().int().min(0);

export const innerPartition = z
  .int()
  .min(0)
  .max(999)
  .meta({ description: 'number of the partition; 0: the disk itself, without partitions' });

export const innerPath = z
  .string()
  .max(2048)
  .meta({ description: 'path inside the file system, from its root on' });

export const innerFileSystemSchema = z
  .strictObject({
    partition: innerPartition,
    start: bytes.meta({ description: 'where it begins in the disk, bytes' }),
    sizeBytes: bytes,
    name: z.string().max(64).nullable().meta({ description: 'what it holds; null: not known' }),
    label: z.string().max(256).nullable(),
    readable: z.boolean().meta({ description: 'whether its folders can be looked at' }),
  })
  .meta({ id: 'InnerFileSystem', description: 'a partition of a disk and what it holds' });
export type InnerFileSystem = z.infer<typeof innerFileSystemSchema>;

export const innerFileSchema = z
  .strictObject({
    name: z.string().max(1100),
    kind: z.enum(innerFileKinds),
    sizeBytes: bytes,
    changedAt: timeSchema.nullable().meta({ description: 'null: no date that there is' }),
    mode: z.number().int().min(0).max(0o7777).meta({ description: 'permission bits' }),
    uid: bytes,
    gid: bytes,
    target: z.string().max(20_000).nullable().meta({ description: 'where a link leads' }),
  })
  .meta({ id: 'InnerFile', description: 'a file or folder inside a disk' });
export type InnerFile = z.infer<typeof innerFileSchema>;

export const innerFilesSchema = z
  .strictObject({
    fileSystems: z.array(innerFileSystemSchema).max(256),
    readOnly: z
      .string()
      .max(1000)
      .nullable()
      .meta({ description: 'why nothing can be put into it now; null: something can' }),
    folder: z
      .strictObject({
        partition: innerPartition,
        path: innerPath,
        items: z.array(innerFileSchema).max(maxInnerEntries),
      })
      .nullable()
      .meta({ description: 'the folder that was asked for; null: none was' }),
  })
  .meta({ id: 'InnerFiles', description: 'what is inside a disk' });
export type InnerFiles = z.infer<typeof innerFilesSchema>;
