/**
 * Looks at all domains of a hypervisor at once: one call for their statistics, one for those whose memory is saved and one
 * for those that start with their host, however many there are. Domains are asked one by one only for what bulk statistics of some drivers leave out,
 * and only when they have just been found or renamed; a driver without bulk statistics has all of them in each-domain.ts.
 */
import { Fault, isFault, kiB, type Clock } from '#lib';
import type { Client, DomainHandle } from '#libvirt';
import { notCounted, readDomain, type SeenDomain } from './domain.ts';
import { isNotKnown } from './not-known.ts';
import { BulkStatistics } from './statistics.ts';

/** virConnectListAllDomainsFlags. */
const withManagedSave = 256;
const withAutostart = 1024;
/** So that what is told of them fits one message of the link. */
export const maxDomains = 7_000;
/** Calls that are under way at once. */
const atOnce = 32;

interface Basics {
  readonly processors: number;
  readonly memoryBytes: number;
}

export class Look {
  readonly #client: Client;
  /** What this driver does not know is not asked for again. */
  readonly #lacks = new Set<typeof withManagedSave | typeof withAutostart>();
  readonly #statistics: BulkStatistics;
  /** By UUID, what had to be asked for one by one. */
  #basics = new Map<string, Basics>();
  /** By UUID, as the look before has shown them. */
  #before = new Map<string, SeenDomain>();

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#statistics = new BulkStatistics(client, clock);
  }

  /** Errors: those of the client; `too-large` for too many vms. */
  async all(signal: AbortSignal): Promise<readonly SeenDomain[]> {
    const [{ records, told }, saved, started] = await Promise.all([
      this.#statistics.read(signal),
      this.#those(withManagedSave, signal),
      this.#those(withAutostart, signal),
    ]);
    if (records.length > maxDomains)
      throw new Fault(
        'too-large',
        `${this.#client.peer} has ${records.length} vms, ${maxDomains} are the most that are shown`,
      );
    const seen = records.map(({ dom, params }) => {
      const domain = readDomain(dom, params, {
        isSaved: saved.has(dom.uuid),
        startsWithHost: started.has(dom.uuid),
      });
      return told === 'all' ? domain : this.#withWhatWas(domain);
    });
    const domains = await this.#complete(seen, signal);
    this.#before = new Map(domains.map((domain) => [domain.handle.uuid, domain]));
    return domains;
  }

  /** What has been told of states alone, with what was known of the rest before. */
  #withWhatWas(domain: SeenDomain): SeenDomain {
    const before = this.#before.get(domain.handle.uuid);
    if (before === undefined) return domain;
    const { handle, state, offCause, startsWithHost } = domain;
    return { ...before, handle, state, offCause, startsWithHost, counters: notCounted };
  }

  /** By their UUIDs; none where the driver does not know the flag. */
  async #those(
    flag: typeof withManagedSave | typeof withAutostart,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    if (this.#lacks.has(flag)) return new Set();
    try {
      const args = { need_results: 1, flags: flag };
      const { domains } = await this.#client.call('CONNECT_LIST_ALL_DOMAINS', args, { signal });
      return new Set(domains.map(({ uuid }) => uuid));
    } catch (error) {
      if (!isNotKnown(error)) throw error;
      this.#lacks.add(flag);
      return new Set();
    }
  }

  /** Processors and memory of those whose statistics do not have them. */
  async #complete(
    domains: readonly SeenDomain[],
    signal: AbortSignal,
  ): Promise<readonly SeenDomain[]> {
    const known = this.#basics;
    this.#basics = new Map();
    const lacking = domains.filter(
      ({ processors, memoryBytes }) => processors === null || memoryBytes === null,
    );
    if (lacking.length === 0) return domains;
    const waiting = [...lacking];
    const worker = async (): Promise<void> => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
        const key = `${one.handle.uuid} ${one.handle.name} ${one.state}`;
        const basics = known.get(key) ?? (await this.#askFor(one.handle, signal));
        if (basics !== undefined) this.#basics.set(key, basics);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return domains.map((one) => {
      const basics = this.#basics.get(`${one.handle.uuid} ${one.handle.name} ${one.state}`);
      return basics === undefined
        ? one
        : {
            ...one,
            processors: one.processors ?? basics.processors,
            memoryBytes: one.memoryBytes ?? basics.memoryBytes,
          };
    });
  }

  /** Undefined for one that is there no more. */
  async #askFor(dom: DomainHandle, signal: AbortSignal): Promise<Basics | undefined> {
    try {
      const info = await this.#client.call('DOMAIN_GET_INFO', { dom }, { signal });
      return { processors: info.nrVirtCpu, memoryBytes: Number(info.maxMem) * kiB };
    } catch (error) {
      if (isFault(error, 'not-found')) return undefined;
      throw error;
    }
  }
}
