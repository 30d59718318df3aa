/**
 * A vm's definition: everything that makes a vm what it is, except its disks' contents (VM-04). The
 * same document is stored, sent to the agent, written beside the disks, exported and applied. What
 * Gantry does not know lives under `extensions` and is kept (API-14).
 *
 * Paths of settings derive from it: `settings/shutdown/quit/was_running`. In which groups they are offered: setting-groups.ts.
 */
import { z } from 'zod';
import { idSchema, nameSchema } from '../ids.ts';
import { tagsSchema } from '../network/environment.ts';
import { consoleModes } from './console.ts';
import { hardwareSchema } from './hardware.ts';
import { maxSnapshots } from './snapshot.ts';
import { targetProducts } from './portability.ts';
import { scriptSchema } from './scripts.ts';
import { accountNameSchema, maxScripts } from '../scripts.ts';

const seconds = (min: number, max: number): z.ZodNumber => z.number().int().min(min).max(max);

export const hostStartActions = ['off', 'always', 'if-was-running'] as const;
export const hostStopActions = ['save', 'shutdown', 'off'] as const;
export const guestRebootActions = ['restart', 'turn-off'] as const;
export type GuestRebootAction = (typeof guestRebootActions)[number];
/** What becomes of undo disks at the end of a session. */
export const undoDecisions = ['keep', 'commit', 'discard'] as const;
export type UndoDecision = (typeof undoDecisions)[number];

export const vmSettingsSchema = z
  .strictObject({
    start: z
      .strictObject({
        onHostStart: z
          .enum(hostStartActions)
          .default('off')
          .meta({ description: 'what happens when the host service starts' }),
        order: z
          .number()
          .int()
          .min(0)
          .max(9999)
          .default(100)
          .meta({ description: 'lower starts earlier and stops later' }),
        delaySeconds: seconds(0, 3600)
          .default(0)
          .meta({ description: 'wait before the next vm is started' }),
      })
      .prefault({}),
    shutdown: z
      .strictObject({
        onHostStop: z
          .enum(hostStopActions)
          .default('save')
          .meta({ description: 'what happens when the host service stops' }),
        timeoutSeconds: seconds(1, 7200)
          .default(120)
          .meta({ description: 'how long a guest may take to shut down' }),
        quit: z
          .strictObject({
            wasRunning: z.boolean().default(false).meta({ description: 'kept by Gantry' }),
          })
          .prefault({}),
      })
      .prefault({}),
    undoDisks: z
      .strictObject({
        enabled: z.boolean().default(false).meta({
          description:
            'everything that the guest writes goes to undo disks, one for each disk; changed only while off',
        }),
        onTurnOff: z.enum(undoDecisions).default('keep').meta({
          description:
            'when the vm goes off without a word about it: keep the undo disks, commit (write them into the disks) or discard them',
        }),
      })
      .prefault({}),
    snapshots: z
      .strictObject({
        limit: z
          .number()
          .int()
          .min(1)
          .max(maxSnapshots)
          .nullable()
          .default(null)
          .meta({ description: 'how many snapshots the vm may have; null: as many as are wanted' }),
      })
      .prefault({}),
    diskSpace: z
      .strictObject({
        warnBytes: z.number().int().min(1).nullable().default(null).meta({
          description:
            'space on the host that all files of the vm may take up before it is warned of; null: any',
        }),
        warnPercent: z.number().min(1).max(100_000).nullable().default(null).meta({
          description:
            'the same, of the sizes of its disks together; the lower limit counts; null: any',
        }),
      })
      .prefault({}),
    onGuestReboot: z.enum(guestRebootActions).default('restart').meta({
      description:
        'what happens when the guest restarts itself; a change takes effect at the next start',
    }),
    processorUse: z
      .strictObject({
        warnPercent: z.number().min(1).max(100).nullable().default(null).meta({
          description:
            "use of the vm's processors, the mean of a minute, above which it is warned of; null: any",
        }),
      })
      .prefault({}),
    memoryUse: z
      .strictObject({
        warnPercent: z.number().min(1).max(1000).nullable().default(null).meta({
          description:
            "memory that the vm takes up on its host, of the vm's own, the mean of a minute, above which it is warned of; null: any",
        }),
      })
      .prefault({}),
    failure: z
      .strictObject({
        reaction: z
          .enum(['none', 'reset', 'restart'])
          .default('none')
          .meta({ description: 'on guest crash, hang or process end' }),
        maxRepetitions: z
          .number()
          .int()
          .min(1)
          .max(100)
          .default(3)
          .meta({ description: 'within one hour' }),
      })
      .prefault({}),
    heartbeat: z
      .strictObject({
        intervalSeconds: seconds(1, 300).default(5),
        missedLimit: z
          .number()
          .int()
          .min(1)
          .max(100)
          .default(6)
          .meta({ description: 'missed beats until an event' }),
        bootSeconds: seconds(5, 7200).default(300).meta({
          description: 'how long the guest may take until its agent answers; booting until then',
        }),
      })
      .prefault({}),
    console: z
      .strictObject({
        enabled: z.boolean().default(true).meta({
          description: 'whether screen, keyboard and serial ports may be used from elsewhere',
        }),
        mode: z.enum(consoleModes).default('shared').meta({
          description:
            'shared: several people see and type in the same console; exclusive: one at a time',
        }),
      })
      .prefault({}),
    time: z
      .strictObject({
        synchronise: z.boolean().nullable().default(null).meta({
          description:
            "set the guest's clock from the host; null: not for a guest in another time zone or a domain controller",
        }),
        evenDomainController: z.boolean().default(false).meta({
          description: 'confirms synchronise for a domain controller, refused without',
        }),
      })
      .prefault({}),
    guestInformation: z
      .strictObject({
        shareHostFacts: z
          .boolean()
          .default(false)
          .meta({ description: 'let the guest read host name and product version' }),
      })
      .prefault({}),
    acceleration: z
      .enum(['auto', 'kvm', 'tcg'])
      .default('auto')
      .meta({ description: 'auto uses what the probe of the host found' }),
    runAs: accountNameSchema.nullable().default(null).meta({
      description: 'account of the host for its process and its scripts; null: one of its own',
    }),
    evenPowerfulAccount: z.boolean().default(false).meta({
      description: "confirms runAs for an account with an administrator's rights, refused without",
    }),
    scripts: z.array(scriptSchema).max(maxScripts).default([]).meta({
      description: 'programs of the host that events of the vm start; takes the right vm.scripts',
    }),
  })
  .meta({ id: 'VmSettings', description: 'what happens to the vm by itself' });

export const vmResourcesSchema = z
  .strictObject({
    cpuWeight: z
      .number()
      .int()
      .min(1)
      .max(10000)
      .default(100)
      .meta({ description: 'relative share when processors are scarce' }),
    cpuReservePercent: z
      .number()
      .min(0)
      .max(100)
      .default(0)
      .meta({ description: "of the vm's own processors, guaranteed" }),
    cpuMaximumPercent: z
      .number()
      .min(1)
      .max(100)
      .default(100)
      .meta({ description: "of the vm's own processors, never exceeded" }),
  })
  .meta({ id: 'VmResources', description: 'processor resources' });

export const vmDefinitionSchema = z
  .strictObject({
    id: idSchema.meta({ description: 'also the UUID the guest reads from SMBIOS' }),
    name: nameSchema,
    description: z.string().max(4096).default(''),
    tags: tagsSchema,
    guestOs: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{0,63}$/)
      .default('linux')
      .meta({ description: 'id in the catalogue of guests' }),
    domainController: z
      .boolean()
      .default(false)
      .meta({ description: 'the guest is a domain controller' }),
    portableTo: z
      .array(z.enum(targetProducts))
      .max(targetProducts.length)
      .refine((list) => new Set(list).size === list.length, 'names a product twice')
      .default([])
      .meta({
        description: 'other products that it shall stay fit for; checks warn of what they lack',
      }),
    production: z.boolean().default(false).meta({ description: 'used in production' }),
    hardware: hardwareSchema,
    resources: vmResourcesSchema.prefault({}),
    settings: vmSettingsSchema.prefault({}),
    extensions: z
      .record(z.string().max(128), z.json())
      .default({})
      .meta({ description: 'kept as it is, for other programs' }),
  })
  .meta({ id: 'VmDefinition', description: 'everything that makes the vm what it is' });

export type VmDefinition = z.infer<typeof vmDefinitionSchema>;
export type VmSettings = z.infer<typeof vmSettingsSchema>;
export type VmResources = z.infer<typeof vmResourcesSchema>;

/** Version of the definition's schema, written beside it in files; newer ones are refused, older ones read. */
export const definitionFormat = 1;

/** The file in a vm's folder: the definition with the version of its form. */
export const vmFileSchema = z
  .strictObject({
    gantry: z.literal('vm'),
    format: z.number().int().min(1),
    definition: vmDefinitionSchema,
  })
  .meta({ id: 'VmFile', description: 'the configuration file of a vm' });
export type VmFile = z.infer<typeof vmFileSchema>;
