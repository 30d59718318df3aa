/**
 * What a host without an agent is asked of a vm in the words of its hypervisor, and what that tells in them: Gantry has none for where
 * processors run and whose memory they use, nor for all that a guest tells, and keeps nothing of it. Who may ask what is
 * said where it is asked.
 */
import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { maxPeekBytes } from '../vm/memory-peek.ts';

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
  'DOMAIN_GET_IOTHREAD_INFO',
  'DOMAIN_GET_PERF_EVENTS',
  'DOMAIN_MIGRATE_GET_MAX_SPEED',
  'DOMAIN_MIGRATE_GET_MAX_DOWNTIME',
  'DOMAIN_MIGRATE_GET_COMPRESSION_CACHE',
  'DOMAIN_GET_METADATA',
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
  'DOMAIN_PIN_IOTHREAD',
  'DOMAIN_ADD_IOTHREAD',
  'DOMAIN_DEL_IOTHREAD',
  'DOMAIN_SET_IOTHREAD_PARAMS',
  'DOMAIN_SET_PERF_EVENTS',
  'DOMAIN_SET_VCPU',
  'DOMAIN_START_DIRTY_RATE_CALC',
  'DOMAIN_MIGRATE_SET_MAX_SPEED',
  'DOMAIN_MIGRATE_SET_MAX_DOWNTIME',
  'DOMAIN_MIGRATE_SET_COMPRESSION_CACHE',
  'DOMAIN_SET_METADATA',
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
/** Work on the files of a disk while its vm runs, and how much may be written into one before that is told. */
export const diskJobProcedures = [
  'DOMAIN_GET_BLOCK_JOB_INFO',
  'DOMAIN_BLOCK_JOB_ABORT',
  'DOMAIN_BLOCK_JOB_SET_SPEED',
  'DOMAIN_BLOCK_PULL',
  'DOMAIN_BLOCK_REBASE',
  'DOMAIN_BLOCK_COMMIT',
  'DOMAIN_BLOCK_COPY',
  'DOMAIN_SET_BLOCK_THRESHOLD',
] as const;
/** What is changed within the guest, by its agent, and who may come in. */
export const guestWrites = [
  'DOMAIN_SET_GUEST_VCPUS',
  'DOMAIN_AUTHORIZED_SSH_KEYS_GET',
  'DOMAIN_AUTHORIZED_SSH_KEYS_SET',
] as const;
/** The memory of a vm in a file of its host. */
export const dumpProcedures = ['DOMAIN_CORE_DUMP', 'DOMAIN_CORE_DUMP_WITH_FORMAT'] as const;
/** What is in a disk and in the memory of a guest. */
export const insideReads = ['DOMAIN_BLOCK_PEEK', 'DOMAIN_MEMORY_PEEK'] as const;
export type TuneWrite = (typeof tuneWrites)[number];
export type TuneProcedure = (typeof tuneReads)[number] | TuneWrite;
export type GuestRead = (typeof guestReads)[number];
export type AskedProcedure =
  | TuneProcedure
  | GuestRead
  | (typeof diskJobProcedures)[number]
  | (typeof guestWrites)[number]
  | (typeof dumpProcedures)[number]
  | (typeof insideReads)[number];

/** Of its machine: what a fleet of many has not, or has as sums alone. */
export const hostAskedProcedures = [
  'CONNECT_GET_SYSINFO',
  'CONNECT_COMPARE_CPU',
  'CONNECT_BASELINE_CPU',
  'CONNECT_COMPARE_HYPERVISOR_CPU',
  'CONNECT_BASELINE_HYPERVISOR_CPU',
  'NODE_GET_CPU_STATS',
] as const;
export type HostAskedProcedure = (typeof hostAskedProcedures)[number];

/** What a hypervisor tells of vms beyond their states, which are looked at. */
export const toldEventNames = [
  'DOMAIN_EVENT_CALLBACK_RTC_CHANGE',
  'DOMAIN_EVENT_CALLBACK_WATCHDOG',
  'DOMAIN_EVENT_CALLBACK_IO_ERROR',
  'DOMAIN_EVENT_CALLBACK_IO_ERROR_REASON',
  'DOMAIN_EVENT_CALLBACK_GRAPHICS',
  'DOMAIN_EVENT_CALLBACK_CONTROL_ERROR',
  'DOMAIN_EVENT_CALLBACK_BLOCK_JOB',
  'DOMAIN_EVENT_CALLBACK_DISK_CHANGE',
  'DOMAIN_EVENT_CALLBACK_TRAY_CHANGE',
  'DOMAIN_EVENT_CALLBACK_BALLOON_CHANGE',
  'DOMAIN_EVENT_BLOCK_JOB_2',
  'DOMAIN_EVENT_CALLBACK_TUNABLE',
  'DOMAIN_EVENT_CALLBACK_AGENT_LIFECYCLE',
  'DOMAIN_EVENT_CALLBACK_MIGRATION_ITERATION',
  'DOMAIN_EVENT_CALLBACK_JOB_COMPLETED',
  'DOMAIN_EVENT_CALLBACK_METADATA_CHANGE',
  'DOMAIN_EVENT_BLOCK_THRESHOLD',
  'DOMAIN_EVENT_MEMORY_FAILURE',
  'DOMAIN_EVENT_MEMORY_DEVICE_SIZE_CHANGE',
] as const;
export type ToldEventName = (typeof toldEventNames)[number];

const place = z.string().max(40);
const encoded = z.base64().max(256 * 1024);

/** Nothing that is kept: who does not listen then has not heard it. */
export const toldEventSchema = z.strictObject({
  id: idSchema,
  name: z.enum(toldEventNames),
  fields: encoded.meta({ description: 'XDR, base64; of whom it is told is said by the id' }),
  place: place.optional().meta({ description: 'of the disk that is named in it' }),
});
export type ToldEvent = z.infer<typeof toldEventSchema>;
export const maxToldAtOnce = 1000;

/** What it tells of its own networks, storage pools and devices. Its secrets are shown to nobody. */
export const hostEventNames = [
  'NETWORK_EVENT_LIFECYCLE',
  'STORAGE_POOL_EVENT_LIFECYCLE',
  'STORAGE_POOL_EVENT_REFRESH',
  'NODE_DEVICE_EVENT_LIFECYCLE',
  'NODE_DEVICE_EVENT_UPDATE',
] as const;
export type HostEventName = (typeof hostEventNames)[number];

/** As `toldEventSchema`. */
export const toldOfHostSchema = z.strictObject({
  name: z.enum(hostEventNames),
  fields: encoded.meta({ description: 'XDR, base64' }),
});
export type ToldOfHost = z.infer<typeof toldOfHostSchema>;

export const askMethods = {
  /** Changes nothing. Errors: the hypervisor's own. */
  'host.ask': {
    params: z.strictObject({
      procedure: z.enum(hostAskedProcedures),
      args: encoded.meta({ description: 'XDR, base64' }),
    }),
    result: z.strictObject({ ret: encoded.meta({ description: 'XDR, base64' }) }),
  },
  /** Errors: the hypervisor's own. What is asked again is so already, or is refused as under way. */
  'machine.ask': {
    params: z.strictObject({
      id: idSchema,
      procedure: z.enum([
        ...tuneReads,
        ...tuneWrites,
        ...guestReads,
        ...diskJobProcedures,
        ...guestWrites,
        ...dumpProcedures,
        ...insideReads,
      ]),
      args: encoded.meta({ description: 'XDR, base64; whose they are is said by the id' }),
      place: place.optional().meta({ description: 'of the disk that the arguments name' }),
    }),
    result: z.strictObject({
      ret: z
        .base64()
        .max(2 * maxPeekBytes)
        .meta({ description: 'XDR, base64' }),
    }),
  },
} as const satisfies Record<string, { readonly params: z.ZodType; readonly result: z.ZodType }>;
