/** A connection to a hypervisor that is kept, linked to a coordinator made of bytes. */
import type { ConnectionState } from '#api';
import { systemClock } from '#lib';
import { silentLog } from '#log';
import { FakeCoordinator, type FakeHost } from '../../testing/fake-coordinator.ts';
import { Watchers } from '../../../lib/testing/watchers.ts';
import { makePrivateKey, makeRequest } from '../../join/signing-request.ts';
import { ForeignConnection } from '../connection.ts';

export const hostId = '00000000-0000-4000-8000-00000000f001';

export class Kept implements AsyncDisposable {
  readonly coordinator: FakeCoordinator;
  readonly states: ConnectionState[] = [];
  readonly #end = new AbortController();
  readonly #watchers = new Watchers();
  #running: Promise<void> = Promise.resolve();

  private constructor(coordinator: FakeCoordinator) {
    this.coordinator = coordinator;
  }

  static async open(address: string): Promise<Kept> {
    const coordinator = await FakeCoordinator.start();
    const kept = new Kept(coordinator);
    const privateKey = makePrivateKey();
    const certificate = await coordinator.authority.sign(await makeRequest(privateKey, 'h1'));
    const connection = new ForeignConnection({
      identity: {
        id: hostId,
        name: 'h1',
        coordinator: coordinator.url.href,
        credentials: { privateKey, certificate, authority: coordinator.authority.pem },
      },
      target: { address, user: null, password: null, unverified: 'refused' },
      clock: systemClock,
      others: () => {
        throw new Error('there is one connection only');
      },
      log: silentLog,
      random: () => 0,
      times: { lookMs: 500, gatherMs: 20, answerMs: 5_000, readMs: 5_000 },
      onState: (state) => {
        kept.states.push(state);
        kept.#watchers.wake();
      },
    });
    kept.#running = connection.run(kept.#end.signal);
    return kept;
  }

  get state(): ConnectionState | undefined {
    return this.states.at(-1);
  }

  host(): Promise<FakeHost> {
    return this.coordinator.host('h1');
  }

  until(what: string, condition: () => boolean, limitMs?: number): Promise<void> {
    return this.#watchers.until(what, condition, limitMs);
  }

  /** Somebody who waits here looks again. */
  wake(): void {
    this.#watchers.wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#running;
    await this.coordinator[Symbol.asyncDispose]();
  }
}
