/**
 * What the guests of a hypervisor tell of themselves. A guest is asked when its vm is first seen to run, when its hypervisor says that its
 * agent has come, for a while after that until it has an address, and when somebody asks for all of the vm; never by the clock.
 *
 * Invariants: (1) guests are asked beside the looks, a few at a time, so that one whose agent hangs delays no state of any vm;
 * (2) what was told goes with the agent, and with the end of the vm.
 */
import { vmStateFacts } from '#api';
import { abortReason, isFault, type Clock } from '#lib';
import { libvirtFacts, type Client, type DomainHandle } from '#libvirt';
import { Bell } from './bell.ts';
import type { SeenDomain } from './domain.ts';
import { readGuestInformation, type GuestInformation } from './guest-information.ts';

/** libvirtd gives up on an agent sooner. */
const answerMs = 20_000;
/** Of a connection libvirtd works on five calls at once. */
const atOnce = 2;
/** After its agent has come a guest may take this long to get an address. */
const settlingMs = 60_000;
const settlePauseMs = 3_000;
const idleMs = 60_000;

/** virConnectDomainEventAgentLifecycleState. */
const connected = 1;

interface Due {
  readonly dom: DomainHandle;
  readonly atMs: number;
  /** Until when it is asked again where it has no address. */
  readonly settlesMs: number;
}

export interface ForeignGuestsParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly onChange: () => void;
}

export class ForeignGuests {
  readonly #parts: ForeignGuestsParts;
  readonly #told = new Map<string, GuestInformation>();
  /** The numbers of those that run, by UUID: another one is another start. */
  #running = new Map<string, number>();
  readonly #due = new Map<string, Due>();
  readonly #bell = new Bell();
  /** Whether its driver knows the question. */
  #isKnown = true;

  constructor(parts: ForeignGuestsParts) {
    this.#parts = parts;
  }

  /** By the UUID that it has there. */
  of(uuid: string): GuestInformation | undefined {
    return this.#told.get(uuid);
  }

  /** All that there are now. */
  note(domains: readonly SeenDomain[]): void {
    const before = this.#running;
    this.#running = new Map();
    for (const { handle, state } of domains) {
      if (!vmStateFacts[state].live) continue;
      this.#running.set(handle.uuid, handle.id);
      if (before.get(handle.uuid) === handle.id) continue;
      this.#told.delete(handle.uuid);
      this.ask(handle);
    }
    for (const uuid of before.keys()) if (!this.#running.has(uuid)) this.#forget(uuid);
  }

  /** Its agent came, or went. */
  hear(dom: DomainHandle, state: number): void {
    if (state !== connected) {
      this.#forget(dom.uuid);
      this.#parts.onChange();
      return;
    }
    this.ask(dom, settlingMs);
  }

  askAll(): void {
    for (const uuid of this.#running.keys()) this.askAgain(uuid);
  }

  /** Somebody wants to know all of it now. Does not wait for the answer. */
  askAgain(uuid: string): void {
    const id = this.#running.get(uuid);
    if (id !== undefined) this.ask({ name: '', uuid, id });
  }

  /** Does not wait for the answer. */
  ask(dom: DomainHandle, forMs = 0): void {
    if (!this.#isKnown) return;
    const nowMs = this.#parts.clock.now();
    const settlesMs = Math.max(nowMs + forMs, this.#due.get(dom.uuid)?.settlesMs ?? 0);
    this.#due.set(dom.uuid, { dom, atMs: nowMs, settlesMs });
    this.#bell.ring();
  }

  /** Asks until the connection ends. Errors: what ends it. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const nowMs = this.#parts.clock.now();
      const next = Math.min(...[...this.#due.values()].map(({ atMs }) => atMs), nowMs + idleMs);
      if (next > nowMs) await this.#bell.within(next - nowMs, signal);
      if (signal.aborted) throw abortReason(signal);
      this.#bell.hush();
      const now = this.#parts.clock.now();
      const due = [...this.#due.values()].filter(({ atMs }) => atMs <= now).slice(0, atOnce);
      await Promise.all(due.map((one) => this.#askNow(one, signal)));
    }
  }

  async #askNow(due: Due, signal: AbortSignal): Promise<void> {
    const { dom, settlesMs } = due;
    const { uuid } = dom;
    const { client, clock, onChange } = this.#parts;
    this.#due.delete(uuid);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    try {
      const asked = { dom, types: 0, flags: 0 };
      const { params } = await client.call('DOMAIN_GET_GUEST_INFO', asked, { signal: limit });
      if (!this.#running.has(uuid)) return;
      const told = readGuestInformation(params);
      this.#told.set(uuid, told);
      onChange();
      if (told.addresses.length > 0 || clock.now() >= settlesMs || this.#due.has(uuid)) return;
      this.#due.set(uuid, { dom, atMs: clock.now() + settlePauseMs, settlesMs });
    } catch (error) {
      if (signal.aborted || (!isFault(error) && !limit.aborted)) throw error;
      // It has none, or it does not answer: what it told before still stands.
      if (isFault(error) && libvirtFacts(error)?.name === 'NO_SUPPORT') this.#isKnown = false;
    }
  }

  #forget(uuid: string): void {
    this.#told.delete(uuid);
    this.#due.delete(uuid);
  }
}
