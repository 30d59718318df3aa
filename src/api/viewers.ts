/**
 * Native viewers of screens (docs/rfd/0031): programs that speak RFB (RFC 6143) connect to a port of the host, one for
 * each vm, and prove who they are before they see anything.
 */
import { z } from 'zod';
import { idSchema, timeSchema } from './ids.ts';

const maxViewerPorts = 1000;

function isAddress(text: string): boolean {
  return z.ipv4().safeParse(text).success || z.ipv6().safeParse(text).success;
}

export const viewerSignIns = ['any', 'accounts', 'tickets'] as const;
export type ViewerSignIn = (typeof viewerSignIns)[number];

export const viewerSettingsSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .meta({ description: 'whether the host listens for native viewers of screens' }),
    address: z
      .string()
      .max(45)
      .refine((text) => isAddress(text), 'must be an address of the host')
      .nullable()
      .default(null)
      .meta({ description: 'on which it listens; null: on all that it has' }),
    firstPort: z
      .number()
      .int()
      .min(1024)
      .max(65_535)
      .default(5900)
      .meta({ description: 'the first of the ports, of which each vm has one' }),
    ports: z
      .number()
      .int()
      .min(1)
      .max(maxViewerPorts)
      .default(100)
      .meta({ description: 'how many there are' }),
    signIn: z.enum(viewerSignIns).default('any').meta({
      description:
        'what is asked of a viewer: accounts (a user with password or token), tickets (good once), any of both',
    }),
    unencrypted: z.enum(['refused', 'allowed']).default('refused').meta({
      description: 'whether viewers without TLS are let in as well; those only with tickets',
    }),
  })
  .meta({ id: 'ViewerSettings' });
export type ViewerSettings = z.infer<typeof viewerSettingsSchema>;

export const noViewers: ViewerSettings = viewerSettingsSchema.parse({});

export const viewerStates = ['off', 'unsupported', 'unknown', 'listening', 'failed'] as const;
export type ViewerState = (typeof viewerStates)[number];

export const hostViewersSchema = z
  .strictObject({
    state: z.enum(viewerStates).meta({ description: 'unknown: its agent is away' }),
    reason: z.string().max(500).nullable().meta({ description: 'why some or all do not listen' }),
    address: z.string().max(64).nullable().meta({ description: 'for viewers, as far as known' }),
    ports: z.string().max(16).meta({ description: '5900-5999' }),
    tls: z
      .enum(['required', 'optional'])
      .meta({ description: 'optional: viewers without TLS are let in as well' }),
  })
  .meta({ id: 'HostViewers', description: 'native viewers of the screens of its vms' });
export type HostViewers = z.infer<typeof hostViewersSchema>;

export const vmViewerSchema = z
  .strictObject({
    state: z.enum(viewerStates),
    reason: z.string().max(500).nullable().meta({ description: 'why no viewer gets in' }),
    address: z.string().max(64).nullable(),
    port: z.number().int().nullable().meta({ description: 'its own for as long as it is there' }),
    tls: hostViewersSchema.shape.tls,
    signIn: z.enum(viewerSignIns),
  })
  .meta({ id: 'VmViewer', description: 'where native viewers see the screen of a vm' });
export type VmViewer = z.infer<typeof vmViewerSchema>;

const pem = z.string().min(1).max(65_536);

export const viewerCertificateSchema = z
  .strictObject({
    issuedBy: z.enum(['gantry', 'user']),
    names: z.string().max(4096).meta({ description: 'that it is valid for' }),
    fingerprint: z.string().meta({ description: 'SHA-256, lower-case hex' }),
    expiresAt: timeSchema,
    warning: z
      .string()
      .max(500)
      .nullable()
      .meta({ description: 'what viewers will warn of or refuse' }),
    chain: z.string().meta({ description: 'PEM: the certificate and those above it' }),
  })
  .meta({ id: 'ViewerCertificate', description: 'what native viewers of a host are shown' });
export type ViewerCertificate = z.infer<typeof viewerCertificateSchema>;

export const viewerCertificateSetSchema = z
  .strictObject({
    chain: pem.meta({ description: 'PEM: the certificate of the host and those above it' }),
    key: pem.meta({ description: 'PEM, without a passphrase; is never shown again' }),
  })
  .meta({ id: 'ViewerCertificateSet' });

/** What an agent is to listen on: each port is that of one vm. */
export const viewerListenSchema = z.strictObject({
  address: z.string().max(64).nullable(),
  ports: z
    .array(z.strictObject({ port: z.number().int().min(1024).max(65_535), id: idSchema }))
    .max(maxViewerPorts),
});
export type ViewerListen = z.infer<typeof viewerListenSchema>;

/** Path of the connection that an agent dials for a viewer, the id of the vm behind it; `from` says where it is. */
export const viewerPath = '/api/v1/agent/viewer';
