/**
 * Events until the coordinator has them, in memory: whoever observes a foreign hypervisor keeps nothing. Numbers
 * go on from the last one that the coordinator has of the host, which it says in its welcome.
 *
 * Invariants: (1) a number is given once, in order; (2) at most `maxEvents` wait, beyond that the oldest go.
 */
import type { AgentEvent } from '#api';
import type { LinkedHost } from '../link/linked-host.ts';

const maxEvents = 10_000;

export class MemoryOutbox {
  /** Number of the first event that waits; undefined until the coordinator has said what it has. */
  #firstSeq: number | undefined;
  #events: Omit<AgentEvent, 'seq'>[] = [];
  #onReady: () => void = () => undefined;

  add(event: Omit<AgentEvent, 'seq'>): void {
    this.#events.push(event);
    if (this.#events.length > maxEvents) this.#drop(this.#events.length - maxEvents);
    this.#onReady();
  }

  onReady(listener: () => void): void {
    this.#onReady = listener;
  }

  readonly acknowledge: LinkedHost['outbox']['acknowledge'] = (seq) => {
    const first = this.#firstSeq ?? seq + 1;
    this.#firstSeq = first;
    if (seq >= first) this.#drop(Math.min(this.#events.length, seq + 1 - first));
    // The coordinator has more of this host than was told from here.
    this.#firstSeq = Math.max(this.#firstSeq, seq + 1);
  };

  readonly after: LinkedHost['outbox']['after'] = (seq, limit) => {
    const first = this.#firstSeq;
    if (first === undefined) return [];
    const from = Math.max(0, seq + 1 - first);
    return this.#events
      .slice(from, from + limit)
      .map((event, at) => ({ ...event, seq: first + from + at }));
  };

  #drop(count: number): void {
    this.#events = this.#events.slice(count);
    if (this.#firstSeq !== undefined) this.#firstSeq += count;
  }
}
