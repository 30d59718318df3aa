/**
 * Everybody at one console of a vm (docs/rfd/0022). In memory: it dies with the process, and people join again.
 *
 *   arrive --admitted--> present --leave, end--> gone
 *      |                    ^
 *      +--held--> waiting --+ (in order, when those present allow it; a take-over first)
 *
 * Invariants: (1) where one present is alone by mode, nobody else is present; (2) only `mayType` decides whose
 * input reaches the guest, and it says no to whoever is not present; (3) control that was handed over is the
 * giver's again when the receiver leaves; (4) at most `maxPeople` are present or wait.
 */
import { Fault, type Clock } from '#lib';
import type { ConsoleAccess, ConsoleName, ConsoleNotice, ConsoleSession } from '#api';
import type { Caller } from '../context.ts';
import type { TellConsole } from './events.ts';
import {
  isOf,
  makeSeat,
  personOf,
  showSeat,
  type Connection,
  type Seat,
  type Visitor,
} from './seat.ts';

const maxPeople = 64;

export interface SessionParts {
  readonly console: ConsoleName;
  /** Its id. */
  readonly vm: string;
  readonly clock: Clock;
  readonly tell: TellConsole;
  /** Null where nobody records. */
  readonly recordedBy: () => string | null;
  /** Called when nobody is there any more. */
  readonly onEmpty: () => void;
}

export class Session {
  readonly #parts: SessionParts;
  readonly #present: Seat[] = [];
  readonly #waiting: Seat[] = [];
  /** Ids of users whom others have put into view-only: a new connection does not lead out of it. */
  readonly #lookers = new Set<string>();
  /** What ends seats when their grace is over. */
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /**
   * A seat, admitted or waiting for its turn. Errors: `refused` with the holder's name where it is held in
   * exclusive mode; `forbidden` for a take-over without the right; `exhausted`.
   */
  arrive(visitor: Visitor): Seat {
    if (this.#present.length + this.#waiting.length >= maxPeople)
      throw new Fault('exhausted', `${maxPeople} people are at this console already`);
    const seat = makeSeat(visitor, this.#now());
    if (this.#lookers.has(visitor.caller.userId ?? '')) {
      seat.access = 'view-only';
      seat.heldBy = 'other';
    }
    if (!this.#isHeldAgainst(seat)) {
      this.#admit(seat);
      return seat;
    }
    if (this.#present.every((present) => isOf(present, visitor.caller))) {
      // Whoever has it may go on elsewhere, and a connection that broke unseen keeps nobody out.
      for (const present of this.#present.slice())
        this.#remove(present, 'elsewhere', 'you have opened it elsewhere');
      this.#admit(seat);
      return seat;
    }
    switch (visitor.whenHeld) {
      case 'refuse':
        throw this.#held();
      case 'wait':
        this.#waiting.push(seat);
        break;
      case 'take-over':
        this.#requireToSupervise(visitor.caller);
        this.#waiting.unshift(seat);
        this.#beginTakeOver(seat);
    }
    return seat;
  }

  /** The seat's WebSocket is open: everybody learns of it. */
  connect(seat: Seat, connection: Connection): void {
    seat.connection = connection;
    if (this.#present.includes(seat)) this.#joined(seat);
    else if (this.#waiting.includes(seat)) this.#tellAll(this.#notice('waiting', seat));
    else connection.end('elsewhere', 'you have opened it elsewhere');
  }

  leave(seat: Seat): void {
    if (this.#present.includes(seat)) this.#remove(seat, undefined, '');
    else if (take(this.#waiting, seat)) this.#withdraw(seat);
    this.#goOn();
  }

  isPresent(seat: Seat): boolean {
    return this.#present.includes(seat);
  }

  /** Whether what the seat sends may reach the guest. */
  mayType(seat: Seat): boolean {
    return seat.access === 'control' && this.#present.includes(seat);
  }

  /**
   * For input that comes by no seat. Errors: `refused` for somebody who is present view-only, and for everybody
   * but the holder of an exclusive console.
   */
  requireInput(caller: Caller): void {
    const own = this.#present.filter((seat) => isOf(seat, caller));
    if (own.length === 0 && this.#present.some(({ visitor }) => visitor.mode === 'exclusive'))
      throw this.#held();
    if (own.length > 0 && own.every(({ access }) => access === 'view-only'))
      throw new Fault('refused', 'you are at this console view-only', {
        hint: 'ask somebody in control to hand over keyboard and mouse',
      });
  }

  /** Errors: `not-found`; `forbidden`; `refused` for control that cannot be given. */
  setAccess(caller: Caller, id: string, access: ConsoleAccess): void {
    const seat = this.#find(id);
    if (seat.access === access) return;
    const isOwn = isOf(seat, caller);
    const isFree = isOwn && (access === 'view-only' || seat.heldBy === 'self');
    if (!isFree && !this.#supervises(caller) && !this.#isInControl(caller))
      throw new Fault('forbidden', 'only somebody in control decides about others', {
        hint: 'it takes control of this console, or the right vm.supervise',
      });
    this.#give(seat, access, isOwn ? 'self' : 'other');
    if (!isOwn) this.#hold(seat);
    this.#parts.tell(caller, 'console.access-changed', { ...this.#who(seat), access });
    this.#tellAll(this.#notice(access, seat, caller));
  }

  /** The receiver has control in the place of the giver. Errors: `not-found`; `refused`. */
  handOver(caller: Caller, id: string): void {
    const receiver = this.#find(id);
    const givers = this.#present.filter((seat) => isOf(seat, caller) && this.mayType(seat));
    const [giver] = givers;
    if (giver === undefined)
      throw new Fault('refused', 'you have no keyboard and mouse to hand over', {
        hint: 'only somebody in control of this console can',
      });
    if (isOf(receiver, caller))
      throw new Fault('refused', 'keyboard and mouse are handed over to somebody else');
    this.#give(receiver, 'control', 'other');
    this.#hold(receiver);
    receiver.lentBy = { id: giver.id, since: this.#now() };
    for (const seat of givers) this.#give(seat, 'view-only', 'other');
    this.#parts.tell(caller, 'console.handed-over', {
      ...this.#who(receiver),
      durationMs: this.#now() - giver.since,
    });
    this.#tellAll(this.#notice('handed-over', receiver, caller));
  }

  /** Errors: `refused` where nothing is lent. */
  takeBack(caller: Caller): void {
    const own = this.#present.filter((seat) => isOf(seat, caller));
    const lent = this.#present.flatMap((seat) => {
      const giver = own.find(({ id }) => id === seat.lentBy?.id);
      return giver === undefined ? [] : [{ seat, giver, since: seat.lentBy?.since ?? 0 }];
    });
    if (lent.length === 0)
      throw new Fault('refused', 'you have handed over nothing that could be taken back');
    for (const { seat, giver, since } of lent) {
      this.#give(seat, 'view-only', 'other');
      this.#hold(seat);
      this.#give(giver, 'control', 'self');
      this.#parts.tell(caller, 'console.taken-back', {
        ...this.#who(seat),
        durationMs: this.#now() - since,
      });
      this.#tellAll(this.#notice('taken-back', seat, caller));
    }
  }

  /** Ends a connection, another's after a warning. Errors: `not-found`; `forbidden`. */
  end(caller: Caller, id: string, graceSeconds: number): void {
    const seat = this.#find(id);
    if (isOf(seat, caller)) {
      this.#remove(seat, 'ended', 'you have ended it');
      this.#goOn();
      return;
    }
    this.#requireToSupervise(caller);
    this.#tellAll({ ...this.#notice('take-over', seat, caller), seconds: graceSeconds });
    this.#after(graceSeconds, seat.id, () => {
      if (!this.#present.includes(seat)) return;
      this.#parts.tell(caller, 'console.ended', {
        ...this.#who(seat),
        durationMs: this.#now() - seat.since,
      });
      this.#remove(seat, 'ended', `ended by ${caller.actor.name}`);
      this.#goOn();
    });
  }

  tellOfRecording(kind: 'recording' | 'recording-ended', by: string): void {
    this.#tellAll({ kind, person: by, by });
  }

  endProof(proof: string, text: string): void {
    for (const seat of this.#present.slice())
      if (seat.visitor.caller.proof?.id === proof) this.#remove(seat, 'ended', text);
    this.#goOn();
  }

  show(): ConsoleSession {
    return {
      console: this.#parts.console,
      mode: this.#isExclusive() ? 'exclusive' : 'shared',
      recordedBy: this.#parts.recordedBy(),
      participants: this.#present.map(showSeat),
      waiting: this.#waiting.map(showSeat),
    };
  }

  #now(): number {
    return this.#parts.clock.now();
  }

  #isExclusive(): boolean {
    return this.#present.some(({ visitor }) => visitor.mode === 'exclusive');
  }

  #isHeldAgainst({ visitor }: Seat): boolean {
    return this.#present.length > 0 && (this.#isExclusive() || visitor.mode === 'exclusive');
  }

  #held(): Fault {
    const [holder] = this.#present;
    const names = [...new Set(this.#present.map(personOf))].slice(0, 5).join(', ');
    return new Fault('refused', `this console is held by ${names}`, {
      facts: {
        holder: names,
        ...(holder === undefined ? {} : { since: showSeat(holder).since }),
      },
      hint: 'wait until it is free, or take it over with the right vm.supervise',
    });
  }

  #beginTakeOver(seat: Seat): void {
    const { graceSeconds, caller } = seat.visitor;
    this.#tellAll({ ...this.#notice('take-over', seat), seconds: graceSeconds });
    this.#after(graceSeconds, seat.id, () => {
      if (!this.#waiting.includes(seat)) return;
      for (const held of this.#present.slice()) {
        this.#parts.tell(caller, 'console.taken-over', {
          ...this.#who(held),
          durationMs: this.#now() - held.since,
        });
        this.#remove(held, 'ended', `taken over by ${caller.actor.name}`);
      }
      this.#goOn();
    });
  }

  #after(seconds: number, id: string, work: () => void): void {
    clearTimeout(this.#timers.get(id));
    const timer = setTimeout(() => {
      this.#timers.delete(id);
      work();
    }, seconds * 1000);
    this.#timers.set(id, timer.unref());
  }

  #withdraw(seat: Seat): void {
    clearTimeout(this.#timers.get(seat.id));
    if (this.#timers.delete(seat.id)) this.#tellAll(this.#notice('take-over-withdrawn', seat));
    else this.#tellAll(null);
  }

  #admit(seat: Seat): void {
    seat.since = this.#now();
    this.#present.push(seat);
    seat.turn.resolve();
    if (seat.connection !== undefined) this.#joined(seat);
  }

  #joined(seat: Seat): void {
    this.#parts.tell(seat.visitor.caller, 'console.opened', {
      channel: this.#parts.console,
      access: seat.access,
    });
    this.#tellAll(this.#notice('joined', seat));
  }

  /** The seat is nobody's from now on; `why` is undefined where its client has gone by itself. */
  #remove(seat: Seat, why: 'ended' | 'elsewhere' | undefined, text: string): void {
    if (!take(this.#present, seat)) return;
    clearTimeout(this.#timers.get(seat.id));
    this.#timers.delete(seat.id);
    const giver = this.#present.find(({ id }) => id === seat.lentBy?.id);
    if (giver !== undefined) this.#give(giver, 'control', 'self');
    for (const other of this.#present) if (other.lentBy?.id === seat.id) other.lentBy = null;
    if (why !== undefined) seat.connection?.end(why, text);
    if (seat.connection === undefined) return;
    this.#parts.tell(seat.visitor.caller, 'console.closed', {
      channel: this.#parts.console,
      durationMs: this.#now() - seat.since,
    });
    this.#tellAll(this.#notice('left', seat));
  }

  /** Admits those whose turn it is; tells where nobody is left. */
  #goOn(): void {
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      if (this.#isHeldAgainst(next)) break;
      this.#waiting.shift();
      clearTimeout(this.#timers.get(next.id));
      this.#timers.delete(next.id);
      this.#admit(next);
    }
    if (this.#present.length + this.#waiting.length === 0) this.#parts.onEmpty();
  }

  #give(seat: Seat, access: ConsoleAccess, heldBy: Seat['heldBy']): void {
    if (access === 'control' && seat.visitor.control === 'never')
      throw new Fault('refused', `${personOf(seat)} may only look`);
    if (access === 'view-only') seat.connection?.release();
    seat.access = access;
    seat.heldBy = heldBy;
    seat.lentBy = null;
  }

  #hold({ access, visitor }: Seat): void {
    const { userId } = visitor.caller;
    if (userId === null) return;
    if (access === 'view-only') this.#lookers.add(userId);
    else this.#lookers.delete(userId);
  }

  #find(id: string): Seat {
    const seat = this.#present.find((present) => present.id === id);
    if (seat !== undefined) return seat;
    throw new Fault('not-found', `nobody is at this console as ${id}`, {
      hint: `look at: gantry vm participant list ${this.#parts.vm}`,
    });
  }

  #isInControl(caller: Caller): boolean {
    return this.#present.some((seat) => isOf(seat, caller) && this.mayType(seat));
  }

  #supervises(caller: Caller): boolean {
    return caller.may('vm.supervise', { kind: 'vm', id: this.#parts.vm });
  }

  #requireToSupervise(caller: Caller): void {
    if (!this.#supervises(caller))
      throw new Fault('forbidden', 'you lack the right vm.supervise', {
        hint: 'wait until the console is free, or ask an administrator',
      });
  }

  #notice(
    kind: ConsoleNotice['kind'],
    seat: Seat,
    by: Caller = seat.visitor.caller,
  ): ConsoleNotice {
    return { kind, person: personOf(seat), by: by.actor.name };
  }

  #who(seat: Seat): { channel: string; person: string; address: string | null } {
    return {
      channel: this.#parts.console,
      person: personOf(seat),
      address: seat.visitor.caller.origin,
    };
  }

  #tellAll(notice: ConsoleNotice | null): void {
    const session = this.show();
    for (const { connection } of [...this.#present, ...this.#waiting])
      connection?.tell(session, notice);
  }
}

function take(seats: Seat[], seat: Seat): boolean {
  const at = seats.indexOf(seat);
  if (at >= 0) seats.splice(at, 1);
  return at >= 0;
}
