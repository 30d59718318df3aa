/**
 * What the adapters of a Linux host are for, kept as it was asked, and changes of it that could cut the host off.
 *
 *   change: look around -> on disk -> guard -> calls -> look again -> wait -> confirmed
 *                                                |          |          |
 *                                                +----------+----------+--> undone
 *
 * Invariants
 * 1. Before the first call what undoes it is on disk, and a guard of its own runs that will (adapter-guard.ts).
 * 2. Nothing that was not confirmed outlives its time, this agent or the host's restart.
 * 3. One change is tried at a time, and no network is changed between its calls (`exclusively`).
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostAdapterChange, AdapterReport, AdapterTrial, AdapterUse, NetworkSpec } from '#api';
import { describeFault, Fault, isFault, isoTime, systemClock } from '#lib';
import type { Log } from '#log';
import type { Adapters } from '../../adapters.ts';
import { copyIpv6Settings } from '../host-settings.ts';
import { readLinks, type Link } from '../links.ts';
import { givesName } from '../names.ts';
import { run } from '../programs.ts';
import {
  joinAddressing,
  missingFrom,
  noAddressing,
  readAddressing,
  routersOf,
  type ReadAddressing,
} from './addressing.ts';
import { judgeUse } from './judge-use.ts';
import { isAdapter, reportAdapters } from './list-adapters.ts';
import {
  bridgeFor,
  planGive,
  planShare,
  planTake,
  planUnshare,
  uplinkOf,
  type UsePlan,
} from './plan-use.ts';
import { lookAround, lostSince, type Endpoint } from './reach.ts';
import {
  claimTrial,
  findTrials,
  forgetTrial,
  readTrial,
  undoTrial,
  writeTrial,
} from './trial-files.ts';
import { readUses, writeUses, type AdapterEntries, type AdapterEntry } from './uses-file.ts';
import { watchOver } from './watch-over.ts';
import { findWays, leadsToCoordinator } from './ways.ts';

/** How long what answered before may take to answer again. */
const usualVerifyMs = 5_000;
/** Nobody is asked: whoever gives them back stays to confirm it. */
const giveBackSeconds = 60;
/** How long is looked for what answers now. */
const beforeMs = 3_000;
/** The guard comes so long after the agent, which undoes it itself while it lives. */
const usualGraceMs = 15_000;

export interface LinuxAdaptersOptions {
  readonly hostId: string;
  readonly ip: string;
  readonly dataDir: string;
  readonly bootId: string;
  /** Undefined: no connection is looked after. */
  readonly coordinator: Endpoint | undefined;
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  /** Bridged networks that are carried. */
  readonly carried: () => readonly NetworkSpec[];
  /** Told when networks may be otherwise. */
  readonly onChange: () => void;
  readonly onUndone: (adapter: string, reason: string) => void;
  readonly log: Log;
  readonly verifyMs?: number | undefined;
  readonly graceMs?: number | undefined;
}

interface Undoable {
  readonly id: string;
  readonly undo: UsePlan['undo'];
  readonly guard: Disposable | undefined;
}

interface Pending extends Undoable {
  readonly adapter: string;
  readonly entry: AdapterEntry;
  readonly untilMs: number;
  readonly timer: NodeJS.Timeout;
  readonly guard: Disposable;
}

const unused: AdapterEntry = { use: 'any', held: null };

export class LinuxAdapters implements Adapters {
  readonly #options: LinuxAdaptersOptions;
  readonly #folder: string;
  #entries: AdapterEntries = new Map();
  #pending: Pending | undefined;
  /** Why an adapter is not used as it should be; it is not tried again by this agent. */
  readonly #problems = new Map<string, string>();

  constructor(options: LinuxAdaptersOptions) {
    this.#options = options;
    this.#folder = join(options.dataDir, 'adapters');
  }

  /** What an agent before left unconfirmed is undone when it resolves. To be called first. */
  async begin(): Promise<void> {
    this.#entries = await readUses(this.#usesPath);
    await this.#settleTrials();
  }

  /** Whether any adapter is used otherwise than they all are at first. */
  get isIdle(): boolean {
    return this.#entries.size === 0 && this.#pending === undefined;
  }

  get reserved(): ReadonlySet<string> {
    return this.#namesWith('host');
  }

  get shared(): ReadonlySet<string> {
    const names = this.#namesWith('shared');
    // What is tried may be undone, and then the bridge is asked for again.
    return this.#pending === undefined ? names : names.union(new Set([this.#pending.adapter]));
  }

  async list(): Promise<readonly AdapterReport[]> {
    const links = await this.#links();
    const ways = await findWays(this.#options.ip, this.#options.coordinator);
    const { hostId } = this.#options;
    const carried = this.#options.carried();
    return reportAdapters({ hostId, links, ways, carried }, (name) => {
      const trial = this.#pending?.adapter === name ? trialOf(this.#pending) : null;
      return {
        use: this.#entry(name).use,
        trial,
        problem: this.#problems.get(name)?.slice(0, 500) ?? null,
      };
    });
  }

  async change(
    name: string,
    { use, confirmSeconds }: HostAdapterChange,
    work: 'do' | 'check' = 'do',
  ): Promise<AdapterTrial | null> {
    return this.#options.exclusively(async () => {
      const links = await this.#links();
      const link = links.find((one) => one.name === name && isAdapter(one));
      if (link === undefined) throw noAdapter(name);
      const before = this.#entry(name);
      if (before.use === use) return null;
      if (this.#pending !== undefined) throw trialPending(this.#pending);
      const uplink = uplinkOf(this.#options.hostId, link, links);
      const read = await readAddressing(this.#options.ip, uplink?.name ?? name);
      const networks = this.#options.carried().filter(({ adapter }) => adapter === name);
      const otherWays = await this.#otherWays(link, links);
      judgeUse({ link, links, now: before.use, wanted: use, read, networks, otherWays });
      if (work === 'check') return null;
      const plan = this.#plan(use, before, { link, links, read });
      if (plan === undefined || plan.risk === 'none') {
        for (const call of plan?.calls ?? []) await run(this.#options.ip, call);
        await this.#note(name, { use, held: plan?.held ?? null });
        this.#options.onChange();
        return null;
      }
      return trialOf(await this.#try(link, { use, held: plan.held }, plan, confirmSeconds * 1000));
    });
  }

  async confirm(name: string): Promise<AdapterUse> {
    return this.#options.exclusively(async () => {
      const pending = this.#pending;
      const claimed =
        pending?.adapter === name && (await claimTrial(this.#folder, pending.id, 'kept'));
      if (!claimed)
        throw new Fault('refused', `nothing is tried with adapter ${name}`, {
          hint: 'what is not confirmed in time is undone: ask for it again',
        });
      await this.#keep(pending);
      return pending.entry.use;
    });
  }

  /** Each as it was before any was used for something. Errors: of the first that has to stay as it is. */
  async giveBack(): Promise<void> {
    for (const name of this.#entries.keys().toArray())
      try {
        const trial = await this.change(name, { use: 'any', confirmSeconds: giveBackSeconds });
        if (trial !== null) await this.confirm(name);
      } catch (error) {
        // It has been taken out of the machine.
        if (!isFault(error, 'not-found')) throw error;
      }
  }

  /** Makes what was confirmed again: after a restart of the host, or where somebody has changed it. */
  async restore(): Promise<void> {
    if (this.#pending !== undefined) return;
    for (const [name, entry] of this.#entries) {
      if (this.#problems.has(name)) continue;
      try {
        await this.#restoreOne(name, entry);
      } catch (error) {
        this.#problems.set(name, describeFault(error));
        this.#options.log.warn({ adapter: name, why: describeFault(error) }, 'adapter');
        this.#options.onUndone(name, describeFault(error));
      }
    }
  }

  /** Lets go: what is tried is left to its guard, and to the next agent. */
  [Symbol.dispose](): void {
    clearTimeout(this.#pending?.timer);
    this.#pending = undefined;
  }

  get #usesPath(): string {
    return join(this.#options.dataDir, 'adapters.json');
  }

  #entry(name: string): AdapterEntry {
    return this.#entries.get(name) ?? unused;
  }

  #namesWith(use: AdapterUse): ReadonlySet<string> {
    return new Set(
      [...this.#entries].flatMap(([name, entry]) => (entry.use === use ? [name] : [])),
    );
  }

  #links(): Promise<readonly Link[]> {
    return readLinks(this.#options.ip);
  }

  #plan(
    use: AdapterUse,
    before: AdapterEntry,
    {
      link,
      links,
      read,
    }: { readonly link: Link; readonly links: readonly Link[]; readonly read: ReadAddressing },
  ): UsePlan | undefined {
    if (use === 'shared') return planShare(this.#options.hostId, link, pick(read), links);
    if (use === 'networks') return planTake(link.name, read);
    if (before.held !== null) return planGive(link.name, before.held);
    const uplink = uplinkOf(this.#options.hostId, link, links);
    if (before.use !== 'shared' || uplink === undefined) return undefined;
    return planUnshare(link.name, uplink.name, pick(read));
  }

  async #restoreOne(name: string, { use, held }: AdapterEntry): Promise<void> {
    const links = await this.#links();
    const link = links.find((one) => one.name === name);
    if (link === undefined) return;
    const { hostId, ip } = this.#options;
    const read = await readAddressing(ip, name);
    if (use === 'networks') {
      const plan = planTake(name, read);
      // Its own address on the link comes back each time that it is switched on, and leads nowhere.
      if (plan.risk === 'none') {
        for (const call of plan.calls) await run(ip, call);
        return;
      }
      const all = joinAddressing(held ?? noAddressing, plan.held ?? noAddressing);
      judgeUse({ link, links, now: 'any', wanted: use, read, networks: [], otherWays: [name] });
      await this.#try(link, { use, held: all }, plan, 'at-once');
    }
    if (use !== 'shared' || uplinkOf(hostId, link, links) !== undefined) return;
    const bridge = bridgeFor(hostId, name, links);
    if (bridge !== undefined && link.master === undefined) {
      await run(ip, ['link', 'set', 'dev', name, 'master', bridge.name]);
      return;
    }
    // The configuration of the host has not given it its addresses yet.
    if (read.addresses.length === 0) return;
    judgeUse({ link, links, now: 'any', wanted: use, read, networks: [], otherWays: [name] });
    await this.#try(
      link,
      { use, held: null },
      planShare(hostId, link, pick(read), links),
      'at-once',
    );
  }

  /** Errors: `unavailable` where it was undone. */
  async #try(
    link: Link,
    entry: AdapterEntry,
    plan: UsePlan,
    wait: number | 'at-once',
  ): Promise<Pending> {
    const { ip, bootId, coordinator } = this.#options;
    const { verifyMs = usualVerifyMs, graceMs = usualGraceMs } = this.#options;
    const waitMs = wait === 'at-once' ? 0 : wait;
    const name = plan.from ?? plan.at;
    const routers = plan.from === null ? [] : routersOf(plan.addressing);
    const before = await lookAround(
      { ip, name, routers, coordinator },
      Math.min(beforeMs, verifyMs),
    );
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const trial = {
      bootId,
      adapter: link.name,
      use: entry.use,
      held: entry.held,
      undo: copy(plan.undo),
    };
    const id = await writeTrial(this.#folder, trial);
    const limitMs = waitMs + graceMs;
    let guard: Disposable | undefined;
    try {
      guard = await watchOver({ folder: this.#folder, id, ip, limitMs });
      await this.#make(plan, link);
      const now = await lookAround(
        { ip, name: plan.at, routers: before.routers, coordinator },
        verifyMs,
      );
      const addressing = await readAddressing(ip, plan.at);
      const lost = [...missingFrom(addressing, plan.addressing), ...lostSince(now, before)];
      if (lost.length > 0) throw new Fault('unavailable', lost.join('; '));
      const isOpen = (await findTrials(this.#folder)).some(
        (found) => found.id === id && found.state === 'trial',
      );
      if (!isOpen) throw new Fault('timeout', 'the guard has undone it meanwhile');
    } catch (cause) {
      await this.#undo({ id, undo: plan.undo, guard });
      throw new Fault('unavailable', `adapter ${link.name} is used as before`, {
        cause,
        hint: 'mend that, and ask for it again',
      });
    }
    const pending = this.#wait({ id, undo: plan.undo, adapter: link.name, entry, guard }, waitMs);
    if (wait === 'at-once' && (await claimTrial(this.#folder, id, 'kept')))
      await this.#keep(pending);
    return pending;
  }

  async #make({ calls, at }: UsePlan, { name }: Link): Promise<void> {
    for (const call of calls) {
      await run(this.#options.ip, call);
      if (givesName(call)) await copyIpv6Settings(name, at);
    }
  }

  #wait(tried: Omit<Pending, 'untilMs' | 'timer'>, waitMs: number): Pending {
    const undo = (): void => {
      this.#options
        .exclusively(() => this.#expire(tried.id))
        .catch((error: unknown) =>
          this.#options.log.error({ adapter: tried.adapter, why: describeFault(error) }, 'adapter'),
        );
    };
    const timer = setTimeout(undo, waitMs);
    const pending = { ...tried, untilMs: systemClock.now() + waitMs, timer };
    this.#pending = pending;
    this.#options.onChange();
    return pending;
  }

  async #expire(id: string): Promise<void> {
    const pending = this.#pending;
    if (pending?.id !== id) return;
    this.#pending = undefined;
    await this.#undo(pending);
    const reason = 'nobody has confirmed it in time';
    this.#options.onUndone(pending.adapter, reason);
  }

  /** Also what the guard has claimed: it may have come between two calls of a change that went on. */
  async #undo({ id, undo, guard }: Undoable): Promise<void> {
    if (await claimTrial(this.#folder, id, 'undone')) guard?.[Symbol.dispose]();
    for (const call of undo) await run(this.#options.ip, call).catch(() => undefined);
    await forgetTrial(this.#folder, { id, state: 'undone' });
    this.#options.onChange();
  }

  /** Of what was claimed for that. */
  async #keep({ id, adapter, entry, timer, guard }: Pending): Promise<void> {
    clearTimeout(timer);
    guard[Symbol.dispose]();
    this.#pending = undefined;
    await this.#note(adapter, entry);
    await forgetTrial(this.#folder, { id, state: 'kept' });
    this.#options.onChange();
  }

  async #note(name: string, entry: AdapterEntry): Promise<void> {
    const entries = new Map(this.#entries);
    if (entry.use === 'any') entries.delete(name);
    else entries.set(name, entry);
    await writeUses(this.#usesPath, entries);
    this.#entries = entries;
    this.#problems.delete(name);
  }

  /** What another agent, or its guard, has left. */
  async #settleTrials(): Promise<void> {
    for (const found of await findTrials(this.#folder)) {
      const trial = await readTrial(this.#folder, found).catch((error: unknown) => {
        const why = describeFault(error);
        this.#options.log.error({ trial: found.id, why }, 'cannot read what was tried');
      });
      if (trial === undefined) continue;
      const { bootId, adapter, use, held } = trial;
      const isOfThisBoot = bootId === this.#options.bootId;
      if (found.state === 'kept') await this.#note(adapter, { use, held });
      const claimed =
        found.state === 'undone' ||
        (found.state === 'trial' && (await claimTrial(this.#folder, found.id, 'undone')));
      if (claimed && isOfThisBoot) {
        await undoTrial(this.#options.ip, this.#folder, found.id);
        this.#options.onUndone(adapter, 'the agent ended before it was confirmed');
      }
      await forgetTrial(this.#folder, claimed ? { ...found, state: 'undone' } : found);
    }
  }

  /** Adapters besides this one by which the host could be managed (NET-35). */
  async #otherWays(link: Link, links: readonly Link[]): Promise<readonly string[]> {
    const { ip, coordinator, hostId } = this.#options;
    const others = links.filter((one) => one.name !== link.name && isAdapter(one));
    const ways: string[] = [];
    for (const other of others) {
      const at = uplinkOf(hostId, other, links) ?? other;
      const has = at.addresses.length > 0 || (at.addresses6?.length ?? 0) > 0;
      if (!has || !other.isUp || !other.hasCarrier) continue;
      if (await leadsToCoordinator(ip, coordinator, at)) ways.push(other.name);
    }
    return ways;
  }
}

function trialOf({ entry, untilMs }: Pending): AdapterTrial {
  return { use: entry.use, until: isoTime(untilMs) };
}

const pick = ({ addresses, routes }: ReadAddressing): UsePlan['addressing'] => ({
  addresses,
  routes,
});
const copy = (calls: readonly (readonly string[])[]): string[][] => calls.map((call) => [...call]);

function noAdapter(name: string): Fault {
  return new Fault('not-found', `the host has no adapter ${name}`, {
    hint: 'look at: gantry host adapters',
  });
}

function trialPending({ adapter }: Pending): Fault {
  return new Fault('refused', `a change of adapter ${adapter} waits to be confirmed`, {
    hint: 'confirm it, or wait until it is undone',
  });
}
