/**
 * Consoles of a vm with several people at them (docs/rfd/0022): who is connected to a screen or serial port,
 * what their connections are told, and why one is ended.
 *
 * A WebSocket that asks for the subprotocol `gantry.console.v1` (RFC 6455 1.9) is told as text frames, one
 * `consoleMessageSchema` each, what happens in its session; the console's own bytes are binary frames. One that
 * does not ask gets the bytes alone.
 */
import { z } from 'zod';
import { idSchema, timeSchema } from '../ids.ts';

export const consoleNames = ['screen', 'serial1', 'serial2'] as const;
export type ConsoleName = (typeof consoleNames)[number];

export const consoleModes = ['shared', 'exclusive'] as const;
export type ConsoleMode = (typeof consoleModes)[number];

export const consoleAccesses = ['control', 'view-only'] as const;
export type ConsoleAccess = (typeof consoleAccesses)[number];

export const consoleProtocol = 'gantry.console.v1';

/** Before a ticket, as one more subprotocol that a WebSocket asks for: it is answered with none of them. */
export const consoleTicketPrefix = 'gantry.ticket.';
export const consoleTicketSeconds = 60;

export const consoleTicketSchema = z
  .strictObject({
    ticket: z.string().meta({ description: 'good once, for this vm, from this address' }),
    password: z.string().length(8).meta({
      description: 'the same for native viewers, which take no more than eight characters',
    }),
    expiresAt: timeSchema,
  })
  .meta({ id: 'ConsoleTicket' });
export type ConsoleTicket = z.infer<typeof consoleTicketSchema>;

export const maxLinkMinutes = 7 * 24 * 60;

export const consoleLinkSchema = z
  .strictObject({
    id: idSchema,
    label: z.string().max(60).meta({ description: 'for whom or what' }),
    creator: z.string().max(100),
    createdAt: timeSchema,
    expiresAt: timeSchema,
  })
  .meta({ id: 'ConsoleLink', description: 'shows the screen to somebody without an account' });
export type ConsoleLink = z.infer<typeof consoleLinkSchema>;

export const consoleLinkCreateSchema = z
  .strictObject({
    label: z.string().min(1).max(60).meta({ description: 'for whom or what' }),
    minutes: z
      .number()
      .int()
      .min(1)
      .max(maxLinkMinutes)
      .default(60)
      .meta({ description: 'how long it is good' }),
  })
  .meta({ id: 'ConsoleLinkCreate' });

export const consoleLinkMadeSchema = consoleLinkSchema
  .extend({
    path: z.string().meta({
      description: 'below the address of this server; its secret is in the fragment, shown once',
    }),
  })
  .meta({ id: 'ConsoleLinkMade' });
export type ConsoleLinkMade = z.infer<typeof consoleLinkMadeSchema>;

export const consoleLinkOpenedSchema = z
  .strictObject({
    ticket: z.string().meta({ description: 'opens the screen once, from this address' }),
    vm: idSchema,
    name: z.string().meta({ description: 'of the vm' }),
    expiresAt: timeSchema.meta({ description: 'of the link' }),
  })
  .meta({ id: 'ConsoleLinkOpened' });
export type ConsoleLinkOpened = z.infer<typeof consoleLinkOpenedSchema>;

/** Codes of the close frame with which a connection is ended for good: it is not to be made again by itself. */
export const consoleCloseCodes = {
  /** Somebody who may has ended it, or taken the console over. */
  ended: 4001,
  /** The same person has opened the exclusive console elsewhere. */
  elsewhere: 4002,
} as const;

/** What an arrival does where the console is held by others in exclusive mode. */
export const whenHeldChoices = ['refuse', 'wait', 'take-over'] as const;
export type WhenHeld = (typeof whenHeldChoices)[number];

export const maxGraceSeconds = 60;
export const graceSecondsSchema = z.coerce
  .number()
  .int()
  .min(0)
  .max(maxGraceSeconds)
  .default(10)
  .meta({ description: 'how long before its end a holder is warned' });

/** How a console is joined. */
export const consoleJoinQuery = {
  readOnly: z.stringbool().default(false).meta({ description: 'joins view-only' }),
  exclusive: z
    .stringbool()
    .default(false)
    .meta({ description: 'nobody else is admitted while it is open' }),
  whenHeld: z.enum(whenHeldChoices).default('refuse').meta({
    description:
      'where exclusive mode keeps it out: refuse, wait, or take-over (takes the right vm.supervise)',
  }),
  graceSeconds: graceSecondsSchema,
} as const;

export const consoleParticipantSchema = z
  .strictObject({
    id: idSchema.meta({ description: 'of this connection' }),
    person: z.string().max(200).meta({ description: 'name of the user, or of a link' }),
    address: z.string().max(64).nullable().meta({ description: 'where the person is' }),
    since: timeSchema,
    access: z
      .enum(consoleAccesses)
      .meta({ description: 'whether what the person types and points at reaches the guest' }),
    lentBy: idSchema
      .nullable()
      .meta({ description: 'the participant who handed control over and may take it back' }),
  })
  .meta({ id: 'ConsoleParticipant' });
export type ConsoleParticipant = z.infer<typeof consoleParticipantSchema>;

export const consoleSessionSchema = z
  .strictObject({
    console: z.enum(consoleNames),
    mode: z.enum(consoleModes),
    recordedBy: z
      .string()
      .max(100)
      .nullable()
      .meta({ description: 'who records it; null: nobody does' }),
    participants: z.array(consoleParticipantSchema).max(64),
    waiting: z
      .array(consoleParticipantSchema)
      .max(64)
      .meta({ description: 'kept out by exclusive mode, in the order in which they are admitted' }),
  })
  .meta({ id: 'ConsoleSession', description: 'everybody who is at one console of a vm' });
export type ConsoleSession = z.infer<typeof consoleSessionSchema>;

export const consoleNoticeKinds = [
  'joined',
  'left',
  'view-only',
  'control',
  'handed-over',
  'taken-back',
  'waiting',
  'take-over',
  'take-over-withdrawn',
  'recording',
  'recording-ended',
] as const;
export type ConsoleNoticeKind = (typeof consoleNoticeKinds)[number];

export const consoleNoticeSchema = z
  .strictObject({
    kind: z.enum(consoleNoticeKinds),
    person: z.string().max(200).meta({ description: 'whom it is about' }),
    by: z.string().max(200).meta({ description: 'who did it' }),
    seconds: z
      .number()
      .int()
      .min(0)
      .optional()
      .meta({ description: 'until a take-over; only with that' }),
  })
  .meta({ id: 'ConsoleNotice' });
export type ConsoleNotice = z.infer<typeof consoleNoticeSchema>;

/** A text frame of a console's WebSocket. */
export const consoleMessageSchema = z
  .strictObject({
    you: idSchema.meta({ description: 'which participant this connection is' }),
    session: consoleSessionSchema,
    notice: consoleNoticeSchema
      .nullable()
      .meta({ description: 'what has changed, where it is news' }),
  })
  .meta({ id: 'ConsoleMessage' });
export type ConsoleMessage = z.infer<typeof consoleMessageSchema>;
