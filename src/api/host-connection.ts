/** Connections to hypervisors that others run: hosts without an agent (FED area). */
import { z } from 'zod';
import { nameSchema, timeSchema } from './ids.ts';

/** Of the pages with which whoever runs a hypervisor manages it. */
export const managerUrlSchema = z
  .url({ protocol: /^https?$/ })
  .max(1024)
  .refine((url) => {
    const { username, password } = new URL(url);
    return username === '' && password === '';
  }, 'holds a login, which anybody who sees the host would read')
  .meta({
    description: "address of its own, or its manager's, web interface, opened from its entry",
    examples: ['https://vcenter.example.org/ui/'],
  });

/** How a connection stands. */
export const connectionStateSchema = z
  .strictObject({
    state: z
      .enum(['connecting', 'connected'])
      .meta({ description: 'connecting: it is not there, and is tried again and again' }),
    latencyMs: z
      .number()
      .min(0)
      .nullable()
      .meta({ description: 'of a question to the hypervisor; null while it is not connected' }),
    lastError: z
      .strictObject({ at: timeSchema, message: z.string().max(1000) })
      .nullable()
      .meta({ description: 'why it was lost or could not be opened the last time' }),
  })
  .meta({ id: 'ConnectionState', description: 'how a connection to a hypervisor stands' });
export type ConnectionState = z.infer<typeof connectionStateSchema>;

const address = z
  .string()
  .min(1)
  .max(4096)
  .meta({
    description:
      'libvirt connection address: driver[+transport]://[user@][host][:port]/[path][?parameters]',
    examples: ['qemu+ssh://root@h1/system'],
  });
const user = z.string().min(1).max(256).meta({
  description: 'name to log in with, where the hypervisor asks for one (SASL)',
});

export const hostConnectionSchema = z
  .strictObject({
    address,
    user: user.nullable(),
    verification: z.enum(['full', 'none-allowed']).meta({
      description:
        'none-allowed: the address leaves certificate or host key unchecked, or is plain TCP, and somebody with the right to has allowed it',
    }),
    ...connectionStateSchema.shape,
  })
  .meta({ id: 'HostConnection', description: 'how a host without an agent is reached' });
export type HostConnection = z.infer<typeof hostConnectionSchema>;

export const hostConnectSchema = z
  .strictObject({
    address: address.meta({
      description:
        'libvirt connection address, or the name of a machine, which is tried over ssh and TLS',
    }),
    user: user.optional(),
    password: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .meta({ description: 'kept sealed, never shown' }),
    allowUnverified: z.boolean().default(false).meta({
      description:
        'allows an address that leaves certificate or host key unchecked (no_verify), or that goes to another machine over plain TCP; takes the right host.unverified',
    }),
  })
  .meta({ id: 'HostConnect', description: 'how a hypervisor is reached' });
export type HostConnect = z.infer<typeof hostConnectSchema>;

export const hostAddSchema = hostConnectSchema
  .extend({
    name: nameSchema.optional().meta({ description: 'default: what the host calls itself' }),
    managerUrl: managerUrlSchema.optional(),
  })
  .meta({ id: 'HostAdd', description: 'a hypervisor to connect' });
export type HostAdd = z.infer<typeof hostAddSchema>;
