/**
 * What a coordinator and the process beside it that speaks with foreign hypervisors tell each other, over the
 * channel of that process: JSON values, one message each. What is seen of a hypervisor does not pass here: for
 * each connection that stands the process dials the link of a host (messages.ts), like any agent.
 *
 *   coordinator                     process
 *     | try id, open, close -------> |
 *     | <------ tried id, state ---- |  state whenever it changes, and with every look
 */
import { z } from 'zod';
import { hypervisorIdSchema } from '../host.ts';
import { connectionStateSchema } from '../host-connection.ts';
import { idSchema } from '../ids.ts';
import { faultDataSchema } from '../operation.ts';

const pem = z.string().max(64 * 1024);

/** Where a hypervisor is, and how to be let in. Secret. */
export const foreignTargetSchema = z.strictObject({
  address: z.string().max(4096),
  user: z.string().max(256).nullable(),
  password: z.string().max(1024).nullable(),
  unverified: z.enum(['refused', 'allowed']),
});
export type ForeignTarget = z.infer<typeof foreignTargetSchema>;

/** What the link of a host is dialled with. Secret. */
export const foreignHostSchema = z.strictObject({
  id: idSchema,
  name: z.string().max(100),
  coordinator: z.url().max(1024),
  credentials: z.strictObject({ privateKey: pem, certificate: pem, authority: pem }),
});
export type ForeignHostIdentity = z.infer<typeof foreignHostSchema>;

export const foreignRequestSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('try'), id: z.number().int(), target: foreignTargetSchema }),
  /** Again for the same host: with what is given now. */
  z.strictObject({
    type: z.literal('open'),
    host: foreignHostSchema,
    target: foreignTargetSchema,
    known: z
      .array(
        z.strictObject({
          uuid: z.string().max(36),
          id: idSchema,
          came: z.enum(['yes', 'maybe']).meta({ description: 'maybe: an operation brings it' }),
        }),
      )
      .max(20_000)
      .meta({ description: 'vms that came, or are coming, from other hosts, and keep their ids' }),
  }),
  z.strictObject({ type: z.literal('close'), hostId: idSchema }),
]);
export type KnownVm = Extract<ForeignRequest, { type: 'open' }>['known'][number];
export type ForeignRequest = z.infer<typeof foreignRequestSchema>;

/** What is behind an address. */
export const triedSchema = z.strictObject({
  hostName: z.string().max(100),
  /** Null where the hypervisor does not say who it is. */
  hypervisorId: hypervisorIdSchema.nullable(),
  vms: z
    .array(z.string().max(36))
    .max(10_000)
    .meta({ description: 'UUIDs, as the hypervisor knows them' }),
});
export type Tried = z.infer<typeof triedSchema>;

export const foreignAnswerSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('tried'),
    id: z.number().int(),
    seen: triedSchema.optional().meta({ description: 'where it could be opened' }),
    fault: faultDataSchema.optional(),
  }),
  z.strictObject({ type: z.literal('state'), hostId: idSchema, state: connectionStateSchema }),
]);
export type ForeignAnswer = z.infer<typeof foreignAnswerSchema>;
