/** The vm as the API shows it: the definition, what is observed of it, and what may be done with it. */
import { z } from 'zod';
import { idSchema, nameSchema, referenceSchema, timeSchema } from '../ids.ts';
import { vmActions, type VmAction } from './actions.ts';
import { additionsStates } from './additions.ts';
import { undoDecisions, vmDefinitionSchema } from './definition.ts';
import { guestHealthNames, guestHealths } from './guest-health.ts';
import { macSchema, vmDiskFormats } from './hardware.ts';
import { newAllocation } from './requests.ts';
import { vmStandingSchema, vmStateSchema } from './state-schema.ts';

export const heartbeatSchema = z
  .strictObject({
    state: z
      .enum(['none', 'good', 'missed'])
      .meta({ description: 'none: not expected or never seen' }),
    lastAt: timeSchema.nullable(),
    beats: z
      .number()
      .int()
      .min(0)
      .meta({ description: 'heard since the vm was started or found again; a counter' }),
  })
  .meta({ id: 'Heartbeat', description: "the guest agent's sign of life" });

export const additionsSchema = z
  .strictObject({
    state: z.enum(additionsStates).meta({
      description:
        'none: none has been heard since the last start or reset; outdated ones answer and work',
    }),
    version: z
      .string()
      .max(64)
      .nullable()
      .meta({ description: "version of Gantry's guest additions, if they are installed" }),
    agentVersion: z
      .string()
      .max(64)
      .nullable()
      .meta({ description: 'version of the QEMU guest agent' }),
    functions: z
      .record(z.string().max(32), z.union([z.literal(true), z.string().max(200)]))
      .meta({ description: 'each function: true, or why it is not available' }),
  })
  .meta({ id: 'Additions', description: 'guest additions' });

export const guestSchema = z
  .strictObject({
    osName: z.string().max(256).nullable(),
    hostName: z.string().max(256).nullable(),
    addresses: z
      .array(z.string().max(64))
      .max(64)
      .meta({ description: 'IP addresses, loopback and link-local left out' }),
    interfaces: z
      .array(
        z.strictObject({
          mac: macSchema,
          addresses: z
            .array(
              z.strictObject({
                address: z.string().max(64),
                prefixLength: z.number().int().min(0).max(128),
              }),
            )
            .max(64),
        }),
      )
      .max(32)
      // An agent of before does not tell them.
      .default([])
      .meta({ description: 'which of its adapters have which of them' }),
    users: z.array(z.string().max(128)).max(64).nullable().meta({ description: 'logged-in users' }),
    timezone: z.string().max(64).nullable(),
    domainController: z
      .boolean()
      .nullable()
      .meta({ description: 'whether it was found to be one; null: not known' }),
    domain: z
      .string()
      .max(253)
      .nullable()
      // An agent of before does not tell it.
      .default(null)
      .meta({ description: 'that it was found to belong to; null: none, or not known' }),
    clockOffsetMs: z.number().int().nullable().meta({ description: "guest's clock minus host's" }),
    memoryTotalBytes: z.number().nullable(),
    memoryFreeBytes: z.number().nullable(),
    fileSystems: z
      .array(
        z.strictObject({
          mountPoint: z.string().max(1024),
          type: z.string().max(64),
          totalBytes: z.number().nullable(),
          usedBytes: z.number().nullable(),
        }),
      )
      .max(64),
  })
  .meta({ id: 'Guest', description: 'what the guest agent reports' });

export const guestHealthSchema = z.enum(guestHealthNames).meta({
  id: 'GuestHealth',
  description: `how the guest fares. ${Object.entries(guestHealths)
    .map(([name, meaning]) => `${name}: ${meaning}`)
    .join('; ')}`,
});

const rateSchema = z.number().min(0);

export const diskUseSchema = z
  .strictObject({
    readBytesPerSecond: rateSchema,
    writtenBytesPerSecond: rateSchema,
    readsPerSecond: rateSchema,
    writesPerSecond: rateSchema,
  })
  .meta({
    id: 'VmDiskUse',
    description: 'of all disks and drives of a vm together, as its host counts',
  });
export type DiskUse = z.infer<typeof diskUseSchema>;

export const networkUseSchema = z
  .strictObject({ receivedBytesPerSecond: rateSchema, sentBytesPerSecond: rateSchema })
  .meta({
    id: 'VmNetworkUse',
    description: 'of all network adapters of a vm together, as its guest agent counts',
  });
export type NetworkUse = z.infer<typeof networkUseSchema>;

export const undoStatusSchema = z
  .strictObject({
    since: timeSchema.meta({ description: 'when the session began that they hold' }),
    sizeBytes: z
      .number()
      .int()
      .min(0)
      .nullable()
      .meta({ description: 'on the host, when the vm last went off; null in its first session' }),
  })
  .meta({ id: 'VmUndo', description: 'undo disks of a vm' });
export type UndoStatus = z.infer<typeof undoStatusSchema>;

/** What is observed of a vm; never part of its definition. Numbers are null while there are none (VM-16). */
export const vmStatusSchema = z
  .strictObject({
    held: z.boolean().meta({ description: 'started held and not yet released' }),
    since: timeSchema.meta({ description: 'when the present state began' }),
    startedAt: timeSchema
      .nullable()
      .meta({ description: 'last start or restore; null while off or saved' }),
    runningSeconds: z
      .number()
      .int()
      .min(0)
      .nullable()
      .meta({ description: 'since the last start or restore' }),
    accelerator: z
      .enum(['kvm', 'tcg', 'simulated'])
      .nullable()
      .meta({ description: 'tcg is software emulation' }),
    cpuPercent: z.number().min(0).nullable().meta({ description: "of the vm's own processors" }),
    memoryBytes: z.number().int().min(0).nullable().meta({ description: 'resident on the host' }),
    diskSpaceBytes: z.number().int().min(0).nullable().meta({
      description:
        'taken up on the host by all files of the vm, running or not; what several vms stand on is not counted',
    }),
    diskUse: diskUseSchema.nullable(),
    networkUse: networkUseSchema
      .nullable()
      .meta({ description: 'null while no guest agent counts' }),
    heartbeat: heartbeatSchema,
    guestHealth: guestHealthSchema
      .nullable()
      .meta({ description: 'null while the vm does not run, or while its host does not tell' }),
    additions: additionsSchema,
    additionsShipped: z
      .string()
      .max(64)
      .nullable()
      .meta({ description: 'version of the guest additions that its host ships' }),
    guest: guestSchema.nullable(),
    forwards: z
      .array(
        z.strictObject({
          protocol: z.enum(['tcp', 'udp']),
          hostAddress: z.string(),
          hostPort: z.number().int(),
          guestPort: z.number().int(),
        }),
      )
      .max(256)
      .meta({ description: 'port forwards in force' }),
    pending: z
      .array(z.string().max(256))
      .max(1024)
      .meta({ description: 'paths of settings that take effect at the next start' }),
    snapshots: z
      .strictObject({
        count: z.number().int().min(0),
        present: nameSchema
          .nullable()
          .meta({ description: 'name of the one that it goes on from' }),
      })
      .meta({ description: 'snapshots' }),
    undo: undoStatusSchema.nullable().meta({ description: 'null: there are no undo disks' }),
    lastFault: z
      .strictObject({ at: timeSchema, code: z.string(), message: z.string() })
      .nullable()
      .meta({
        description:
          'why the last start, save or restore failed; crashed: its process ended by itself',
      }),
  })
  .meta({ id: 'VmStatus', description: 'what is observed of the vm' });

export type VmStatus = z.infer<typeof vmStatusSchema>;

const actionNames = Object.keys(vmActions) as [VmAction, ...VmAction[]];

export const allowedActionSchema = z
  .strictObject({
    action: z.enum(actionNames),
    allowed: z.boolean(),
    reason: z.string().optional().meta({ description: 'why not' }),
    hint: z.string().optional().meta({ description: 'what would help' }),
    unsupported: z.literal(true).optional().meta({
      description: "true: the driver of the vm's host cannot do it in any state; else left out",
    }),
    confirm: z.string().optional().meta({ description: 'what people are asked first' }),
  })
  .meta({ id: 'AllowedAction' });

export type AllowedAction = z.infer<typeof allowedActionSchema>;

/** By the class of their host's hypervisor (GRP-14). */
export const vmSubKinds = ['machine', 'container'] as const;

export const vmSchema = z
  .strictObject({
    kind: z.literal('vm'),
    id: idSchema,
    uuid: z.string().meta({
      description: 'that its guest reads: the id, but of a vm that others run what they call so',
    }),
    name: nameSchema,
    state: vmStateSchema,
    stateNumber: z.number().int().meta({ description: 'stable number of the state; running is 5' }),
    standing: vmStandingSchema,
    hostId: idSchema,
    host: z.string().meta({ description: 'name of the host' }),
    driver: z.string().meta({ description: 'how the host is spoken to: qemu, simulated, libvirt' }),
    hypervisor: z
      .string()
      .meta({ description: 'what runs it, on hosts of any driver, such as QEMU or Xen' }),
    subKind: z.enum(vmSubKinds).meta({
      description:
        'container: it has no machine of its own, and shares the kernel of its host; machine: all others',
    }),
    folderId: idSchema,
    folder: z.string().meta({ description: 'path of the folder, / at the top' }),
    path: z.string().meta({ description: "the vm's folder on its host" }),
    version: z
      .number()
      .int()
      .min(1)
      .meta({ description: 'version of the definition; also the ETag' }),
    generation: z
      .number()
      .int()
      .min(0)
      .meta({ description: 'counts starts; an agent refuses an older one' }),
    template: z
      .boolean()
      .meta({ description: 'whether it is there to be cloned, and neither started nor changed' }),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    definition: vmDefinitionSchema,
    status: vmStatusSchema,
    technique: z.string().meta({ description: 'virtualization technique' }),
  })
  .meta({ id: 'Vm', description: 'a virtual machine' });

export type Vm = z.infer<typeof vmSchema>;

const bytes = z.number().int().min(0);

/** VM-01: one operation from a name, memory, a disk choice and a network choice; anything else by `definition`. */
export const vmCreateSchema = z
  .strictObject({
    name: nameSchema,
    host: referenceSchema
      .optional()
      .meta({ description: 'default: the only host, or the one with the most free memory' }),
    folder: z
      .string()
      .max(1024)
      .optional()
      .meta({ description: 'id or path of a folder; default /' }),
    profile: referenceSchema
      .optional()
      .meta({ description: "default: the guest's, modern otherwise" }),
    guestOs: z.string().max(64).optional(),
    memoryBytes: bytes.optional().meta({ description: 'default by guest, 512 MiB otherwise' }),
    processors: z.number().int().min(1).max(1024).optional(),
    disk: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('none') }),
        z.strictObject({
          kind: z.literal('new'),
          sizeBytes: bytes,
          format: z.enum(['qcow2', 'raw']).default('qcow2'),
          allocation: newAllocation,
          file: z
            .string()
            .min(1)
            .max(100)
            .optional()
            .meta({ description: "file name; default: the vm's name" }),
        }),
        z.strictObject({
          kind: z.literal('existing'),
          file: z.string().min(1).max(1024),
          format: z.enum(vmDiskFormats),
        }),
        z.strictObject({
          kind: z.literal('image'),
          image: referenceSchema,
          sizeBytes: bytes.optional().meta({ description: 'default: as large as the image' }),
        }),
      ])
      .optional()
      .meta({ description: 'default: none' }),
    network: referenceSchema.default('user').meta({
      description:
        'user: user-mode network with port forwards; none: not connected; else name or id of a network',
    }),
    forwards: z
      .array(
        z.strictObject({
          protocol: z.enum(['tcp', 'udp']).default('tcp'),
          hostPort: z.number().int().min(0).max(65535),
          guestPort: z.number().int().min(1).max(65535),
        }),
      )
      .max(64)
      .optional(),
    definition: z
      .record(z.string(), z.json())
      .optional()
      .meta({ description: 'merge patch (RFC 7396) over the definition that the rest gives' }),
    start: z.boolean().default(false).meta({ description: 'turn it on afterwards' }),
  })
  .meta({ id: 'VmCreate' });

export type VmCreate = z.infer<typeof vmCreateSchema>;

export const vmPatchSchema = z.record(z.string().max(64), z.json()).meta({
  id: 'VmPatch',
  description: 'merge patch (RFC 7396) of the definition; lists are replaced whole',
});

export const vmActionRequestSchema = z
  .strictObject({
    timeoutSeconds: z
      .number()
      .int()
      .min(1)
      .max(7200)
      .optional()
      .meta({ description: 'shutdown, power-button: how long the guest may take' }),
    onTimeout: z.enum(['fail', 'save', 'turn-off']).optional().meta({
      description: 'shutdown, power-button: what happens after the time limit; default fail',
    }),
    bootOnce: z
      .enum(['disk', 'cd', 'floppy', 'network'])
      .optional()
      .meta({ description: 'turn-on, hold: boot device for this start only' }),
    without: z
      .array(z.string().max(64))
      .max(16)
      .optional()
      .meta({ description: 'turn-on: host devices to do without, this once' }),
    undo: z.enum(undoDecisions).optional().meta({
      description:
        "turn-off, shutdown, power-button: what becomes of the undo disks; default: the vm's own setting",
    }),
    force: z.boolean().optional().meta({
      description:
        'turn-on: leave out nothing of the checks but warnings; resume: also while the volume has too little space',
    }),
  })
  .meta({ id: 'VmActionRequest' });

export type VmActionRequest = z.infer<typeof vmActionRequestSchema>;

export const reasonSchema = z
  .strictObject({ code: z.string(), text: z.string(), remedy: z.string().optional() })
  .meta({
    id: 'Reason',
    description: 'a reason against an action, and what would make it go away',
  });

export const startCheckSchema = z
  .strictObject({
    ok: z.boolean(),
    reasons: z.array(reasonSchema).meta({ description: 'all that block the start' }),
    warnings: z.array(reasonSchema),
  })
  .meta({ id: 'StartCheck', description: 'whether the vm could start now, and why not' });

export type StartCheck = z.infer<typeof startCheckSchema>;
