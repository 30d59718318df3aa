/** The installation as a whole, its settings, and the small shapes of hosts' routes. */
import { z } from 'zod';
import { managerUrlSchema } from './host-connection.ts';
import { lowSpaceSchema } from './host-space.ts';
import { hostSettingsSchema } from './host.ts';
import { idSchema, nameSchema, referenceSchema, timeSchema } from './ids.ts';
import { patchOf } from './patch.ts';
import { viewerSettingsSchema } from './viewers.ts';
import { networkNameSchema } from './vm/import.ts';
import { useSchema } from './samples.ts';

/** What becomes of a request without TLS. */
export const plainHttpWays = ['refused', 'redirected', 'served'] as const;
export type PlainHttp = (typeof plainHttpWays)[number];

export const installationSettingsSchema = z
  .strictObject({
    thumbnails: z
      .boolean()
      .default(true)
      .meta({ description: 'whether lists may show small pictures of the screens of vms' }),
    thumbnailSeconds: z.number().int().min(0).max(3600).default(20).meta({
      description:
        'after how many seconds the small picture of the screen of a running vm is read anew; 0: when the vm changes. All else is shown as it changes',
    }),
    recentEvents: z
      .number()
      .int()
      .min(1)
      .max(100)
      .default(12)
      .meta({ description: 'how many of the newest events the status page shows' }),
    eventRetentionDays: z.number().int().min(1).max(3650).default(90),
    eventRetentionCount: z.number().int().min(1000).max(100_000_000).default(5_000_000),
    operationRetentionDays: z.number().int().min(1).max(3650).default(30),
    sessionHours: z.number().int().min(1).max(720).default(12),
    secondFactorGroups: z
      .array(nameSchema)
      .max(64)
      .default([])
      .meta({ description: 'groups whose members sign in with a second factor' }),
    allowPasswordWithoutTls: z
      .boolean()
      .default(false)
      .meta({ description: 'sign in with a password over a connection without encryption' }),
    plainHttp: z.enum(plainHttpWays).default('refused').meta({
      description:
        'what becomes of requests without TLS to the port of console and API: refused; redirected, which sends browsers to https; served, which everybody on the way reads and changes',
    }),
    auditReads: z
      .boolean()
      .default(false)
      .meta({ description: 'whether requests that only read are in the audit trail too' }),
    macPrefix: z
      .string()
      .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){2}$/, 'is not half a MAC address in lower case')
      .refine(
        (prefix) => (Number.parseInt(prefix.slice(0, 2), 16) & 3) === 2,
        'is not locally administered and unicast: the second digit is 2, 6, a or e',
      )
      .default('52:47:59')
      .meta({ description: 'with which the MAC addresses begin that new adapters are given' }),
    foreignNetworks: z.array(networkNameSchema).max(256).default([]).meta({
      description:
        'networks by their names in other products, for imports: NAME-THERE=NETWORK, user or none',
    }),
    auditRetentionMonths: z.number().int().min(1).max(120).default(13),
    eventScripts: z.boolean().default(false).meta({
      description: 'whether hosts run the scripts that are attached to events of vms, and of hosts',
    }),
  })
  .meta({ id: 'InstallationSettings' });
export type InstallationSettings = z.infer<typeof installationSettingsSchema>;

export const installationPatchSchema = patchOf(installationSettingsSchema).meta({
  id: 'InstallationPatch',
});
export type InstallationPatch = z.infer<typeof installationPatchSchema>;

/** Beside what is said in English: for programs, and for people who read another language. */
export const saidSchemas = {
  code: z.string().max(64).optional().meta({
    description:
      'what evidence and remedy say, as a code that stays; not there where evidence is a figure, or comes from an older agent',
  }),
  values: z
    .record(z.string().max(64), z.union([z.string().max(4096), z.number()]))
    .optional()
    .meta({ description: 'what stands in evidence and remedy, by name' }),
} as const;

export const findingSchema = z
  .strictObject({
    check: z.string(),
    result: z.enum(['ok', 'information', 'warning', 'error']),
    evidence: z.string(),
    remedy: z.string().nullable(),
    ...saidSchemas,
  })
  .meta({ id: 'Finding', description: 'a check with its result, evidence and remedy' });
export type Finding = z.infer<typeof findingSchema>;

export const diagnosticSchema = z
  .strictObject({ findings: z.array(findingSchema) })
  .meta({ id: 'Diagnostic' });
export type Diagnostic = z.infer<typeof diagnosticSchema>;

export const installationSchema = z
  .strictObject({
    kind: z.literal('installation'),
    id: z.string(),
    name: z.string(),
    productVersion: z.string(),
    apiVersion: z.string(),
    version: z.number().int(),
    startedAt: timeSchema,
    tls: z.boolean().meta({ description: 'whether nothing is served without TLS' }),
    settings: installationSettingsSchema,
    counts: z.strictObject({
      hosts: z.number().int(),
      vms: z.number().int(),
      running: z.number().int(),
      operations: z.number().int().meta({ description: 'not yet finished' }),
      lastEvent: z.number().int(),
    }),
    use: useSchema.nullable().meta({ description: 'null to those who may not see everything' }),
    findings: z.array(findingSchema).meta({ description: 'what is wrong, with the remedy' }),
  })
  .meta({ id: 'Installation' });
export type Installation = z.infer<typeof installationSchema>;

export const healthySchema = z
  .strictObject({
    ok: z.literal(true),
    tls: z.boolean().meta({ description: 'whether nothing is served without TLS' }),
  })
  .meta({ id: 'Healthy' });

export const hostPatchSchema = z
  .strictObject({
    name: z.string().min(1).max(100).optional(),
    managerUrl: managerUrlSchema.nullable().optional().meta({ description: 'null: none' }),
    settings: patchOf(hostSettingsSchema)
      .extend({
        viewers: patchOf(viewerSettingsSchema).optional(),
        lowSpace: patchOf(lowSpaceSchema).optional(),
      })
      .optional(),
  })
  .meta({ id: 'HostPatch' });
export type HostPatch = z.infer<typeof hostPatchSchema>;

/** HOST-27. */
export const hostBulkActions = [
  'turn-on-all',
  'turn-off-all',
  'pause-all',
  'resume-all',
  'start',
  'stop',
] as const;
export type HostBulkAction = (typeof hostBulkActions)[number];

export const hostBulkSchema = z
  .strictObject({
    only: z.array(referenceSchema).max(1000).optional().meta({ description: 'only these vms' }),
  })
  .meta({ id: 'HostBulk' });

export const joinTokenSchema = z
  .strictObject({
    token: z.string(),
    expiresAt: timeSchema,
    fingerprint: z
      .string()
      .meta({ description: 'SHA-256 of the authority certificate the host shall trust' }),
  })
  .meta({ id: 'JoinToken' });

/** The name that agents ask for by SNI, so that they meet the installation's own authority whatever certificate people see. */
export const linkServerName = 'coordinator.gantry.internal';

export const joinSchema = z
  .strictObject({
    token: z.string().min(16).max(128),
    hostName: nameSchema,
    driver: z.string().min(1).max(32),
    csr: z
      .string()
      .max(8192)
      .meta({ description: 'PKCS #10 in PEM; its key counts, its names do not' }),
  })
  .meta({ id: 'Join' });

export const joinedSchema = z
  .strictObject({
    hostId: idSchema,
    certificate: z.string().meta({ description: 'PEM, for the key of the request' }),
    authority: z.string().meta({ description: 'PEM of the certificate to trust' }),
  })
  .meta({ id: 'Joined' });
export type Joined = z.infer<typeof joinedSchema>;
