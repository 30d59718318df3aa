/**
 * A vm on its way to another host (docs/rfd/0030): what is asked of the host that it leaves (`departure`) and of the one
 * that it comes to (`arrival`). Both know the move by its id, and keep it in a file of their own until it has ended.
 *
 *   departure.begin     files stand still  |  arrival.begin     a folder, and how much of the files is there
 *   departure.send      files, in a stream |  arrival.receive   the other end of the stream
 *   departure.cancel    as it was before   |  arrival.cancel    nothing is left
 *   departure.end       files go           |  arrival.end       the vm is one of this host
 *
 * A guest that works goes along (docs/rfd/0042), between the files and the end:
 *
 *                                          |  arrival.await     a process that waits for the guest
 *   departure.channel   a stream of it     |  arrival.channel   the other end of that
 *   departure.hand-over what it writes, then its memory; then it stands still
 */
import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { vmDefinitionSchema } from '../vm/definition.ts';
import { startCheckSchema } from '../vm/vm.ts';
import { causeSchema } from './cause.ts';
import { machineReportSchema } from './report.ts';

export const maxMovedFiles = 4096;

/** Below the folder of a vm; it never leads out of it. */
export const movedPathSchema = z
  .string()
  .min(1)
  .max(512)
  .refine(
    (path) =>
      !path.includes('\0') && path.split('/').every((part) => !['', '.', '..'].includes(part)),
    'is not a path below the folder',
  );

const mode = z.number().int().min(0).max(0o777);

/** Folders come before what is in them. */
export const movedFileSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('folder'), path: movedPathSchema, mode }),
  z.strictObject({
    kind: z.literal('file'),
    path: movedPathSchema,
    mode,
    sizeBytes: z.number().int().min(0),
    storedBytes: z.number().int().min(0).meta({ description: 'that it takes up on its volume' }),
    modified: z.string().max(32).meta({ description: 'nanoseconds since 1970' }),
  }),
]);
export type MovedFile = z.infer<typeof movedFileSchema>;

/** A disk that lies outside of the vm's folder, and its name in the folder on the other host. */
const gatheredSchema = z.strictObject({
  from: z.string().min(1).max(1024),
  to: movedPathSchema,
});
export type GatheredDisk = z.infer<typeof gatheredSchema>;

/** A stream between the processes on both hosts: the guest's memory, or a disk by the id of its device. */
export const guestChannelSchema = z.string().regex(/^(?:memory|disk-[a-z0-9-]{1,48})$/);

/** What a host must have to go on with a guest that works. One agent tells it to the other. */
const guestNeedsSchema = z.record(z.string(), z.json());

const moveId = z.string().min(1).max(64);
const move = { id: idSchema, moveId };
const called = { ...move, generation: z.number().int().min(0), cause: causeSchema };
const stream = { ...move, streamId: z.string().max(64) };
const files = z.array(movedFileSchema).max(maxMovedFiles);
const gathered = z.array(gatheredSchema).max(64);
const hostPath = z.string().min(1).max(1024);
const channel = { ...stream, channel: guestChannelSchema };
const defined = { definition: vmDefinitionSchema, definitionVersion: z.number().int() };

export const moveMethods = {
  /** What of the vm's files and hardware keeps it on this host. */
  'machine.departure.plan': {
    params: z.strictObject({ id: idSchema, gathered }),
    result: startCheckSchema.extend({
      storedBytes: z.number().int().min(0),
      guest: guestNeedsSchema
        .nullable()
        .meta({ description: 'of a guest that works or is paused; null: there is none' }),
    }),
  },
  /** From now on nothing starts or changes the vm. Errors: `refused` with the first thing that keeps it here. */
  'machine.departure.begin': {
    params: z.strictObject({
      ...called,
      to: z.string().max(100).meta({ description: 'name of the other host' }),
      gathered,
    }),
    result: z.strictObject({
      files,
      fileName: movedPathSchema.meta({ description: 'of its configuration' }),
      record: z
        .record(z.string(), z.json())
        .meta({ description: 'what one agent tells the other of the vm, beside its definition' }),
      channels: z
        .array(guestChannelSchema)
        .max(65)
        .meta({ description: 'by which a guest that works goes along; none: it stands still' }),
      written: z
        .array(movedPathSchema)
        .max(maxMovedFiles)
        .meta({ description: 'files that such a guest writes: they are made anew there' }),
    }),
  },
  /** Dials the stream, and joins it with what the process sends by it. */
  'machine.departure.channel': { params: z.strictObject(channel), result: z.strictObject({}) },
  /**
   * Sends the disks that the guest writes and then its memory, by channels that are there. When it answers, the guest stands
   * still, and goes on here only if the move is cancelled. Joins what is under way; has it been done, it answers at once. Errors:
   * those of the process; the guest goes on here then.
   */
  'machine.departure.hand-over': {
    params: z.strictObject({ ...move, cause: causeSchema }),
    result: z.strictObject({
      sentBytes: z.number().int().min(0).meta({ description: 'of disks and memory' }),
      stoodMs: z
        .number()
        .min(0)
        .meta({ description: 'how long the guest has stood still until this answer' }),
    }),
  },
  /** Dials the stream and sends what the other end asks for. */
  'machine.departure.send': { params: z.strictObject(stream), result: z.strictObject({}) },
  /** The vm is here as it was. */
  'machine.departure.cancel': { params: z.strictObject(move), result: z.strictObject({}) },
  /** The vm is elsewhere: those of its files go, and it is forgotten. */
  'machine.departure.end': {
    params: z.strictObject({ ...move, files: z.array(movedPathSchema).max(maxMovedFiles) }),
    result: z.strictObject({}),
  },
  /** Whether the host could run it, and has room for its files. */
  'machine.arrival.plan': {
    params: z.strictObject({
      definition: vmDefinitionSchema,
      parent: hostPath.nullable().meta({ description: "null: the host's folder for vms" }),
      storedBytes: z.number().int().min(0),
      guest: guestNeedsSchema.nullable(),
    }),
    result: startCheckSchema,
  },
  /**
   * Makes the folder. Asked again it tells how far the files are; those that are other ones now begin anew. Errors: `exists`,
   * `forbidden`, `exhausted`.
   */
  'machine.arrival.begin': {
    params: z.strictObject({
      ...move,
      definition: vmDefinitionSchema,
      parent: hostPath.nullable(),
      files,
      fileName: movedPathSchema,
      record: z.record(z.string(), z.json()),
    }),
    result: z.strictObject({
      folder: z.string().max(1024),
      state: z.enum(['incomplete', 'complete']),
      doneBytes: z.number().int().min(0).meta({ description: 'of the sizes of all files' }),
      trouble: z
        .string()
        .max(1000)
        .nullable()
        .meta({ description: 'why the last stream ended before all was here' }),
    }),
  },
  /** Dials the stream, asks for what is not here yet and writes it. */
  'machine.arrival.receive': { params: z.strictObject(stream), result: z.strictObject({}) },
  /**
   * Starts a process that waits for the guest, anew where there was one; all files are here. Errors: `not-found` where nothing
   * of it is here, `blocked`, those of a start.
   */
  'machine.arrival.await': {
    params: z.strictObject({ ...called, ...defined }),
    result: z.strictObject({}),
  },
  /** Dials the stream, and joins it with what the process takes by it. Errors: `not-found` where none waits. */
  'machine.arrival.channel': { params: z.strictObject(channel), result: z.strictObject({}) },
  /** Whatever is here of it goes. */
  'machine.arrival.cancel': { params: z.strictObject(move), result: z.strictObject({}) },
  /**
   * All is here: it becomes a vm of this host, and its guest goes on where it stood. Errors: `not-found` where nothing of it is
   * here, or where its guest has not come.
   */
  'machine.arrival.end': {
    params: z.strictObject({ ...called, ...defined }),
    result: z.strictObject({ report: machineReportSchema }),
  },
} as const satisfies Record<string, { readonly params: z.ZodType; readonly result: z.ZodType }>;
