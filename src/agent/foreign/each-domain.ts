/**
 * Statistics of the domains of a driver that has no bulk ones (LXC, ESX, VirtualBox, Hyper-V): one list, and each domain asked
 * for itself, in the names that bulk statistics have. What is off is asked once, until it has run again or has another name: so
 * a look costs what runs, not what there is.
 */
import { isFault } from '#lib';
import {
  intParam,
  libvirtFacts,
  uhyperParam,
  uintParam,
  type Client,
  type DomainHandle,
  type TypedParam,
} from '#libvirt';
import { isNotKnown } from './not-known.ts';

export interface DomainRecord {
  readonly dom: DomainHandle;
  readonly params: readonly TypedParam[];
}

interface Told extends DomainRecord {
  readonly isOff: boolean;
}

/** Calls that are under way at once. */
const atOnce = 32;
/** virDomainMemoryStatTags, and more than there are of them. */
const residentTag = 7;
const mostMemoryStats = 64;
/** virDomainState. */
const shutOff = 5;

export class EachDomain {
  readonly #client: Client;
  /** Of those that are off, by UUID and name. */
  #off = new Map<string, Told>();
  /** What this driver does not know is not asked for again. */
  readonly #lacks = new Set<'reason' | 'memory-stats'>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Errors: those of the client. */
  async all(signal: AbortSignal): Promise<readonly DomainRecord[]> {
    const args = { need_results: 1, flags: 0 };
    const { domains } = await this.#client.call('CONNECT_LIST_ALL_DOMAINS', args, { signal });
    const known = this.#off;
    this.#off = new Map();
    const waiting = [...domains];
    const records: DomainRecord[] = [];
    const worker = async (): Promise<void> => {
      for (let dom = waiting.shift(); dom !== undefined; dom = waiting.shift()) {
        const key = `${dom.uuid} ${dom.name}`;
        const told = (dom.id < 0 ? known.get(key) : undefined) ?? (await this.#ask(dom, signal));
        if (told === undefined) continue;
        if (told.isOff) this.#off.set(key, told);
        records.push(told);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return records;
  }

  /** Undefined for one that is there no more. */
  async #ask(dom: DomainHandle, signal: AbortSignal): Promise<Told | undefined> {
    try {
      const info = await this.#client.call('DOMAIN_GET_INFO', { dom }, { signal });
      const isOff = info.state === shutOff;
      const [reason, residentKiB] = await Promise.all([
        isOff ? this.#reason(dom, signal) : undefined,
        isOff ? undefined : this.#resident(dom, signal),
      ]);
      const params = [
        uintParam('state.state', info.state),
        ...(reason === undefined ? [] : [intParam('state.reason', reason)]),
        uintParam('vcpu.maximum', info.nrVirtCpu),
        uhyperParam('balloon.maximum', info.maxMem),
        ...(residentKiB === undefined ? [] : [uhyperParam('balloon.rss', residentKiB)]),
        ...(isOff ? [] : [uhyperParam('cpu.time', info.cpuTime)]),
      ];
      // It may have ended since it was listed.
      return { dom: isOff ? { ...dom, id: -1 } : dom, params, isOff };
    } catch (error) {
      if (isFault(error, 'not-found')) return undefined;
      throw error;
    }
  }

  /** Why it is off; undefined where the driver does not tell. */
  async #reason(dom: DomainHandle, signal: AbortSignal): Promise<number | undefined> {
    return await this.#unlessLacking('reason', async () => {
      const { state, reason } = await this.#client.call(
        'DOMAIN_GET_STATE',
        { dom, flags: 0 },
        { signal },
      );
      return state === shutOff ? reason : undefined;
    });
  }

  /** The memory of the host that it takes, in KiB; undefined where the driver does not tell. */
  async #resident(dom: DomainHandle, signal: AbortSignal): Promise<bigint | undefined> {
    return await this.#unlessLacking('memory-stats', async () => {
      const args = { dom, maxStats: mostMemoryStats, flags: 0 };
      const { stats } = await this.#client.call('DOMAIN_MEMORY_STATS', args, { signal });
      return stats.find(({ tag }) => tag === residentTag)?.val;
    });
  }

  /** Undefined also for a domain that has just ended: it is not worth less for that. */
  async #unlessLacking<T>(
    what: 'reason' | 'memory-stats',
    ask: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    if (this.#lacks.has(what)) return undefined;
    try {
      return await ask();
    } catch (error) {
      if (isNotKnown(error)) this.#lacks.add(what);
      else if (!isFault(error) || libvirtFacts(error)?.name !== 'OPERATION_INVALID') throw error;
      return undefined;
    }
  }
}
