/** What a coordinator may ask of an agent about disk files and what is inside them. */
import { z } from 'zod';
import { hostDiskReportSchema, hostDiskSchema } from '../disk.ts';
import {
  innerFileKinds,
  innerFilesSchema,
  innerPartition,
  innerPath,
  putKinds,
} from '../disk-files.ts';
import { diskWorkSchema } from '../disk-work.ts';
import { fileIdentitySchema } from '../file-identity.ts';
import { idSchema } from '../ids.ts';

export const hostPath = z.string().min(1).max(1024);
/** A place inside a disk; without a partition the only file system that can be read. */
const innerPlace = { file: hostPath, partition: innerPartition.nullable() };
const maxImages = 10_000;

const foundDiskSchema = hostDiskSchema
  .omit({ vms: true })
  .extend({ vmIds: z.array(idSchema).max(1000) });

export const diskMethods = {
  /** Every disk in the folders for vms, used or not. */
  'host.disks': {
    params: z.strictObject({}),
    result: z.strictObject({ disks: z.array(foundDiskSchema).max(5000), complete: z.boolean() }),
  },
  'host.disk': {
    params: z.strictObject({ file: hostPath }),
    result: z.strictObject({
      ...foundDiskSchema.shape,
      chain: hostDiskReportSchema.shape.chain,
      system: hostDiskReportSchema.shape.system,
      snapshots: hostDiskReportSchema.shape.snapshots,
      findings: hostDiskReportSchema.shape.findings,
    }),
  },
  /** What a file in the folders for vms is. Errors: `forbidden`, `not-found`, `invalid`. */
  'host.identify': {
    params: z.strictObject({ file: hostPath }),
    result: fileIdentitySchema,
  },
  /**
   * Whether the work can begin, and the files that it makes, changes or deletes. Errors: `forbidden`, `not-found`, `exists`,
   * `exhausted`; `refused` with `vmIds` among its facts where vms use one of the files.
   */
  'host.disk.plan': {
    params: z.strictObject({ work: diskWorkSchema }),
    result: z.strictObject({ files: z.array(hostPath).max(8) }),
  },
  /**
   * Does it. The same id again joins what is under way. `again`: it may have been done, by an agent that has ended since; what is
   * there is then accepted if it proves to be what was asked for.
   */
  'host.disk.work': {
    params: z.strictObject({ id: idSchema, work: diskWorkSchema, again: z.boolean() }),
    result: z.strictObject({ answer: z.record(z.string(), z.json()) }),
  },
  /** Ends it where it is; when this is answered nothing half done is left. */
  'host.disk.stop': {
    params: z.strictObject({ id: idSchema }),
    result: z.strictObject({}),
  },
  /**
   * What is inside a disk file: its file systems, and the folder at `path` where one is given. `images`: files that are images,
   * into which nothing is put. Errors: `forbidden`, `not-found`, `unsupported`; `refused` while a vm that runs writes to it.
   */
  'host.disk.files': {
    params: z.strictObject({
      ...innerPlace,
      path: innerPath.nullable(),
      images: z.array(hostPath).max(maxImages),
    }),
    result: innerFilesSchema,
  },
  /** Asks the agent to dial a stream connection and to send a file, or a folder as a tar archive. Errors: as `host.disk.files`. */
  'host.disk.file.send': {
    params: z.strictObject({ streamId: z.string().max(64), ...innerPlace, path: innerPath }),
    result: z.strictObject({ kind: z.enum(innerFileKinds), sizeBytes: z.number().int().min(0) }),
  },
  /**
   * Asks the agent to dial a stream connection and to put what comes over it into the disk; answered when it is there. Errors: as
   * `host.disk.files`; `refused` where something uses the disk, `exhausted` where there is no room.
   */
  'host.disk.file.take': {
    params: z.strictObject({
      streamId: z.string().max(64),
      ...innerPlace,
      path: innerPath,
      kind: z.enum(putKinds).default('file'),
      sizeBytes: z.number().int().min(0),
      images: z.array(hostPath).max(maxImages),
    }),
    result: z.strictObject({}),
  },
} as const;
