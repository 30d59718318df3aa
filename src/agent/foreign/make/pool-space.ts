/** Space in the storage pools of a hypervisor, asked for once in a while: it is told with every sample. */
import type { HostLoad } from '#api';
import type { Clock } from '#lib';
import type { Client } from '#libvirt';
import { Volumes } from './volumes.ts';

const freshMs = 30_000;
/** As many as a host's load tells. */
const maxTold = 64;

export class PoolSpace {
  readonly #volumes: Volumes;
  readonly #clock: Clock;
  #askedAtMs = -Infinity;
  #told: HostLoad['volumes'] = [];

  constructor(client: Client, clock: Clock) {
    this.#volumes = new Volumes(client);
    this.#clock = clock;
  }

  /** What was known before while it is asked anew, or cannot be asked. */
  told(signal: AbortSignal): HostLoad['volumes'] {
    const nowMs = this.#clock.now();
    if (nowMs - this.#askedAtMs >= freshMs) {
      this.#askedAtMs = nowMs;
      void this.refresh(signal);
    }
    return this.#told;
  }

  /** Never fails: a driver may know no pools, and the loss of a connection is told elsewhere. */
  async refresh(signal: AbortSignal): Promise<void> {
    try {
      const byPath = new Map<string, HostLoad['volumes'][number]>();
      for (const { path, capacityBytes, availableBytes } of await this.#volumes.pools(signal))
        if (path !== undefined)
          byPath.set(path, { path, totalBytes: capacityBytes, freeBytes: availableBytes });
      this.#told = [...byPath.values()].slice(0, maxTold);
    } catch {
      this.#told = [];
    }
  }
}
