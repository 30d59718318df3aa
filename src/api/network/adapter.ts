/** Adapters of a host: what they are, and what the host and its networks may do with them (NET-34, NET-35). */
import { z } from 'zod';
import { idSchema, timeSchema } from '../ids.ts';
import { macSchema } from '../vm/hardware.ts';

/** Of a host. */
export const maxHostAdapters = 256;

/** What an adapter is for. */
export const adapterUses = {
  any: 'a bridged network may be on it while the host has no address there',
  host: 'reserved for the host: no network may be on it',
  networks: "reserved for networks: the host's addresses are taken off it",
  shared: "host and networks share it: the host's addresses are on a bridge that it is a port of",
} as const;
export type AdapterUse = keyof typeof adapterUses;
const useNames = Object.keys(adapterUses) as [AdapterUse, ...AdapterUse[]];
export const adapterUseSchema = z.enum(useNames);

export const adapterNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/, 'is not the name of an adapter');

export const adapterTrialSchema = z
  .strictObject({
    use: adapterUseSchema.meta({ description: 'what is tried' }),
    until: timeSchema.meta({ description: 'when it is undone unless it was confirmed' }),
  })
  .meta({ id: 'AdapterTrial', description: 'a change that could cut the host off' });
export type AdapterTrial = z.infer<typeof adapterTrialSchema>;

const adapter = {
  name: adapterNameSchema,
  mac: macSchema.nullable(),
  link: z.enum(['up', 'no-link', 'disabled']).meta({
    description: 'no-link: nothing at the other end; disabled: it is switched off',
  }),
  speedMbps: z.number().int().min(0).nullable().meta({ description: 'null: it does not tell' }),
  addresses: z.array(z.string().max(64)).max(1024).meta({
    description: "the host's own, on the adapter or on the bridge that shares it",
  }),
  carries: z.array(z.enum(['coordinator', 'default-route'])).meta({
    description: 'what of the host goes over it: its way to the coordinator, its default route',
  }),
  use: adapterUseSchema,
  trial: adapterTrialSchema.nullable().meta({ description: 'null: nothing is tried' }),
  problem: z.string().max(500).nullable().meta({
    description: 'why the adapter is not used as it should be; null: it is',
  }),
};

/** As a host tells it. */
export const adapterReportSchema = z.strictObject({
  ...adapter,
  networks: z.array(idSchema).max(4096),
});
export type AdapterReport = z.infer<typeof adapterReportSchema>;

export const hostAdapterSchema = z
  .strictObject({
    ...adapter,
    networks: z
      .array(z.strictObject({ id: idSchema, name: z.string().max(100) }))
      .max(4096)
      .meta({ description: 'those that the host carries on it' }),
  })
  .meta({ id: 'HostAdapter', description: 'a network adapter of a host' });
export type HostAdapter = z.infer<typeof hostAdapterSchema>;

export const hostAdaptersSchema = z
  .strictObject({ items: z.array(hostAdapterSchema).max(maxHostAdapters) })
  .meta({ id: 'HostAdapters' });
export type HostAdapters = z.infer<typeof hostAdaptersSchema>;

export const hostAdapterChangeSchema = z
  .strictObject({
    use: adapterUseSchema,
    confirmSeconds: z.number().int().min(5).max(3600).default(60).meta({
      description: 'how long a change that could cut the host off waits to be confirmed',
    }),
  })
  .meta({ id: 'HostAdapterChange' });
export type HostAdapterChange = z.infer<typeof hostAdapterChangeSchema>;

export const hostAdapterChangedSchema = z
  .strictObject({ trial: adapterTrialSchema.nullable() })
  .meta({ id: 'HostAdapterChanged', description: 'trial: null where nothing has to be confirmed' });
export type HostAdapterChanged = z.infer<typeof hostAdapterChangedSchema>;
