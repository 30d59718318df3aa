/** The services of this host's networks: each in its process while its network is carried and wants one. */
import { describeFault, type Reason } from '#lib';
import type { Log } from '#log';
import type { Mends } from './mends.ts';
import type { ProcessIdentity } from '../../machine/record.ts';
import { readUpstream } from './host-settings.ts';
import {
  ensureService,
  isRunning,
  releaseAddress,
  removeService,
  servedNetworks,
  type ServiceHost,
  type ServiceWish,
} from './service.ts';

export class RunningServices {
  readonly #host: ServiceHost;
  readonly #mends: Mends;
  readonly #log: Log;
  readonly #processes = new Map<string, ProcessIdentity>();

  constructor(host: ServiceHost, mends: Mends, log: Log) {
    this.#host = host;
    this.#mends = mends;
    this.#log = log;
  }

  /** Of the networks that are served. */
  get ids(): readonly string[] {
    return [...this.#processes.keys()];
  }

  /** Of the networks that have, or had, one: also by an agent that was killed before anything else told of it. */
  async known(): Promise<readonly string[]> {
    return [...new Set([...this.ids, ...(await servedNetworks(this.#host))])];
  }

  /** Whether one of them has ended by itself. */
  get hasEnded(): boolean {
    return this.#processes.values().some((one) => !isRunning(this.#host, one));
  }

  /** The reason where the service does not serve. */
  async keep(wish: Omit<ServiceWish, 'upstream'>): Promise<Reason | undefined> {
    const { id, type } = wish.network;
    try {
      const upstream = type === 'nat' ? await readUpstream() : [];
      const known = this.#processes.get(id);
      const hadEnded = known !== undefined && !isRunning(this.#host, known);
      const service = await ensureService(this.#host, known, { ...wish, upstream });
      if (service === undefined) this.#processes.delete(id);
      else this.#processes.set(id, service.process);
      if (service !== undefined && hadEnded) this.#mends.note(id, 'its service had ended');
      else if (known !== undefined && service?.cable === 'made-again')
        this.#mends.note(id, 'the cable of its service was out');
      return undefined;
    } catch (error) {
      const why = describeFault(error);
      this.#log.warn({ why }, 'networks');
      return { code: 'service-failed', text: `its service does not run: ${why}` };
    }
  }

  async remove(id: string): Promise<void> {
    this.#processes.delete(id);
    await removeService(this.#host, id);
  }

  async removeAll(): Promise<void> {
    for (const id of await this.known()) await this.remove(id);
  }

  /** Errors: `not-found` where the network is not served here, or has not leased the address. */
  async release(id: string, address: string): Promise<void> {
    await releaseAddress(this.#host, this.#processes.get(id), id, address);
    // It was ended for that, and not by somebody.
    this.#processes.delete(id);
  }
}
