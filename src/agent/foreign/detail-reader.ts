/**
 * Hardware and snapshots of all domains of a hypervisor, read one by one from their XML, but only when there is a reason: a
 * domain was found, an event or bulk statistics tell that it has changed, or its turn has come. Turns find what no
 * hypervisor tells, such as a changed adapter of a domain that is off; there are `turns` of them for each look,
 * however many domains there are.
 *
 * Invariants: (1) `atOnce` calls are under way at most; (2) what has been read takes `maxBytes` of a record at most,
 * so that all of them fit one message of the link; (3) a text that is the same as before is not read again.
 */
import { createHash } from 'node:crypto';
import { diffSettings, vmStateFacts } from '#api';
import { describeFault, Fault, isFault, miB } from '#lib';
import { libvirtFacts, type Client } from '#libvirt';
import type { Log } from '#log';
import type { SeenDomain } from './domain.ts';
import {
  askForSnapshots,
  readSnapshots,
  type SeenSnapshot,
  type SnapshotText,
} from './snapshots/read-snapshots.ts';
import { isNotKnown } from './not-known.ts';
import { readHardware, type ReadHardware } from './hardware/read-hardware.ts';

const turns = 16;
const atOnce = 16;
/** Between two looks. */
const perPass = 256;
const maxBytes = 24 * miB;
/** virDomainXMLFlags. */
const asDefined = 2;

export interface SeenDetails extends ReadHardware {
  /** Paths of settings that a running vm does not have yet. */
  readonly pending: readonly string[];
  readonly snapshots: readonly SeenSnapshot[];
}

interface Entry {
  domain: SeenDomain;
  isDue: boolean;
  /** The number of the pass that has read it last. */
  pass: number;
  digest: string;
  bytes: number;
}

export interface ReaderOptions {
  readonly client: Client;
  readonly log: Log;
  readonly architecture: () => string;
  readonly vmId: (uuid: string) => string;
}

export class DetailReader {
  readonly #options: ReaderOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #read = new Map<string, SeenDetails>();
  /** What this driver does not know is not asked for again. */
  readonly #lacks = new Set<'xml' | 'as-defined' | 'snapshots'>();
  #pass = 0;
  /** The pass before: one at a time. */
  #before: Promise<unknown> = Promise.resolve();
  #bytes = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** A look has seen all of these. */
  note(domains: readonly SeenDomain[]): void {
    const here = new Set(domains.map(({ handle }) => handle.uuid));
    for (const [uuid, { bytes }] of this.#entries)
      if (!here.has(uuid)) {
        this.#bytes -= bytes;
        this.#entries.delete(uuid);
      }
    for (const domain of domains) {
      const { uuid } = domain.handle;
      const entry = this.#entries.get(uuid);
      if (entry === undefined)
        this.#entries.set(uuid, { domain, isDue: true, pass: 0, digest: '', bytes: 0 });
      else {
        if (isChanged(entry.domain, domain)) entry.isDue = true;
        entry.domain = domain;
      }
    }
    const longestUnread = [...this.#entries.values()].toSorted((a, b) => a.pass - b.pass);
    for (const entry of longestUnread.slice(0, turns)) entry.isDue = true;
  }

  /** An event has told of a change. */
  mark(uuid: string): void {
    const entry = this.#entries.get(uuid);
    if (entry !== undefined) entry.isDue = true;
  }

  /**
   * Reads some of those that are due; whether there are more. What another call is reading has been read as well when it
   * ends. Errors: the loss of the connection.
   */
  read(signal: AbortSignal): Promise<'more' | 'all'> {
    const turn = this.#before.then(() => this.#readDue(signal));
    this.#before = turn.catch(() => undefined);
    return turn;
  }

  async #readDue(signal: AbortSignal): Promise<'more' | 'all'> {
    this.#pass += 1;
    const due = [...this.#entries.values()].filter(({ isDue }) => isDue);
    const waiting = due.slice(0, perPass);
    const worker = async (): Promise<void> => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift())
        await this.#readOne(one, signal);
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return due.length > perPass ? 'more' : 'all';
  }

  /** What was read since it was last taken, by UUID. */
  take(): ReadonlyMap<string, SeenDetails> {
    const taken = new Map(this.#read);
    this.#read.clear();
    return taken;
  }

  async #readOne(entry: Entry, signal: AbortSignal): Promise<void> {
    entry.isDue = false;
    entry.pass = this.#pass;
    const { handle, sizes, state } = entry.domain;
    try {
      const texts = await this.#texts(entry.domain, signal);
      if (texts === undefined) return;
      const snapshotTexts = await this.#snapshots(entry.domain, signal);
      const digest = createHash('sha256')
        .update(JSON.stringify([texts, snapshotTexts, [...sizes], state]))
        .digest('base64');
      if (digest === entry.digest) return;
      entry.digest = digest;
      const context = { architecture: this.#options.architecture(), sizes };
      const defined = readHardware(texts.defined, context);
      this.#keep(entry, defined);
      const live = texts.live === undefined ? defined : readHardware(texts.live, context);
      const snapshots = readSnapshots(this.#options.vmId(handle.uuid), snapshotTexts);
      this.#read.set(handle.uuid, { ...defined, pending: pendingOf(live, defined), snapshots });
    } catch (error) {
      if (signal.aborted || !isOfOneVm(error)) throw error;
      this.#options.log.info({ vm: handle.name, why: describeFault(error) }, 'cannot read a vm');
    }
  }

  /** Errors: `too-large` where there is no room for it. */
  #keep(entry: Entry, { hardware, kept }: ReadHardware): void {
    const bytes = JSON.stringify([hardware, kept]).length;
    const together = this.#bytes + bytes - entry.bytes;
    if (together > maxBytes)
      throw new Fault(
        'too-large',
        `the vms of one host have ${maxBytes} bytes of hardware at most`,
      );
    this.#bytes = together;
    entry.bytes = bytes;
  }

  async #snapshots({ handle }: SeenDomain, signal: AbortSignal): Promise<readonly SnapshotText[]> {
    if (this.#lacks.has('snapshots')) return [];
    try {
      return await askForSnapshots(this.#options.client, handle, signal);
    } catch (error) {
      if (!isNotKnown(error)) throw error;
      this.#lacks.add('snapshots');
      return [];
    }
  }

  /** As it is defined and, of one that runs, as it is now. Undefined for a driver that tells neither. */
  async #texts(
    { handle: dom, state }: SeenDomain,
    signal: AbortSignal,
  ): Promise<{ readonly defined: string; readonly live: string | undefined } | undefined> {
    if (this.#lacks.has('xml')) return undefined;
    const ask = async (flags: number): Promise<string> =>
      (await this.#options.client.call('DOMAIN_GET_XML_DESC', { dom, flags }, { signal })).xml;
    if (!this.#lacks.has('as-defined')) {
      try {
        const isLive = vmStateFacts[state].live;
        const [defined, live] = await Promise.all([
          ask(asDefined),
          isLive ? ask(0) : Promise.resolve(undefined),
        ]);
        return { defined, live };
      } catch (error) {
        if (!isNotKnown(error)) throw error;
        this.#lacks.add('as-defined');
      }
    }
    try {
      return { defined: await ask(0), live: undefined };
    } catch (error) {
      if (isNotKnown(error)) this.#lacks.add('xml');
      throw error;
    }
  }
}

/** Whether it is the hypervisor's answer, or its text is none: that is about this vm alone. */
function isOfOneVm(error: unknown): boolean {
  if (!isFault(error)) return false;
  return (
    libvirtFacts(error) !== undefined || isFault(error, 'invalid') || isFault(error, 'too-large')
  );
}

function isChanged(before: SeenDomain, now: SeenDomain): boolean {
  return (
    before.state !== now.state ||
    before.shape !== now.shape ||
    before.handle.name !== now.handle.name ||
    before.processors !== now.processors ||
    before.memoryBytes !== now.memoryBytes
  );
}

/** The clock goes its own way while its guest sets it. */
const passing = 'hardware/clock/offset_seconds';

function pendingOf(live: ReadHardware, defined: ReadHardware): string[] {
  if (live === defined) return [];
  const of = ({ hardware, resources }: ReadHardware): object => ({ hardware, resources });
  return diffSettings(of(live), of(defined))
    .map(({ path }) => path)
    .filter((path) => path !== passing)
    .slice(0, 1024);
}
