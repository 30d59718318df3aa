/**
 * File systems of one guest, held still on request.
 *
 *   unknown --asked: thawed--> thawed --begin--> frozen --end, limit, found thawed--> thawed
 *      '-----asked: frozen (an agent before this one, a saved state)--> frozen
 *   any --the guest starts anew, its agent comes--> unknown
 *
 * Invariants: (1) what the guest's agent says counts, and not what is remembered here; (2) what is frozen has an end: whoever finds it
 * so without one sets one; (3) a snapshot that holds them is not undone by a request, and leaves as it was what was held before it.
 */
import { defaultFreezeSeconds } from '#api';
import { describeFault, Fault, isFault, type Clock } from '#lib';
import type { Log } from '#log';
import { guest, type GuestAgent } from '#qemu';
import type { Freeze, GuestFreezing, Observer } from '../../driver.ts';

/** The guest writes all that it has in memory. */
const freezeMs = 30_000;
const thawMs = 10_000;
const askMs = 5_000;
const pauseMs = 5_000;

export interface GuestFreezeParts {
  /** Errors: `unavailable`. */
  readonly agent: () => GuestAgent;
  /** Until what takes its time is done. */
  readonly occupy: () => Disposable;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly log: Log;
}

export class GuestFreeze implements GuestFreezing, Disposable {
  readonly #parts: GuestFreezeParts;
  #state: 'unknown' | 'thawed' | 'frozen' = 'unknown';
  #untilMs: number | null = null;
  /** Aborts the wait for the end. */
  #waiting: AbortController | undefined;
  /** Held because somebody asked this agent for it, and not by what an agent before it has left. */
  #requested = false;
  /** A snapshot holds them. */
  #taken = false;
  #ended = false;

  constructor(parts: GuestFreezeParts) {
    this.#parts = parts;
  }

  get isRequested(): boolean {
    return this.#requested;
  }

  /** The guest, or its agent, is another one than before. */
  forget(): void {
    this.#state = 'unknown';
    this.#requested = false;
    this.#noLimit();
  }

  /** Whether the agent can tell little else now. Asked only where that is not known. Never fails. */
  async holds(agent: GuestAgent, signal: AbortSignal): Promise<boolean> {
    if (this.#taken) return true;
    if (this.#state === 'thawed') return false;
    try {
      return (await this.#look(agent, signal)) === 'frozen';
    } catch (error) {
      // It does not know the question: it holds nothing.
      if (isFault(error, 'refused') || isFault(error, 'unsupported')) this.#state = 'thawed';
      return false;
    }
  }

  async ask(signal: AbortSignal): Promise<Freeze> {
    await this.#look(this.#parts.agent(), signal);
    return this.#told(null);
  }

  async begin(
    { mountPoints, limitMs }: { readonly mountPoints: readonly string[]; readonly limitMs: number },
    signal: AbortSignal,
  ): Promise<Freeze> {
    this.#requireFree();
    const agent = this.#parts.agent();
    let count = 0;
    if ((await this.#look(agent, signal)) === 'thawed') {
      this.#requireFree();
      this.#state = 'unknown';
      const options = { timeoutMs: freezeMs, signal };
      using _busy = this.#parts.occupy();
      try {
        count =
          mountPoints.length === 0
            ? await guest.fsfreezeFreeze(agent, options)
            : await guest.fsfreezeFreezeList(agent, mountPoints, options);
      } catch (error) {
        // What it may have held before it failed, or still does.
        await guest.fsfreezeThaw(agent, { timeoutMs: thawMs }).catch(() => undefined);
        throw error;
      }
      // A guest that has none to hold goes on as it was.
      this.#state = count === 0 ? 'thawed' : 'frozen';
    }
    this.#requested = this.#state === 'frozen';
    if (this.#requested) this.#limit(limitMs);
    return this.#told(count);
  }

  async end(signal: AbortSignal): Promise<Freeze> {
    this.#requireFree();
    return this.#told(await this.#thaw(this.#parts.agent(), signal));
  }

  /** For a snapshot: `none` where they are held already, and stay so. Errors: as `begin`. */
  async take(signal: AbortSignal): Promise<'taken' | 'none'> {
    const agent = this.#parts.agent();
    if ((await this.holds(agent, signal)) && !this.#taken) return 'none';
    this.#taken = true;
    using _busy = this.#parts.occupy();
    await guest.fsfreezeFreeze(agent, { timeoutMs: freezeMs, signal });
    return 'taken';
  }

  /** The snapshot has let them go. */
  leave(): void {
    this.#taken = false;
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#noLimit();
  }

  async #look(agent: GuestAgent, signal: AbortSignal): Promise<'thawed' | 'frozen'> {
    const state = await guest.fsfreezeStatus(agent, { timeoutMs: askMs, signal });
    if (this.#taken) return state;
    this.#state = state;
    if (state === 'thawed') this.#goesOn();
    else if (this.#untilMs === null) this.#limit(defaultFreezeSeconds * 1000);
    return state;
  }

  async #thaw(agent: GuestAgent, signal?: AbortSignal): Promise<number> {
    const count = await guest.fsfreezeThaw(agent, { timeoutMs: thawMs, signal });
    this.#goesOn();
    return count;
  }

  #goesOn(): void {
    this.#state = 'thawed';
    this.#requested = false;
    this.#noLimit();
  }

  #limit(limitMs: number): void {
    this.#noLimit();
    if (this.#ended) return;
    const { clock } = this.#parts;
    const waiting = new AbortController();
    this.#waiting = waiting;
    this.#untilMs = clock.now() + limitMs;
    void this.#letGoAfter(limitMs, waiting.signal);
  }

  #noLimit(): void {
    this.#untilMs = null;
    this.#waiting?.abort();
    this.#waiting = undefined;
  }

  /** Until the guest has done so: it stands still for good otherwise. */
  async #letGoAfter(limitMs: number, signal: AbortSignal): Promise<void> {
    const { agent, clock, observer, log } = this.#parts;
    let waitMs = limitMs;
    while (!signal.aborted) {
      try {
        await clock.sleep(waitMs, signal);
        waitMs = pauseMs;
        if (this.#taken) continue;
        const fileSystems = await this.#thaw(agent());
        observer({ kind: 'thawed', fileSystems });
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ why: describeFault(error) }, 'file systems of the guest are not let go');
      }
    }
  }

  #requireFree(): void {
    if (!this.#taken) return;
    throw new Fault('refused', 'a snapshot holds the file systems of the guest still', {
      hint: 'wait until it is taken',
    });
  }

  #told(fileSystems: number | null): Freeze {
    const state = this.#state === 'frozen' ? 'frozen' : 'thawed';
    return { state, fileSystems, untilMs: this.#untilMs };
  }
}
