/**
 * Work on disk files of a host by path, whether a vm has them or none: one request per verb, and what each answers as the
 * result of its operation. Paths lie in the host's folders for vms; new files are put in the place of old ones only by an upload that was
 * begun for that.
 */
import { z } from 'zod';
import { idSchema } from './ids.ts';
import { sha256Schema } from './upload.ts';
import { diskAllocations, diskCompactSchema } from './vm/travel.ts';

const path = z
  .string()
  .min(2)
  .max(1024)
  .regex(/^\/[^\0]*[^/\0]$/, 'is not the absolute path of a file')
  .refine((text) => !text.split('/').includes('..'), 'leads outside of its folder');

const file = path.meta({ description: 'the disk, by its path on the host' });
const source = {
  file,
  sourceFormat: z.string().min(1).max(16).optional().meta({
    description:
      'its format, of a disk of a vm the one of its settings; content decides when absent',
  }),
};
const target = path.meta({ description: 'the file to make; nothing has its name yet' });
const parent = path.meta({
  description: 'the disk that is to be the parent; it becomes read-only',
});
const sizeBytes = z
  .number()
  .int()
  .min(512)
  .max(64 * 1024 ** 4)
  .meta({ description: 'size the guest sees, bytes' });
const offset = z
  .number()
  .int()
  .min(0)
  .default(0)
  .meta({ description: 'begin there, bytes; `next` of an answer that was not complete' });

/** Formats in which disks are made. */
export const madeFormats = ['qcow2', 'raw', 'vhd', 'vhdx', 'vmdk'] as const;

const shape = {
  format: z.enum(madeFormats),
  allocation: z
    .enum(diskAllocations)
    .default('dynamic')
    .meta({ description: 'fixed: all of its space is taken at once' }),
};
/** What a format lets be chosen beyond that. */
const kind = {
  variant: z.string().min(1).max(32).optional().meta({
    description:
      'the kind, in the word of its format (v2, v3-subclusters, streamOptimized, monolithicSparse); that of the allocation when absent',
  }),
  blockBytes: z
    .number()
    .int()
    .min(512)
    .max(256 * 1024 ** 2)
    .optional()
    .meta({ description: 'unit of allocation, bytes; the usual one of the format when absent' }),
};
const sectorBytes = z
  .literal([512, 4096])
  .optional()
  .meta({ description: 'logical sector that the guest sees (vhdx)' });
const otherFormat = z.string().min(1).max(16).optional().meta({
  description: 'format of the other disk, as sourceFormat',
});
const parentFormat = z.string().min(1).max(16).optional().meta({
  description: 'format of the parent, as sourceFormat',
});
const compression = z
  .enum(['none', 'zlib', 'zstd'])
  .default('none')
  .meta({ description: 'compress what is stored (qcow2)' });

const empty = z.strictObject({});

export const diskWorkSchema = z
  .discriminatedUnion('verb', [
    z.strictObject({ verb: z.literal('map'), ...source, offset }),
    z.strictObject({
      verb: z.literal('measure'),
      ...source,
      freeBlocks: diskCompactSchema.shape.freeBlocks,
      fixed: diskCompactSchema.shape.fixed,
    }),
    z.strictObject({ verb: z.literal('compare'), ...source, other: file, otherFormat }),
    z.strictObject({
      verb: z.literal('diff'),
      ...source,
      other: file.optional().meta({ description: 'its parent when absent' }),
      otherFormat,
      offset,
    }),
    z.strictObject({
      verb: z.literal('checksum'),
      ...source,
      algorithm: z.enum(['sha256', 'sha512', 'sha1', 'md5']).default('sha256'),
    }),
    z.strictObject({
      verb: z.literal('check'),
      ...source,
      layers: z.enum(['one', 'all']).default('one').meta({ description: 'all: its parents too' }),
    }),
    z.strictObject({
      verb: z.literal('create'),
      file: target,
      ...shape,
      ...kind,
      sectorBytes,
      sizeBytes,
      compression: compression.unwrap().optional().meta({
        description: 'by what clusters that are compressed later are (qcow2); zlib when absent',
      }),
    }),
    z.strictObject({
      verb: z.literal('create-floppy'),
      file: target,
      label: z
        .string()
        .regex(/^[A-Za-z0-9_-][A-Za-z0-9 _-]{0,10}$/, 'is not the label of a floppy')
        .default('FLOPPY')
        .meta({ description: 'at most 11 letters and digits' }),
    }),
    z.strictObject({
      verb: z.literal('create-child'),
      file: target,
      parent,
      parentFormat,
      format: z.enum(['qcow2', 'vhd', 'vhdx', 'vmdk']),
      ...kind,
      reattach: z.boolean().optional().meta({
        description:
          'the vm that has the parent as its disk has the child in its place from then on; takes the right vm.disks on it',
      }),
    }),
    z.strictObject({
      verb: z.literal('convert'),
      ...source,
      target,
      ...shape,
      ...kind,
      sectorBytes,
      compression,
      snapshot: z.string().min(1).max(255).optional().meta({
        description: 'id or name of an internal snapshot, instead of the present content',
      }),
    }),
    z.strictObject({ verb: z.literal('resize'), ...source, sizeBytes }),
    z.strictObject({ verb: z.literal('compact'), ...source, ...diskCompactSchema.shape }),
    z.strictObject({
      verb: z.literal('commit'),
      ...source,
      resume: z
        .boolean()
        .default(false)
        .meta({ description: 'go on with a commit that has failed half-way' }),
      child: z
        .enum(['delete', 'keep'])
        .default('delete')
        .meta({ description: 'what becomes of the disk when its parent has all that it held' }),
    }),
    z.strictObject({
      verb: z.literal('merge'),
      ...source,
      target,
      layers: z
        .number()
        .int()
        .min(2)
        .max(128)
        .default(2)
        .meta({ description: 'how many layers become one, the disk counted' }),
    }),
    z.strictObject({ verb: z.literal('rebase'), ...source, parent, parentFormat }),
    z.strictObject({ verb: z.literal('reconnect'), ...source, parent, parentFormat }),
    z.strictObject({
      verb: z.literal('flatten'),
      ...source,
      target: target.optional().meta({ description: 'its own place when absent' }),
    }),
    z.strictObject({
      verb: z.literal('repair'),
      ...source,
      target,
      format: shape.format.optional().meta({ description: 'that of the disk when absent' }),
      allocation: shape.allocation,
      ...kind,
      sectorBytes,
      compression,
    }),
    z.strictObject({
      verb: z.literal('split'),
      ...source,
      target: target.meta({ description: 'the folder to make, for the pieces and their list' }),
      pieceBytes: z
        .number()
        .int()
        .min(1024 ** 2)
        .default(2000 * 1024 ** 2)
        .meta({ description: 'size of a piece' }),
    }),
    z.strictObject({
      verb: z.literal('join'),
      file: file.meta({ description: 'the list that split made: NAME.pieces.json' }),
      target,
    }),
    z.strictObject({
      verb: z.literal('upload'),
      file: target,
      upload: idSchema.meta({ description: 'all of it has been sent' }),
      sha256: sha256Schema
        .optional()
        .meta({ description: 'of what was sent; where it is another nothing is kept' }),
      replaces: z.boolean().optional().meta({
        description: 'as the upload was begun: the disk is there, and is overwritten',
      }),
      keepsSize: z.boolean().optional().meta({
        description:
          'a raw disk that was larger than what replaces it stays so; refused where more than zeros would be lost behind that',
      }),
    }),
    z.strictObject({
      verb: z.literal('unpack'),
      file: path.meta({
        description:
          'an archive with the vm of another product: zip, tar, or tar packed with gzip, xz or zstd',
      }),
      target: target.meta({ description: 'the folder to make; nothing has its name yet' }),
      archive: z
        .enum(['keep', 'delete'])
        .default('keep')
        .meta({ description: 'when all that is in it has been unpacked' }),
      upload: idSchema.optional().meta({
        description:
          'the archive is what has come by this upload, all of which has been sent; file is what that was to make',
      }),
      sha256: sha256Schema.optional().meta({
        description: 'of what was sent; where it is another nothing is kept',
      }),
    }),
    z.strictObject({ verb: z.literal('wipe'), ...source }),
    z.strictObject({ verb: z.literal('delete'), file }),
    z.strictObject({
      verb: z.literal('delete-unpacked'),
      file: path.meta({
        description: 'a folder that unpack has made; what did not come out of the archive stays',
      }),
    }),
  ])
  .meta({ id: 'DiskWork', description: 'work on a disk file of a host' });
export type DiskWork = z.infer<typeof diskWorkSchema>;
export type DiskVerb = DiskWork['verb'];

const count = z.number().int().min(0);
const held = z.enum(['data', 'zero', 'beyond']);
const made = z.strictObject({ path, format: z.string(), variant: z.string(), sizeBytes: count });

/** Rows of a map or a list of differences in one answer. */
export const maxDiskRows = 1000;

const rows = <const T extends z.ZodType>(row: T) =>
  z.strictObject({
    rows: z.array(row).max(maxDiskRows),
    next: count.nullable().meta({ description: 'offset to go on from; null: it is complete' }),
  });

/** What the operation of each verb has as its result. */
export const diskAnswers = {
  map: rows(
    z.strictObject({
      offset: count,
      length: count,
      kind: z.enum(['zero', 'data', 'compressed']),
      depth: count.meta({ description: 'the layer that says so; 0: the disk itself' }),
    }),
  ),
  measure: z.strictObject({
    sizeBytes: count,
    dataBytes: count,
    compressedBytes: count,
    zeroBytes: count,
    fileBytes: count,
    gainBytes: count.nullable().meta({ description: 'what compacting would win, about' }),
    reason: z.string().nullable().meta({ description: 'why it cannot be compacted' }),
  }),
  compare: z.strictObject({
    isEqual: z.boolean(),
    sizesDiffer: z.boolean(),
    firstDifference: count.nullable(),
  }),
  diff: rows(z.strictObject({ offset: count, length: count, first: held, second: held })),
  checksum: z.strictObject({ algorithm: z.string(), checksum: z.string() }),
  check: z.strictObject({
    corruptions: count,
    leaks: count,
    oddities: count,
    findings: z
      .array(z.strictObject({ path: z.string(), kind: z.string(), text: z.string() }))
      .max(maxDiskRows),
  }),
  create: made,
  'create-floppy': made,
  'create-child': made,
  convert: made,
  resize: made,
  compact: z.strictObject({ fileBytes: count, gainBytes: z.number().int() }),
  commit: empty,
  merge: made,
  rebase: z.strictObject({ copiedBytes: count }),
  reconnect: empty,
  flatten: made,
  repair: made,
  split: z.strictObject({ list: path, pieces: count }),
  join: z.strictObject({ path, sizeBytes: count }),
  upload: z.strictObject({ path, sizeBytes: count, sha256: z.string() }),
  unpack: z.strictObject({
    path,
    files: count,
    sizeBytes: count,
    configurations: z
      .array(path)
      .max(100)
      .meta({ description: 'of vms of other products, by which they are imported' }),
  }),
  wipe: empty,
  delete: empty,
  'delete-unpacked': z.strictObject({
    remains: z.boolean().meta({ description: 'the folder stays with what others put there' }),
  }),
} as const satisfies Record<DiskVerb, z.ZodObject>;
export type DiskAnswer<V extends DiskVerb = DiskVerb> = z.infer<(typeof diskAnswers)[V]>;

export const diskVerbs = Object.keys(diskAnswers) as readonly DiskVerb[];

/** Verbs that only read; all others make or change files. */
export const readingVerbs: ReadonlySet<DiskVerb> = new Set<DiskVerb>([
  'map',
  'measure',
  'compare',
  'diff',
  'checksum',
  'check',
]);
