/**
 * The link between agent and coordinator: JSON text frames on a WebSocket that the agent dials
 * (mutual TLS). One message per frame, at most `maxLinkMessageBytes`.
 *
 *   agent                            coordinator
 *     | hello (facts, all records) ---> |  checks protocol and certificate
 *     | <------------------- welcome    |  last event seq it has of this host
 *     | events, reports, samples, load->|  events are acknowledged with `ack`
 *     | <------------------ call id     |  primitive, idempotent, with the vm's generation
 *     | progress id, answer id -------> |
 */
import { z } from 'zod';
import { hostFactsSchema, hostLoadSchema, hostSettingsSchema } from '../host.ts';
import { idSchema } from '../ids.ts';
import {
  hostLeaseSchema,
  maxLeases,
  maxHostNetworks,
  networkReportSchema,
} from '../network/network.ts';
import { faultDataSchema } from '../operation.ts';
import {
  agentEventSchema,
  hostArrivalSchema,
  machineRecordSchema,
  machineReportSchema,
  machineSampleSchema,
} from './report.ts';
import { hostTroubleSchema, maxHostTroubles } from './troubles.ts';
import { maxToldAtOnce, toldEventSchema, toldOfHostSchema } from './ask-methods.ts';

export const linkProtocol = 1;
/** All records of a host of the largest size stand in one. */
export const maxLinkMessageBytes = 64 * 1024 * 1024;

export const agentMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    protocol: z.number().int(),
    hostId: idSchema,
    hostName: z.string().max(100),
    driver: z.string().max(32),
    facts: hostFactsSchema,
    load: hostLoadSchema,
    machines: z.array(machineRecordSchema).max(20_000),
    serviceRunning: z.boolean(),
    // An agent of before does not say.
    address: z.string().max(64).nullable().default(null).meta({
      description: 'from which it reaches the coordinator',
    }),
    networks: z.array(idSchema).max(maxHostNetworks).default([]).meta({
      description: 'that adapters of its machines are on, as defined or as they run',
    }),
    // An agent of before does not say.
    arrivals: z.array(hostArrivalSchema).max(20_000).optional(),
  }),
  z.strictObject({ type: z.literal('events'), events: z.array(agentEventSchema).max(1000) }),
  /** All machines, when some came, went or were changed by others. Agents know theirs; hosts of others tell. */
  z.strictObject({
    type: z.literal('records'),
    machines: z.array(machineRecordSchema).max(20_000),
  }),
  z.strictObject({ type: z.literal('reports'), reports: z.array(machineReportSchema).max(20_000) }),
  z.strictObject({
    type: z.literal('samples'),
    samples: z.array(machineSampleSchema).max(20_000),
    load: hostLoadSchema,
  }),
  /** Of all machines that were measured, whenever one has changed. */
  z.strictObject({
    type: z.literal('disk-space'),
    machines: z
      .array(z.strictObject({ id: idSchema, usedBytes: z.number().int().min(0) }))
      .max(20_000),
  }),
  /** All that is wrong, once it was looked for and whenever something of it has changed. */
  z.strictObject({
    type: z.literal('troubles'),
    troubles: z.array(hostTroubleSchema).max(maxHostTroubles),
  }),
  /** What a hypervisor that others run tells, in its words. */
  z.strictObject({ type: z.literal('told'), events: z.array(toldEventSchema).max(maxToldAtOnce) }),
  z.strictObject({
    type: z.literal('told-of-host'),
    events: z.array(toldOfHostSchema).max(maxToldAtOnce),
  }),
  z.strictObject({ type: z.literal('facts'), facts: hostFactsSchema, serviceRunning: z.boolean() }),
  z.strictObject({
    type: z.literal('networks'),
    networks: z.array(networkReportSchema).max(maxHostNetworks),
  }),
  /** All leases of a network that is served here, whenever they have changed. */
  z.strictObject({
    type: z.literal('leases'),
    network: idSchema,
    leases: z.array(hostLeaseSchema).max(maxLeases),
  }),
  z.strictObject({
    type: z.literal('progress'),
    id: z.number().int(),
    progress: z.number().min(0).max(1).nullable(),
    note: z.string().max(300).nullable(),
  }),
  z.strictObject({
    type: z.literal('answer'),
    id: z.number().int(),
    result: z.unknown().optional(),
    fault: faultDataSchema.optional(),
  }),
]);
export type AgentMessage = z.infer<typeof agentMessageSchema>;

export const coordinatorMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('welcome'),
    protocol: z.number().int(),
    lastEventSeq: z.number().int().min(0),
    settings: hostSettingsSchema,
    // A coordinator of before knows no scripts.
    eventScripts: z.boolean().default(false),
    thumbnails: z.boolean().optional().meta({ description: 'absent: true' }),
    installation: z.string(),
  }),
  z.strictObject({ type: z.literal('ack'), lastEventSeq: z.number().int().min(0) }),
  z.strictObject({
    type: z.literal('call'),
    id: z.number().int(),
    method: z.string().max(64),
    params: z.unknown(),
  }),
  z.strictObject({ type: z.literal('cancel'), id: z.number().int() }),
  z.strictObject({ type: z.literal('refused'), fault: faultDataSchema }),
]);
export type CoordinatorMessage = z.infer<typeof coordinatorMessageSchema>;
