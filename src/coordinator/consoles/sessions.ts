/** The sessions of all consoles; one is there while somebody is at it or waits for it. */
import { Fault } from '#lib';
import { consoleNames, type ConsoleName, type ConsoleSession } from '#api';
import type { Caller, Coordinator } from '../context.ts';
import { tellOfConsole } from './events.ts';
import type { Seat, Visitor } from './seat.ts';
import { Session } from './session.ts';

export class Sessions {
  readonly #sessions = new Map<string, Session>();
  /** Who records which console. */
  readonly #recorders = new Map<string, string>();

  /** Errors: those of `Session.arrive`; a refusal is an event. */
  arrive(
    coordinator: Coordinator,
    vm: string,
    console: ConsoleName,
    visitor: Visitor,
  ): { readonly session: Session; readonly seat: Seat } {
    const key = `${vm} ${console}`;
    const tell = tellOfConsole(coordinator, vm);
    const session =
      this.#sessions.get(key) ??
      new Session({
        console,
        vm,
        clock: coordinator.clock,
        tell,
        recordedBy: () => this.#recorders.get(key) ?? null,
        onEmpty: () => this.#sessions.delete(key),
      });
    const seat = session.arrive(visitor);
    this.#sessions.set(key, session);
    return { session, seat };
  }

  /** Errors: `not-found` where nobody is. */
  find(vm: string, console: ConsoleName): Session {
    const session = this.#sessions.get(`${vm} ${console}`);
    if (session !== undefined) return session;
    throw new Fault('not-found', `nobody is at ${console}`, {
      hint: `look at: gantry vm participant list ${vm}`,
    });
  }

  /** Told to everybody who is there; null: nobody records any more. */
  setRecorder(vm: string, console: ConsoleName, by: string | null): void {
    const key = `${vm} ${console}`;
    const before = this.#recorders.get(key);
    if (by === null) this.#recorders.delete(key);
    else this.#recorders.set(key, by);
    const kind = by === null ? 'recording-ended' : 'recording';
    this.#sessions.get(key)?.tellOfRecording(kind, by ?? before ?? '');
  }

  /** Ends the connections that were opened with a proof which is good no more. */
  endProof(vm: string, proof: string, text: string): void {
    for (const console of consoleNames)
      this.#sessions.get(`${vm} ${console}`)?.endProof(proof, text);
  }

  list(vm: string): readonly ConsoleSession[] {
    return consoleNames.flatMap((console) => this.#sessions.get(`${vm} ${console}`)?.show() ?? []);
  }

  /** For keys and text that come by no connection to the screen. Errors: those of `Session.requireInput`. */
  requireInput(vm: string, caller: Caller): void {
    this.#sessions.get(`${vm} screen`)?.requireInput(caller);
  }
}
