/**
 * The agent's eye on one guest: heartbeat, information, clock, what the guest may know of its host. Driven
 * by the driver's one ticker; without a timer of its own.
 *
 * Invariants: (1) at most one round is under way; (2) nothing is expected of a guest that does not run;
 * (3) a guest that floods, lies or hangs costs a bounded time and memory, and its own information only
 * (GA-33); (4) texts of a guest are bounded before they are kept.
 */
import {
  doAdditionsAnswer,
  type AdditionsState,
  type GuestHealth,
  type MachineSample,
  type NetworkUse,
  type VmDefinition,
} from '#api';
import { Fault, isoTime, type Clock } from '#lib';
import { guest, runInGuest, writeGuestFile, type GuestAgent } from '#qemu';
import type { Observer } from '../../driver.ts';
import { judgeGuest } from '../../guest-health.ts';
import { guestFacts } from '../spec/machine-spec.ts';
import { forgiveMisses, noHeartbeat, takeBeat, type Heartbeat } from './heartbeat.ts';
import { Rates } from '../io/rates.ts';
import type { GuestFreeze } from './freeze.ts';
import { functionsOf, type FunctionFacts } from './functions.ts';
import { askGuest, isOlder, type Asked } from './information.ts';
import type { Reachability } from './reachability.ts';
import { needsCorrection, tolerableOffsetMs } from './time-rules.ts';

const refreshMs = 60_000;
const clockMs = 60_000;
/** After its agent has come a guest may take this long to get an address; until then it is asked every second. */
const settlingMs = 30_000;
const maxBeatMs = 5_000;
const networkMs = 10_000;
const factsPath = '/run/gantry/host.json';

export interface GuestMonitorParts {
  readonly agent: GuestAgent;
  readonly freeze: GuestFreeze;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly definition: () => VmDefinition;
  /** Of the additions on this host. */
  readonly shippedVersion: string;
  readonly hostName: string;
  /** That the host belongs to; null where it is in none. */
  readonly hostDomain: string | null;
  readonly folderSharing: FunctionFacts['folderSharing'];
  readonly productVersion: string;
  readonly reachability: Reachability;
  /** When the guest began to boot; null where it goes on from a saved state. */
  readonly bootedMs: number | null;
  /** Whether an agent in it was ever heard. */
  readonly wasHeard: () => boolean;
}

/** The guest's part in a sample. */
export type GuestSample = Pick<
  MachineSample,
  'networkUse' | 'heartbeat' | 'guestHealth' | 'additions' | 'guest'
>;

/** Before it is watched. */
export const noGuest: GuestSample = {
  networkUse: null,
  heartbeat: { state: 'none', lastAt: null, beats: 0 },
  guestHealth: null,
  additions: { state: 'none', version: null, agentVersion: null, functions: {} },
  guest: null,
};

export class GuestMonitor {
  readonly #parts: GuestMonitorParts;
  readonly #ending = new AbortController();
  #heartbeat: Heartbeat = noHeartbeat;
  #asked: Asked | undefined;
  readonly #network = new Rates<keyof NetworkUse>();
  #clockOffsetMs: number | null = null;
  #channelOpen = false;
  /** Counts the starts of the guest: what was asked in one says nothing of the next. */
  #boot = 0;
  #runs = false;
  #occupied = 0;
  /** Counts how often it was: what was asked as that began is no whole answer. */
  #occupations = 0;
  #panicked = false;
  /** Later by what it did not run since. */
  #bootedMs: number | null;
  #stoppedMs: number;
  /** Beats that it was asked for since its start. */
  #asks = 0;
  #round: Promise<void> | undefined;
  #nextBeatMs = 0;
  #nextRefreshMs = 0;
  #nextClockMs = 0;
  #nextNetworkMs = 0;
  #openedMs = 0;
  #writtenFacts: string | undefined;
  #toldOutdated = false;
  #told = '';

  constructor(parts: GuestMonitorParts) {
    this.#parts = parts;
    this.#bootedMs = parts.bootedMs;
    this.#stoppedMs = parts.clock.now();
  }

  /** A single missed beat is no silence yet: that begins at the limit of the settings. */
  get additions(): AdditionsState {
    if (this.#heartbeat.state === 'none') return 'none';
    if (!this.#channelOpen || this.#heartbeat.state === 'missed') return 'not-answering';
    return this.#isOutdated() ? 'outdated' : 'running';
  }

  /** The guest opened or closed its end of the channel: an agent came or went. */
  setChannel(state: 'open' | 'closed'): void {
    this.#channelOpen = state === 'open';
    this.#parts.freeze.forget();
    if (state === 'closed') this.#writtenFacts = undefined;
    else this.#openedMs = this.#parts.clock.now();
    this.#nextBeatMs = 0;
    this.#nextRefreshMs = 0;
    this.tick();
  }

  /** The guest was reset, or has been told to start anew: nothing is known of it until it is heard again. */
  startAnew(): void {
    const { intervalSeconds } = this.#parts.definition().settings.heartbeat;
    this.#boot += 1;
    this.#parts.freeze.forget();
    this.#bootedMs = this.#stoppedMs = this.#parts.clock.now();
    this.#asks = 0;
    this.#panicked = false;
    this.#parts.reachability.forget();
    this.#heartbeat = { ...noHeartbeat, beats: this.#heartbeat.beats };
    this.#asked = undefined;
    this.#network.forget();
    this.#clockOffsetMs = null;
    this.#writtenFacts = undefined;
    this.#nextBeatMs = this.#parts.clock.now() + intervalSeconds * 1000;
    this.#nextRefreshMs = 0;
    this.#nextClockMs = 0;
    this.#tellNews();
  }

  /** Its kernel says that it cannot go on. */
  notePanic(): void {
    this.#panicked = true;
    this.#tellNews();
  }

  /** The version of the additions as the guest tells it now. Errors: `unavailable` when it does not answer. */
  async askAdditionsVersion(): Promise<string | null> {
    await this.#round;
    this.#nextBeatMs = 0;
    this.#nextRefreshMs = 0;
    this.tick();
    await this.#round;
    if (!doAdditionsAnswer(this.additions)) {
      throw new Fault('unavailable', 'the guest agent does not answer');
    }
    return this.#asked?.additionsVersion ?? null;
  }

  /** Execution stopped or went on. After a stop the clock is looked at first. */
  setRunning(state: 'running' | 'stopped'): void {
    const runs = state === 'running';
    if (runs === this.#runs) return;
    this.#runs = runs;
    const nowMs = this.#parts.clock.now();
    if (!runs) this.#stoppedMs = nowMs;
    else if (this.#bootedMs !== null) this.#bootedMs += nowMs - this.#stoppedMs;
    this.#heartbeat = forgiveMisses(this.#heartbeat);
    this.#nextBeatMs = 0;
    this.#nextClockMs = 0;
    if (runs) this.tick();
    else this.#tellNews();
  }

  /** The definition changed: the guest, rules and what it may know are looked at again. */
  configure(): void {
    this.#nextBeatMs = 0;
    this.#nextRefreshMs = 0;
    this.#nextClockMs = 0;
  }

  /** Its agent is at something that takes its time, and answers nothing else meanwhile: that is no silence. */
  occupy(): Disposable {
    this.#occupied += 1;
    this.#occupations += 1;
    return {
      [Symbol.dispose]: () => {
        this.#occupied -= 1;
        this.#heartbeat = forgiveMisses(this.#heartbeat);
      },
    };
  }

  /** Called about once a second, and cheap when nothing is due. */
  tick(): void {
    const nowMs = this.#parts.clock.now();
    if (
      !this.#runs ||
      this.#occupied > 0 ||
      this.#round ||
      nowMs < this.#nextBeatMs ||
      this.#ending.signal.aborted
    )
      return;
    const { intervalSeconds } = this.#parts.definition().settings.heartbeat;
    this.#nextBeatMs = nowMs + intervalSeconds * 1000;
    this.#round = this.#go().finally(() => {
      this.#round = undefined;
      this.#tellNews();
    });
  }

  /** The rest of the guest's part in a sample. */
  sample(): GuestSample {
    const { state, lastAtMs, beats } = this.#heartbeat;
    const asked = this.#asked;
    const { folderSharing } = this.#parts;
    const definition = this.#parts.definition();
    return {
      networkUse: doAdditionsAnswer(this.additions) ? this.#network.perSecond : null,
      heartbeat: { state, lastAt: lastAtMs === null ? null : isoTime(lastAtMs), beats },
      guestHealth: this.#runs ? this.#judge() : null,
      additions: {
        state: this.additions,
        version: asked?.additionsVersion ?? null,
        agentVersion: asked?.agentVersion ?? null,
        functions: functionsOf({ definition, commands: asked?.commands, folderSharing }),
      },
      guest: asked ? { ...asked.information, clockOffsetMs: this.#clockOffsetMs } : null,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#parts.agent[Symbol.asyncDispose]();
    await this.#round;
  }

  #judge(): GuestHealth {
    const { clock, definition, reachability, wasHeard } = this.#parts;
    const { bootSeconds, missedLimit } = definition().settings.heartbeat;
    return judgeGuest({
      panicked: this.#panicked,
      heartbeat: this.#heartbeat.state,
      channel: this.#channelOpen ? 'open' : 'closed',
      upMs: this.#upMs(clock.now()),
      bootMs: bootSeconds * 1000,
      askedEnough: this.#asks >= missedLimit,
      everHeard: wasHeard(),
      network: reachability.sign,
      networkAnswered: reachability.hasAnswered,
    });
  }

  #upMs(nowMs: number): number | null {
    return this.#bootedMs === null ? null : nowMs - this.#bootedMs;
  }

  #isOutdated(): boolean {
    const installed = this.#asked?.additionsVersion;
    return (
      installed !== null &&
      installed !== undefined &&
      isOlder(installed, this.#parts.shippedVersion)
    );
  }

  /** What people wait for: signs of life, addresses, a clock that is right, and what rules depend on. */
  #tellNews(): void {
    const { heartbeat, guestHealth, additions, guest: information } = this.sample();
    const { state, version } = additions;
    const { addresses, domainController, domain, clockOffsetMs = null } = information ?? {};
    const isRight = clockOffsetMs === null ? null : Math.abs(clockOffsetMs) <= tolerableOffsetMs;
    const life = [heartbeat.state, guestHealth, state, version];
    const text = JSON.stringify([...life, addresses, domainController, domain, isRight]);
    if (text === this.#told || this.#ending.signal.aborted) return;
    this.#told = text;
    this.#parts.observer({ kind: 'sampled' });
  }

  async #go(): Promise<void> {
    try {
      if (!(await this.#beat())) return await this.#lookAround();
      // What it told before still holds: it can say no more than that it is there.
      if (await this.#parts.freeze.holds(this.#parts.agent, this.#ending.signal)) return;
      // After a stop it is wrong for certain, and what else is asked takes its time.
      if (this.#asked !== undefined) await this.#watchClock();
      await this.#refresh();
      await this.#watchClock();
      await this.#countNetwork();
      await this.#shareFacts();
    } catch {
      // Each part has been tried; what failed is asked again in the next round.
    }
  }

  async #beat(): Promise<boolean> {
    const boot = this.#boot;
    const { agent, clock, observer, definition } = this.#parts;
    const { intervalSeconds, missedLimit } = definition().settings.heartbeat;
    const timeoutMs = Math.min(maxBeatMs, intervalSeconds * 1000);
    const { signal } = this.#ending;
    const good =
      this.#channelOpen &&
      (await guest.ping(agent, { timeoutMs, signal }).then(
        () => true,
        () => false,
      ));
    // A guest that was stopped meanwhile could not answer, and one of before its start is another.
    if (signal.aborted || boot !== this.#boot || (!good && !this.#runs)) return false;
    const last = this.#heartbeat.lastAtMs;
    const beat = good ? 'good' : 'missed';
    const { heartbeat, news } = takeBeat(this.#heartbeat, beat, clock.now(), missedLimit);
    this.#heartbeat = heartbeat;
    this.#asks += 1;
    if (good) {
      this.#panicked = false;
      this.#parts.reachability.rest();
      if (!this.#parts.wasHeard()) observer({ kind: 'additions-heard' });
    }
    if (news !== undefined && last !== null) {
      const { missed } = heartbeat;
      observer({ kind: 'heartbeat', good: news === 'regained', lastAt: isoTime(last), missed });
    }
    return good;
  }

  /** Without its agent, its network tells whether it lives; not while it may still boot. */
  async #lookAround(): Promise<void> {
    const { clock, definition, reachability } = this.#parts;
    const nowMs = clock.now();
    const upMs = this.#upMs(nowMs);
    const { bootSeconds } = definition().settings.heartbeat;
    const mayBoot = this.#heartbeat.state === 'none' && upMs !== null && upMs < bootSeconds * 1000;
    if (this.#runs && !mayBoot) await reachability.look(nowMs, this.#ending.signal);
  }

  async #refresh(): Promise<void> {
    const { agent, clock, observer, shippedVersion } = this.#parts;
    if (clock.now() < this.#nextRefreshMs) return;
    const boot = this.#boot;
    const occupations = this.#occupations;
    const asked = await askGuest(agent, this.#ending.signal, this.#asked?.told);
    if (boot !== this.#boot || occupations !== this.#occupations) return;
    this.#asked = asked;
    // An address that has not come yet is what somebody waits for.
    const isSettled = this.#asked.information.addresses.length > 0;
    this.#nextRefreshMs = isSettled ? clock.now() + refreshMs : 0;
    if (!isSettled && clock.now() < this.#openedMs + settlingMs) this.#nextBeatMs = 0;
    const installed = this.#asked.additionsVersion;
    if (installed !== null && this.#isOutdated() && !this.#toldOutdated) {
      this.#toldOutdated = true;
      observer({ kind: 'additions-outdated', installed, shipped: shippedVersion });
    }
  }

  /** Of the adapters that it was given: what else a guest makes up for itself counts the same bytes again. */
  async #countNetwork(): Promise<void> {
    const { agent, clock, definition } = this.#parts;
    if (this.#asked?.commands.has('guest-network-get-interfaces') !== true) return;
    if (clock.now() < this.#nextNetworkMs) return;
    const boot = this.#boot;
    const options = { timeoutMs: maxBeatMs, signal: this.#ending.signal };
    const all = await guest.networkGetInterfaces(agent, options);
    if (boot !== this.#boot) return;
    this.#nextNetworkMs = clock.now() + networkMs;
    const given = new Set(definition().hardware.adapters.map(({ mac }) => mac));
    const counted = all.filter(
      ({ mac, receivedBytes }) =>
        mac !== undefined && given.has(mac) && receivedBytes !== undefined,
    );
    if (counted.length === 0) return this.#network.forget();
    const sum = (values: readonly number[]): number =>
      values.reduce((total, one) => total + one, 0);
    const counters = {
      receivedBytesPerSecond: sum(counted.map(({ receivedBytes }) => receivedBytes ?? 0)),
      sentBytesPerSecond: sum(counted.map(({ sentBytes }) => sentBytes ?? 0)),
    };
    this.#network.note(counters, clock.now());
  }

  /** Written where the setting allows, and taken back when it no longer does (GA-23, GA-24). */
  async #shareFacts(): Promise<void> {
    const { agent, definition } = this.#parts;
    const { commands } = this.#asked ?? {};
    const shares = definition().settings.guestInformation.shareHostFacts;
    const text = `${JSON.stringify(guestFacts(definition(), this.#parts))}\n`;
    if (text === this.#writtenFacts || commands?.has('guest-file-open') !== true) return;
    if (!shares && this.#writtenFacts === undefined) return;
    const options = { timeoutMs: maxBeatMs, signal: this.#ending.signal };
    this.#writtenFacts = text;
    try {
      await writeGuestFile(agent, factsPath, Buffer.from(text), options);
    } catch {
      const folder = factsPath.slice(0, factsPath.lastIndexOf('/'));
      const program = { path: 'mkdir', args: ['-p', folder], output: 'drop' } as const;
      await runInGuest(agent, program, options);
      await writeGuestFile(agent, factsPath, Buffer.from(text), options);
    }
  }

  async #watchClock(): Promise<void> {
    const { agent, clock, observer, definition } = this.#parts;
    const { commands, zoneSeconds, information } = this.#asked ?? {};
    if (commands?.has('guest-get-time') !== true || clock.now() < this.#nextClockMs) return;
    const options = { timeoutMs: maxBeatMs, signal: this.#ending.signal };
    const beforeMs = clock.now();
    const offsetMs = await this.#measureClock();
    this.#nextClockMs = clock.now() + clockMs;
    const moment = {
      definition: definition(),
      isDomainController: information?.domainController === true,
      guestDomain: information?.domain ?? null,
      hostDomain: this.#parts.hostDomain,
      guestZoneSeconds: zoneSeconds ?? null,
      hostZoneSeconds: -new Date(beforeMs).getTimezoneOffset() * 60,
      offsetMs,
    };
    if (!commands.has('guest-set-time') || !needsCorrection(moment)) return;
    await guest.setTime(agent, clock.now(), options);
    observer({ kind: 'clock-corrected', offsetMs });
    await this.#measureClock();
  }

  async #measureClock(): Promise<number> {
    const { agent, clock } = this.#parts;
    const beforeMs = clock.now();
    const options = { timeoutMs: maxBeatMs, signal: this.#ending.signal };
    const guestMs = await guest.getTime(agent, options);
    const offsetMs = Math.round(guestMs - (beforeMs + clock.now()) / 2);
    this.#clockOffsetMs = offsetMs;
    return offsetMs;
  }
}
