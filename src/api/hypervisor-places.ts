/** Networks and storage pools of a hypervisor that others run, as it tells them (FED-08). */
import { z } from 'zod';

const standing = {
  name: z.string().min(1).max(256),
  uuid: z.guid(),
  active: z.boolean(),
  persistent: z.boolean().meta({ description: 'whether it is there when it is not active' }),
  autostart: z.boolean().meta({ description: 'whether it starts with its host' }),
};

export const hypervisorNetworkSchema = z.object(standing).meta({ id: 'HypervisorNetwork' });
export type HypervisorNetwork = z.infer<typeof hypervisorNetworkSchema>;

const bytes = z.number().min(0);

export const hypervisorPoolSchema = z
  .object({
    ...standing,
    type: z
      .string()
      .max(64)
      .meta({ description: "libvirt's word: dir, netfs, logical and others" }),
    path: z.string().max(4096).nullable().meta({ description: 'where its volumes are' }),
    capacityBytes: bytes,
    allocationBytes: bytes,
    availableBytes: bytes,
  })
  .meta({ id: 'HypervisorPool', description: 'without figures while it is not active: zeros' });
export type HypervisorPool = z.infer<typeof hypervisorPoolSchema>;

/** What its driver calls them, and most of one host. */
export const hypervisorPlaces = {
  networks: z.array(hypervisorNetworkSchema).max(16_384),
  pools: z.array(hypervisorPoolSchema).max(16_384),
} as const;
export type HypervisorPlace = keyof typeof hypervisorPlaces;
