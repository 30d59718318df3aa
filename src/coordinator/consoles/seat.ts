/** One connection to a console: who has it, what they may do, and how they are told what happens. */
import { isoTime } from '#lib';
import type {
  ConsoleAccess,
  ConsoleNotice,
  ConsoleParticipant,
  ConsoleSession,
  WhenHeld,
} from '#api';
import type { Caller } from '../context.ts';

/** Somebody who wants to join. */
export interface Visitor {
  readonly caller: Caller;
  /** How they wish to join. */
  readonly access: ConsoleAccess;
  /** `never` for those who may only look, whatever somebody gives them. */
  readonly control: 'possible' | 'never';
  readonly mode: 'shared' | 'exclusive';
  readonly whenHeld: WhenHeld;
  readonly graceSeconds: number;
}

/** Why a connection is ended that its client did not end. */
export type EndReason = 'ended' | 'elsewhere';

/** The open WebSocket of a seat. */
export interface Connection {
  tell(session: ConsoleSession, notice: ConsoleNotice | null): void;
  end(why: EndReason, text: string): void;
  /** It has control no more: what is held down is let go. */
  release(): void;
}

/** Its session alone changes it. */
export interface Seat {
  readonly id: string;
  readonly visitor: Visitor;
  /** Milliseconds since 1970. */
  since: number;
  access: ConsoleAccess;
  /** Who made it view-only: what one has chosen oneself, one may undo. */
  heldBy: 'self' | 'other';
  lentBy: { readonly id: string; readonly since: number } | null;
  connection: Connection | undefined;
  /** Resolves when it is admitted. */
  readonly turn: PromiseWithResolvers<void>;
}

export function makeSeat(visitor: Visitor, now: number): Seat {
  return {
    id: crypto.randomUUID(),
    visitor,
    since: now,
    access: visitor.control === 'never' ? 'view-only' : visitor.access,
    heldBy: 'self',
    lentBy: null,
    connection: undefined,
    turn: Promise.withResolvers<void>(),
  };
}

export function personOf({ visitor }: Seat): string {
  return visitor.caller.actor.name;
}

/** Whether both are the same user's; nobody without an account is the same as anybody. */
export function isOf(seat: Seat, { userId }: Caller): boolean {
  return userId !== null && seat.visitor.caller.userId === userId;
}

export function showSeat(seat: Seat): ConsoleParticipant {
  return {
    id: seat.id,
    person: personOf(seat),
    address: seat.visitor.caller.origin,
    since: isoTime(seat.since),
    access: seat.access,
    lentBy: seat.lentBy?.id ?? null,
  };
}
