/** Hosts: the machines that carry agents and vms. */
import { z } from 'zod';
import { extensionSchema } from './extension.ts';
import { hostConnectionSchema, managerUrlSchema } from './host-connection.ts';
import { lowSpaceSchema } from './host-space.ts';
import { hypervisorClasses } from './hypervisor-class.ts';
import { idSchema, nameSchema, timeSchema } from './ids.ts';
import { accountNameSchema, maxScripts } from './scripts.ts';
import { hostScriptSchema } from './host-scripts.ts';
import { abilities } from './vm/abilities.ts';
import { consoleModes } from './vm/console.ts';
import { guestRequests } from './vm/additions.ts';
import { macSchema } from './vm/hardware.ts';
import { hostViewersSchema, noViewers, viewerSettingsSchema } from './viewers.ts';

/** HOST-21, in the words of the source's status table. */
export const hostStatuses = [
  'ready',
  'service-stopped',
  'agent-not-running',
  'hypervisor-not-installed',
  'not-communicating',
  'unreachable',
] as const;
export type HostStatus = (typeof hostStatuses)[number];

export const accelerationSchema = z
  .strictObject({
    kvm: z
      .enum(['works', 'absent', 'denied', 'hangs', 'slow', 'fails', 'not-probed'])
      .meta({ description: 'what a probe machine found out' }),
    evidence: z.string().max(1000),
    use: z.enum(['kvm', 'tcg', 'simulated', 'hypervisor']).meta({
      description: 'what vms get by default; hypervisor: its own affair',
    }),
  })
  .meta({
    id: 'Acceleration',
    description: 'found out by running a tiny machine, never by looking for /dev/kvm alone',
  });

export const hypervisorIdSchema = z
  .string()
  .max(400)
  .meta({ description: 'the same over every way to a hypervisor that others run' });

export const hostFactsSchema = z
  .strictObject({
    architecture: z.string().max(32),
    operatingSystem: z.string().max(256),
    fullName: z
      .string()
      .max(255)
      .optional()
      .meta({ description: 'its fully qualified domain name; left out where it has none' }),
    kernel: z.string().max(256),
    processor: z.strictObject({
      vendor: z.string().max(128),
      model: z.string().max(256),
      sockets: z.number().int().min(1),
      cores: z.number().int().min(1),
      threads: z.number().int().min(1),
      clockMhz: z.number().min(0).nullable(),
      flags: z
        .array(z.string().max(64))
        .max(1024)
        .meta({ description: 'instruction-set features' }),
      grade: z
        .enum(['below-minimum', 'below-recommended', 'ok', 'ungraded'])
        .meta({ description: 'the processor against what is needed and what is recommended' }),
    }),
    interfaces: z
      .array(
        z.strictObject({
          name: z.string().max(15),
          kind: z.enum(['adapter', 'bridge']),
          mac: macSchema.nullable().default(null).meta({ description: 'its own address' }),
          addresses: z.array(z.string().max(64)).max(64).meta({ description: '192.168.1.5/24' }),
          balanced: z.array(z.string().max(64)).max(64).optional().meta({
            description: 'addresses whose load the host balances in its own network stack',
          }),
        }),
      )
      .max(256)
      .default([])
      .meta({ description: "the host's own, that networks may be bridged to or clash with" }),
    memoryTotalBytes: z.number().int().min(0),
    bootedAt: timeSchema.nullable().meta({ description: 'null: its hypervisor does not tell' }),
    hypervisor: z.strictObject({
      name: z.string().max(64),
      version: z.string().max(64).nullable(),
      class: z.enum(hypervisorClasses).meta({
        description:
          'what kind of hypervisor it is, as its driver tells; os-level: containers, which share the kernel of the host',
      }),
      id: hypervisorIdSchema.optional(),
    }),
    acceleration: accelerationSchema,
    missing: z
      .partialRecord(z.enum(abilities), z.string().max(300))
      .meta({ description: 'abilities this host lacks, with the reason' }),
    programs: z
      .array(
        z.strictObject({
          name: z.string().max(64),
          found: z.boolean(),
          version: z.string().max(128).nullable(),
          use: z.string().max(200),
        }),
      )
      .max(64)
      .meta({
        description: 'programs and kernel modules it needs, with the function lost',
      }),
    guestRequests: z
      .enum(guestRequests)
      .optional()
      .meta({ description: 'who asks guests to shut down and to restart; left out: additions' }),
    additionsVersion: z
      .string()
      .max(64)
      .meta({ description: 'version of the guest additions shipped' }),
    agentVersion: z.string().max(64),
    processorModels: z
      .array(z.string().max(64))
      .max(1024)
      .meta({ description: 'named processor models vms may use' }),
    maxProcessorsPerVm: z.number().int().min(1),
    extensions: z
      .array(extensionSchema)
      .max(64)
      .optional()
      .meta({ description: 'what its driver has beyond the functions of all' }),
    foreign: z
      .strictObject({
        networks: z
          .array(z.string().max(256))
          .max(256)
          .meta({ description: 'that adapters are plugged into, by their names there' }),
        pools: z
          .array(
            z.strictObject({
              name: z.string().max(256),
              type: z.string().max(32),
              path: z.string().max(1024).nullable(),
            }),
          )
          .max(256)
          .meta({ description: 'storage pools that are active, in which disks are made' }),
      })
      .optional()
      .meta({ description: 'of a hypervisor that others run; host.probe asks anew' }),
  })
  .meta({ id: 'HostFacts' });

export type HostFacts = z.infer<typeof hostFactsSchema>;

export const hostLoadSchema = z
  .strictObject({
    memoryFreeBytes: z
      .number()
      .int()
      .min(0)
      .meta({ description: 'available for new vms, after the reserve' }),
    cpuPercent: z.number().min(0).nullable(),
    cpuReservedPercent: z
      .number()
      .min(0)
      .meta({ description: 'of all processors, promised to running vms' }),
    volumes: z
      .array(
        z.strictObject({
          path: z.string().max(1024),
          totalBytes: z.number().min(0),
          freeBytes: z.number().min(0),
        }),
      )
      .max(64),
    running: z.number().int().min(0),
  })
  .meta({ id: 'HostLoad' });

export type HostLoad = z.infer<typeof hostLoadSchema>;

export const hostSettingsSchema = z
  .strictObject({
    vmFolder: z.string().min(1).max(1024).nullable().default(null).meta({
      description: "default folder for new vms; null: below the agent's data",
    }),
    searchPath: z.array(z.string().min(1).max(1024)).max(32).default([]).meta({
      description:
        'folders in which vms and disks are looked for, and that vms may share with guests',
    }),
    maxRunningVms: z
      .number()
      .int()
      .min(0)
      .nullable()
      .default(null)
      .meta({ description: 'vms that may run at once; null: no limit' }),
    memoryReserveBytes: z
      .number()
      .int()
      .min(0)
      .default(512 * 1024 * 1024)
      .meta({ description: 'kept for the host itself' }),
    memoryOverheadBytes: z
      .number()
      .int()
      .min(0)
      .default(64 * 1024 * 1024)
      .meta({ description: 'per vm, beside its memory' }),
    minimumFreeDiskBytes: z
      .number()
      .int()
      .min(0)
      .default(256 * 1024 * 1024)
      .meta({ description: 'below it no vm starts' }),
    volumesWithoutPermissions: z.enum(['refuse', 'allow']).default('refuse').meta({
      description:
        'whether files of vms may lie where files have no owner and no mode (FAT, exFAT, NTFS), open to every account of the host',
    }),
    lowSpace: lowSpaceSchema.default(lowSpaceSchema.parse({})),
    liveMergeBytesPerSecond: z.number().int().min(65536).nullable().default(null).meta({
      description:
        'the most that is merged or copied of a disk while its vm runs, when a snapshot of it is deleted, or the disk is moved or flattened, bytes per second; null: as fast as it goes',
    }),
    stopTimeoutSeconds: z.number().int().min(1).max(86400).default(600),
    thumbnails: z.boolean().default(true),
    spanAddress: z.ipv4().nullable().default(null).meta({
      description:
        'its address for networks that span hosts; null: the one from which its agent reaches the coordinator',
    }),
    consoles: z.boolean().default(true).meta({
      description: 'whether screens, keyboards and serial ports of its vms may be used',
    }),
    consoleMode: z.enum(consoleModes).default('shared').meta({
      description:
        'shared: consoles of its vms are as each vm is set; exclusive: all of them let in one at a time',
    }),
    viewers: viewerSettingsSchema.default(noViewers),
    runAs: accountNameSchema.nullable().default(null).meta({
      description: 'account for its scripts, never one of an administrator; null: one of their own',
    }),
    scripts: z.array(hostScriptSchema).max(maxScripts).default([]).meta({
      description: 'programs that events of the host start; takes the right host.scripts',
    }),
  })
  .meta({ id: 'HostSettings' });

export type HostSettings = z.infer<typeof hostSettingsSchema>;

export const hostSchema = z
  .strictObject({
    kind: z.literal('host'),
    id: idSchema,
    name: nameSchema,
    driver: z.string().max(32),
    status: z.enum(hostStatuses),
    statusReason: z.string().max(500).nullable(),
    version: z.number().int().min(1),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    lastSeenAt: timeSchema
      .nullable()
      .meta({ description: 'when something was last heard of it; null: never' }),
    address: z.string().max(64).nullable().meta({
      description: 'from which its agent reaches the coordinator, as far as it is known',
    }),
    connection: hostConnectionSchema.nullable().meta({ description: 'null: it has an agent' }),
    managerUrl: managerUrlSchema.nullable(),
    viewers: hostViewersSchema,
    settings: hostSettingsSchema,
    facts: hostFactsSchema.nullable(),
    load: hostLoadSchema.nullable(),
    vms: z.number().int().min(0).meta({ description: 'number of vms on it' }),
  })
  .meta({ id: 'Host', description: 'a machine that carries vms' });

export type Host = z.infer<typeof hostSchema>;
