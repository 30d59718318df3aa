/**
 * What a host without an agent is asked of a vm in the words of its hypervisor: Gantry has none for where processors run and whose memory
 * they use, nor for all that a guest tells, and keeps nothing of it.
 */
import { z } from 'zod';
import { idSchema } from '../ids.ts';

/** As libvirt names them; of what they are asked and answer its protocol says the form. */
export const tuneReads = [
  'DOMAIN_GET_VCPU_PIN_INFO',
  'DOMAIN_GET_EMULATOR_PIN_INFO',
  'DOMAIN_GET_MEMORY_PARAMETERS',
  'DOMAIN_GET_BLKIO_PARAMETERS',
  'DOMAIN_GET_NUMA_PARAMETERS',
  'DOMAIN_GET_BLOCK_IO_TUNE',
  'DOMAIN_GET_INTERFACE_PARAMETERS',
  'DOMAIN_GET_SCHEDULER_TYPE',
  'DOMAIN_GET_SCHEDULER_PARAMETERS',
  'DOMAIN_GET_SCHEDULER_PARAMETERS_FLAGS',
] as const;
export const tuneWrites = [
  'DOMAIN_PIN_VCPU',
  'DOMAIN_PIN_VCPU_FLAGS',
  'DOMAIN_PIN_EMULATOR',
  'DOMAIN_SET_MEMORY_PARAMETERS',
  'DOMAIN_SET_BLKIO_PARAMETERS',
  'DOMAIN_SET_NUMA_PARAMETERS',
  'DOMAIN_SET_BLOCK_IO_TUNE',
  'DOMAIN_SET_INTERFACE_PARAMETERS',
  'DOMAIN_SET_SCHEDULER_PARAMETERS',
  'DOMAIN_SET_SCHEDULER_PARAMETERS_FLAGS',
] as const;
/** What its guest tells through the agent that its hypervisor knows, and what the hypervisor counts of it. */
export const guestReads = [
  'DOMAIN_GET_GUEST_INFO',
  'DOMAIN_GET_FSINFO',
  'DOMAIN_GET_HOSTNAME',
  'DOMAIN_GET_GUEST_VCPUS',
  'DOMAIN_INTERFACE_ADDRESSES',
  'DOMAIN_GET_CPU_STATS',
] as const;
export type TuneWrite = (typeof tuneWrites)[number];
export type TuneProcedure = (typeof tuneReads)[number] | TuneWrite;
export type GuestRead = (typeof guestReads)[number];
export type AskedProcedure = TuneProcedure | GuestRead;

const encoded = z.base64().max(256 * 1024);

export const askMethods = {
  /** Errors: the hypervisor's own. Asked again it is so already. */
  'machine.ask': {
    params: z.strictObject({
      id: idSchema,
      procedure: z.enum([...tuneReads, ...tuneWrites, ...guestReads]),
      args: encoded.meta({ description: 'XDR, base64; whose they are is said by the id' }),
    }),
    result: z.strictObject({ ret: encoded.meta({ description: 'XDR, base64' }) }),
  },
} as const satisfies Record<string, { readonly params: z.ZodType; readonly result: z.ZodType }>;
