/**
 * What a coordinator may ask of an agent. Every method is primitive and idempotent: the same call with
 * the same generation again has no second effect, so a caller that lost the answer may ask again. An
 * agent refuses a generation older than the one it has (`stale`). It is one file because it is one table.
 */
import { z } from 'zod';
import { diskMethods, hostPath } from './disk-methods.ts';
import { fileMethods } from './file-methods.ts';
import { hostDevicesSchema } from '../host-devices.ts';
import { hostFactsSchema, hostSettingsSchema } from '../host.ts';
import { extensionMethods } from '../extension.ts';
import { maxPeekBytes, memoryPeekSchema } from '../vm/memory-peek.ts';
import { operationPaceSchema } from '../operation.ts';
import { idSchema } from '../ids.ts';
import { imageKinds, imageRecipes } from '../image.ts';
import { diagnosticSchema } from '../installation.ts';
import {
  adapterReportSchema,
  hostAdapterChangedSchema,
  hostAdapterChangeSchema,
  maxHostAdapters,
} from '../network/adapter.ts';
import { maxHostNetworks, networkSpecSchema } from '../network/network.ts';
import { hostPortSchema, maxPorts } from '../network/port-state.ts';
import { spanStandingSchema } from '../network/standing.ts';
import { viewerListenSchema } from '../viewers.ts';
import { askMethods } from './ask-methods.ts';
import { guestMethods } from './guest-methods.ts';
import { vmDefinitionSchema } from '../vm/definition.ts';
import {
  adapterSchema,
  diskFormats,
  vmDiskFormats,
  diskSchema,
  mediumSchema,
  traySchema,
} from '../vm/hardware.ts';
import { diskCompactSchema, diskResizeSchema } from '../vm/travel.ts';
import { sharedFolderSchema } from '../vm/shared-folders.ts';
import { effectiveHardwareSchema, vmFilesSchema } from '../vm/requests.ts';
import { foreignMachineSchema } from '../vm/import.ts';
import { startCheckSchema, vmActionRequestSchema } from '../vm/vm.ts';
import { powerActions } from '../vm/actions.ts';
import { causeSchema } from './cause.ts';
import { diskMatchSchema, diskSourceSchema, handOutSchema } from './disk-source.ts';
import { driveMethods } from './drive-methods.ts';
import { accountNameSchema } from '../scripts.ts';
import { hostMediaSchema } from './host-media.ts';
import { importSourcesSchema } from '../vm/import-sources.ts';
import { moveMethods } from './move-methods.ts';
import { passageMethods } from './passage-methods.ts';
import { handoverMethods, keptContents } from './handover-methods.ts';
import { machineRecordSchema, machineReportSchema } from './report.ts';
import { snapshotMethods } from './snapshot-methods.ts';

const machine = { id: idSchema, generation: z.number().int().min(0), cause: causeSchema };

/** A disk's file, and the one it becomes; as definitions name them. */
export const diskCopySchema = z.strictObject({ from: hostPath, to: hostPath });
export type DiskCopy = z.infer<typeof diskCopySchema>;

const report = z.strictObject({ report: machineReportSchema });

export const imageFileSchema = z.strictObject({
  path: z.string().max(1024),
  format: z.enum(diskFormats),
  sizeBytes: z.number().int().min(0),
  fileBytes: z.number().int().min(0),
  sha256: z.string().nullable(),
});

/** Machines of one host that are looked at closely. */
export const maxWatchedMachines = 1000;

export const linkMethods = {
  'host.configure': {
    params: z.strictObject({
      settings: hostSettingsSchema,
      eventScripts: z.boolean().default(false),
      // A coordinator of before had one view of it.
      thumbnails: z.boolean().optional().meta({ description: 'absent: true' }),
    }),
    result: z.strictObject({}),
  },
  /** Somebody looks at these machines and no others: while the link lasts they are sampled within two seconds. */
  'host.watch': {
    params: z.strictObject({ machines: z.array(idSchema).max(maxWatchedMachines) }),
    result: z.strictObject({}),
  },
  /** Whether vms may run under an account of the host: what stands against it, and what deserves a warning. */
  'host.account': {
    params: z.strictObject({ runAs: accountNameSchema, evenPowerfulAccount: z.boolean() }),
    result: startCheckSchema,
  },
  'host.diagnose': { params: z.strictObject({}), result: diagnosticSchema },
  'host.probe': { params: z.strictObject({}), result: z.strictObject({ facts: hostFactsSchema }) },
  ...diskMethods,
  ...fileMethods,
  /** Images for drives in the folders for vms and the search path; what machines with a process have in their drives. */
  'host.media': { params: z.strictObject({}), result: hostMediaSchema },
  /** In the same folders: what a vm can be imported from. */
  'host.import-sources': { params: z.strictObject({}), result: importSourcesSchema },
  /** What the kernel of the host knows of its hardware, at this moment. Errors: `unsupported` for a host that is none. */
  'host.devices': { params: z.strictObject({}), result: hostDevicesSchema },
  ...driveMethods,
  'host.service': {
    params: z.strictObject({ run: z.boolean(), cause: causeSchema }),
    result: z.strictObject({ running: z.boolean() }),
  },
  'host.discover': {
    params: z.strictObject({}),
    result: z.strictObject({ machines: z.array(machineRecordSchema).max(20_000) }),
  },
  'host.adapters': {
    params: z.strictObject({}),
    result: z.strictObject({ adapters: z.array(adapterReportSchema).max(maxHostAdapters) }),
  },
  /**
   * What an adapter is for; null where nothing is to be confirmed, or nothing was to be done. Errors: `not-found`; `refused`; `unavailable` where
   * it was tried and undone.
   */
  'host.adapter.set': {
    params: hostAdapterChangeSchema.extend({
      name: z.string().min(1).max(64),
      work: z.enum(['do', 'check']),
      cause: causeSchema,
    }),
    result: hostAdapterChangedSchema,
  },
  /** Errors: `refused` where nothing of it waits. */
  'host.adapter.confirm': {
    params: z.strictObject({ name: z.string().min(1).max(64), cause: causeSchema }),
    result: z.strictObject({}),
  },
  /**
   * All networks that concern the host: those that vms on it are on, or are about to be. In as many parts as they
   * need; they take the place of what was told before when the last part has come.
   */
  'network.configure': {
    params: z.strictObject({
      networks: z.array(networkSpecSchema).max(maxHostNetworks),
      spans: z.array(spanStandingSchema).max(maxHostNetworks).default([]),
      others: z.enum(['none', 'some']).default('none').meta({
        description: 'whether there are networks that do not concern the host',
      }),
      part: z
        .strictObject({ number: z.number().int().min(1), of: z.number().int().min(1) })
        .default({ number: 1, of: 1 }),
    }),
    result: z.strictObject({}),
  },
  /** Errors: `not-found` where the network is not served here, or has not leased the address. */
  'network.release': {
    params: z.strictObject({ id: idSchema, address: z.ipv4() }),
    result: z.strictObject({}),
  },
  'network.ports': {
    params: z.strictObject({ id: idSchema }),
    result: z.strictObject({ ports: z.array(hostPortSchema).max(maxPorts) }),
  },
  /**
   * Makes the vm's folder, disks and configuration file. Undone by machine.destroy.
   *
   * In every definition that is sent, media of the kind `image` are resolved: they name the image's file
   * (kind `file`). One that still has the kind `image` is an image that is missing: the start check says so.
   */
  'machine.create': {
    params: z.strictObject({
      ...machine,
      definition: vmDefinitionSchema,
      definitionVersion: z.number().int(),
      disks: z.array(diskSourceSchema).max(64),
      kept: keptContents.optional().meta({
        description: 'what belongs to it beside its disks (docs/rfd/0034); absent: nothing yet',
      }),
    }),
    result: report,
  },
  /** Space and memory for a vm to be made, before anything is written (VM-03). */
  'machine.plan': {
    params: z.strictObject({
      definition: vmDefinitionSchema,
      disks: z.array(diskSourceSchema).max(64),
    }),
    result: startCheckSchema,
  },
  /** Takes an existing configuration file in place. */
  'machine.adopt': {
    params: z.strictObject({ file: z.string().max(1024), cause: causeSchema }),
    result: z.strictObject({ record: machineRecordSchema }),
  },
  /** Reads the configuration of another product and looks at the files that it names; changes nothing. */
  'machine.read-foreign': {
    params: z.strictObject({ file: z.string().max(1024) }),
    result: z.strictObject({ machine: foreignMachineSchema }),
  },
  /** Forgets the machine; files stay. */
  'machine.forget': { params: z.strictObject(machine), result: z.strictObject({}) },
  /** Deletes the machine and those of its files that nothing else uses. */
  'machine.destroy': {
    params: z.strictObject({
      ...machine,
      keep: z.array(z.string().max(1024)).max(1000).meta({ description: 'files other vms use' }),
    }),
    result: z.strictObject({ deleted: z.array(z.string()), kept: z.array(z.string()) }),
  },
  /**
   * Copies the machine with its disks, and its saved state where it is saved, to a new machine. A linked copy has new
   * layers above the disks of the machine, as they are now or at a snapshot, and the same names of files. Undone by
   * machine.destroy of the copy. What a copy that did not come to its end left is removed by the agent itself.
   */
  'machine.clone': {
    params: z.strictObject({
      ...machine,
      definition: vmDefinitionSchema.meta({ description: 'of the copy' }),
      definitionVersion: z.number().int(),
      parent: hostPath.nullable().meta({ description: "null: the host's folder for vms" }),
      disks: z.array(diskCopySchema).max(64),
      linked: z.strictObject({ snapshotId: idSchema.nullable() }).optional().meta({
        description: 'null: to the disks as they are now; without it the disks are copied',
      }),
      seed: z
        .strictObject({
          metaData: z.string().max(4096),
          userData: z.string().max(65_536),
          networkConfig: z.string().max(65_536).optional(),
        })
        .optional()
        .meta({
          description: 'of a configuration disk, made beside the configuration of the copy',
        }),
    }),
    result: report,
  },
  /** Writes a copy for another product into a new folder: the configuration last, so that a folder that has it is whole. */
  'machine.hand-out': {
    params: z.strictObject({ ...machine, ...handOutSchema.shape }),
    result: z.strictObject({}),
  },
  /** What is in the memory of a machine that runs. Errors: `invalid` where there is none at that address. */
  'machine.memory': {
    params: memoryPeekSchema.extend({ id: idSchema }),
    result: z.strictObject({ bytes: z.base64().max(2 * maxPeekBytes) }),
  },
  /** The pace of what is being done with the machine's files by whoever has this id; null: that of its host. */
  'machine.pace': {
    params: z.strictObject({
      id: idSchema,
      correlationId: z.string().max(64),
      bytesPerSecond: operationPaceSchema.shape.bytesPerSecond,
    }),
    result: z.strictObject({}),
  },
  /** What a linked copy shares with other machines becomes its own. */
  'machine.flatten': {
    params: z.strictObject({
      ...machine,
      tops: z.array(hostPath).max(64).optional().meta({
        description:
          'files of its disks when this was first asked for, of a vm that others run: those that it has no more go',
      }),
    }),
    result: report,
  },
  /**
   * Moves the machine's folder below another one (`parent`), or files of disks, or both. Takes effect whole or not
   * at all; the definition says afterwards where the disks are.
   */
  'machine.relocate': {
    params: z.strictObject({
      ...machine,
      definition: vmDefinitionSchema,
      definitionVersion: z.number().int(),
      parent: z
        .union([hostPath, z.literal('usual')])
        .nullable()
        .meta({ description: "usual: the host's folder for vms; null: the folder stays" }),
      disks: z.array(diskCopySchema).max(64),
    }),
    result: report,
  },
  ...moveMethods,
  ...passageMethods,
  ...handoverMethods,
  ...extensionMethods,
  ...askMethods,
  'machine.files': { params: z.strictObject({ id: idSchema }), result: vmFilesSchema },
  /**
   * Writes a new definition; what can be live is, the rest is pending until the next start. Errors of a host without an
   * agent: `stale` where somebody else has changed the same there.
   */
  'machine.configure': {
    params: z.strictObject({
      ...machine,
      definition: vmDefinitionSchema,
      definitionVersion: z.number().int(),
      base: vmDefinitionSchema.optional().meta({
        description: 'that the change was made from; said to a host without an agent alone',
      }),
    }),
    result: report,
  },
  /** The machine as it is there now. */
  'machine.look': {
    params: z.strictObject({ id: idSchema }),
    result: z.strictObject({ record: machineRecordSchema }),
  },
  'machine.check': {
    params: z.strictObject({
      id: idSchema,
      action: z.enum(['turn-on', 'hold', 'restore', 'restart']),
      request: vmActionRequestSchema,
    }),
    result: startCheckSchema,
  },
  'machine.act': {
    params: z.strictObject({
      ...machine,
      action: z.enum(powerActions),
      request: vmActionRequestSchema,
    }),
    result: report,
  },
  ...snapshotMethods,
  'machine.disk.create': {
    params: z.strictObject({ ...machine, source: diskSourceSchema }),
    result: z.strictObject({
      disk: z.strictObject({ file: z.string(), sizeBytes: z.number().int() }),
    }),
  },
  'machine.disk.inspect': {
    params: z.strictObject({
      id: idSchema.nullable(),
      file: z.string().max(1024),
      format: z.enum(vmDiskFormats),
    }),
    result: z.strictObject({
      sizeBytes: z.number().int(),
      fileBytes: z.number().int(),
      backing: z.string().nullable(),
      /** Whether a system starts from it; false also where the host cannot look into it. */
      system: z.boolean(),
    }),
  },
  'machine.disk.delete': {
    params: z.strictObject({ ...machine, file: z.string().max(1024) }),
    result: z.strictObject({}),
  },
  /** Writes the file of a disk anew, smaller; its content stays the same. */
  'machine.disk.compact': {
    params: z.strictObject({
      ...machine,
      place: z.string().max(32),
      ...diskCompactSchema.shape,
    }),
    result: z.strictObject({
      fileBytes: z.number().int(),
      gainBytes: z.number().int().meta({ description: 'negative where it takes up more now' }),
    }),
  },
  /** Makes a disk larger, in the running process where there is one; one that has the size already is as it should be. */
  'machine.disk.resize': {
    params: z.strictObject({
      ...machine,
      place: z.string().max(32),
      ...diskResizeSchema.shape,
    }),
    result: z.strictObject({ live: z.boolean() }),
  },
  /** Disks come to hold what those of another product hold; only what differs is written. */
  'machine.disk.match': {
    params: z.strictObject({
      ...machine,
      disks: z.array(diskMatchSchema).max(64),
    }),
    result: report,
  },
  'machine.disk.attach': {
    params: z.strictObject({ ...machine, disk: diskSchema }),
    result: z.strictObject({ live: z.boolean() }),
  },
  'machine.disk.detach': {
    params: z.strictObject({ ...machine, disk: diskSchema }),
    result: z.strictObject({ live: z.boolean() }),
  },
  'machine.adapter.attach': {
    params: z.strictObject({ ...machine, adapter: adapterSchema }),
    result: z.strictObject({ live: z.boolean() }),
  },
  'machine.adapter.detach': {
    params: z.strictObject({ ...machine, adapter: adapterSchema }),
    result: z.strictObject({ live: z.boolean() }),
  },
  /** Plugs the adapter in the same slot into another network, or its cable in or out. */
  'machine.adapter.change': {
    params: z.strictObject({ ...machine, adapter: adapterSchema }),
    result: z.strictObject({ live: z.boolean() }),
  },
  'machine.share.add': {
    params: z.strictObject({ ...machine, share: sharedFolderSchema }),
    result: z.strictObject({ live: z.boolean() }),
  },
  'machine.share.remove': {
    params: z.strictObject({ ...machine, share: sharedFolderSchema }),
    result: z.strictObject({ live: z.boolean() }),
  },
  'machine.medium': {
    params: z.strictObject({
      ...machine,
      place: z.string().max(32),
      medium: mediumSchema.nullable(),
      path: z
        .string()
        .max(1024)
        .nullable()
        .meta({ description: 'of an image, resolved by the coordinator' }),
      tray: traySchema,
    }),
    result: z.strictObject({ live: z.boolean() }),
  },
  'machine.hardware': { params: z.strictObject({ id: idSchema }), result: effectiveHardwareSchema },
  'machine.screenshot': {
    params: z.strictObject({ id: idSchema }),
    result: z.strictObject({ png: z.base64() }),
  },
  'machine.type': {
    params: z.strictObject({
      id: idSchema,
      text: z.string().max(4096),
      layout: z.enum(['us', 'de']),
    }),
    result: z.strictObject({}),
  },
  'machine.keys': {
    params: z.strictObject({ id: idSchema, keys: z.array(z.string().max(64)).max(100) }),
    result: z.strictObject({}),
  },
  ...guestMethods,
  /** Asks the agent to dial a stream connection and join it with the channel. */
  'stream.open': {
    params: z.strictObject({
      streamId: z.string().max(64),
      id: idSchema,
      channel: z.enum(['screen', 'serial1', 'serial2']),
      readOnly: z.boolean(),
    }),
    result: z.strictObject({}),
  },
  /** Takes the place of what was listened on before. A port that is not to be had is told, and tried again at the next call. */
  'viewers.listen': {
    params: viewerListenSchema,
    result: z.strictObject({
      failed: z
        .array(z.strictObject({ port: z.number().int(), reason: z.string().max(300) }))
        .max(1000),
    }),
  },
  'image.build': {
    params: z.strictObject({
      recipe: z.enum(imageRecipes),
      drivers: z.string().max(1024).optional(),
    }),
    result: imageFileSchema.extend({ imageKind: z.enum(imageKinds) }),
  },
  /** What is null its content decides. Errors: `not-found`, `forbidden`; `refused` for what is something else. */
  'image.inspect': {
    params: z.strictObject({
      file: z.string().max(1024),
      format: z.enum(diskFormats).nullable(),
      imageKind: z.enum(imageKinds).nullable(),
    }),
    result: imageFileSchema.extend({ imageKind: z.enum(imageKinds) }),
  },
  'image.delete': {
    params: z.strictObject({
      path: z.string().max(1024),
      file: z.enum(['delete', 'keep']).optional().meta({
        description: 'default: delete; keep: only what would speak against a delete is looked for',
      }),
    }),
    result: z.strictObject({}),
  },
} as const satisfies Record<string, { readonly params: z.ZodType; readonly result: z.ZodType }>;

export type LinkMethod = keyof typeof linkMethods;
export type LinkParams<M extends LinkMethod> = z.infer<(typeof linkMethods)[M]['params']>;
export type LinkResult<M extends LinkMethod> = z.infer<(typeof linkMethods)[M]['result']>;
