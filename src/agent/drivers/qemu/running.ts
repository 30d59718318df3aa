/**
 * A QEMU process, whoever started it: this agent or one before it.
 *
 *   connected --monitor closes--> gone? --process is there--> connected again, or ended by us
 *                                   '----process is not there--> ended
 *
 * Invariants
 * 1. `ended` is observed exactly once, when the process is gone from the kernel's list, and last.
 * 2. A guest that powered itself off stands still (`set-action shutdown=pause`) until it was seen: also by
 *    an agent that comes back later. It is then ended by us.
 * 3. Nothing here decides: what follows from an observation is the machine's.
 */
import {
  doAdditionsAnswer,
  type AdditionsState,
  type EffectiveHardware,
  type GuestTrim,
  type MachineSample,
  type VmDefinition,
  type VmStatus,
} from '#api';
import { Fault, present, systemClock, type Clock } from '#lib';
import type { Log } from '#log';
import { additionsVersion } from '#images';
import {
  connectQmp,
  guest,
  qmp,
  saveState,
  type GuestAgent,
  type MachineSpec,
  type QmpClient,
  type QmpEvent,
} from '#qemu';
import type { MachineFile, ProcessIdentity } from '../../machine/record.ts';
import type { Taps } from '../../network/taps.ts';
import type { Ending, Observation, Observer, Running, SaveOptions } from '../driver.ts';
import type { Account } from './confine/accounts.ts';
import { GuestFreeze } from './guest/freeze.ts';
import { noGuest, type GuestMonitor } from './guest/monitor.ts';
import { DeviceWatch } from './host-devices.ts';
import { GuestReboot } from './guest-reboot.ts';
import { endingOf, observeEvent } from './monitor-events.ts';
import { installAdditions } from './guest/install.ts';
import { trimGuest } from './guest/trim.ts';
import { ownPlaces, type RunPlaces } from './places.ts';
import { readMemory } from './read-memory.ts';
import { CpuUse } from './process/cpu-use.ts';
import { DiskCounter } from './io/disk-counter.ts';
import { sendSignal, untilGone } from './process/exit.ts';
import { lastLines } from './process/log-file.ts';
import { readResidentBytes } from './process/proc.ts';
import { RunningConsole } from './running-console.ts';
import { RunningDevices } from './running-devices.ts';
import { RunningLayers } from './running-layers.ts';
import type { ServedToOne } from './served/disk-servers.ts';
import { RunningShares } from './share/running-shares.ts';
import { QemuDeparture } from './hand-over/departure.ts';
import { needsOf } from './hand-over/needs.ts';
import { readFacts } from './read-facts.ts';
import { factsOfMemory, writeSavedFacts, type SavedFacts } from './saved-facts.ts';
import { listHardware } from './spec/hardware-list.ts';

const quitMs = 3_000;
/** Until the kernel has told how a child of ours ended. */
const exitMs = 2_000;
const goneMs = 10_000;
/** An agent that runs answers at once. */
const clockMs = 5_000;
const reconnectMs = 5_000;

export interface RunningParts {
  readonly identity: ProcessIdentity;
  readonly bootId: string;
  readonly file: () => MachineFile;
  readonly spec: MachineSpec;
  readonly places: RunPlaces;
  readonly logPath: string;
  readonly account: Account | undefined;
  /** Of parents that several vms read. */
  readonly baseGroup: number;
  readonly forwards: VmStatus['forwards'];
  readonly observer: Observer;
  readonly clock: Clock;
  readonly taps: Taps | undefined;
  readonly log: Log;
  /** What the kernel said at the end of a child of ours. */
  readonly exited: Promise<string> | undefined;
  readonly served: ServedToOne;
  /** Resolves when nothing of it is at work any more. */
  readonly onEnded: () => Promise<void>;
  readonly setLimits: (definition: VmDefinition) => void;
}

export class QemuRunning implements Running {
  readonly identity: ProcessIdentity;
  readonly forwards: VmStatus['forwards'];
  readonly #parts: RunningParts;
  readonly #spec: MachineSpec;
  readonly devices: RunningDevices;
  readonly layers: RunningLayers;
  readonly #shares: RunningShares;
  readonly freeze: GuestFreeze;
  readonly console: RunningConsole;
  readonly departing: QemuDeparture;
  readonly #cpu: CpuUse;
  readonly #disks: DiskCounter;
  readonly #watch = new DeviceWatch((lost) => this.observe({ kind: 'device-lost', ...lost }));
  #client: QmpClient;
  readonly #reboot: GuestReboot;
  #guest: GuestMonitor | undefined;
  #agent: GuestAgent | undefined;
  #ending: Ending | undefined;
  #state: 'live' | 'leaving' | 'ended' = 'live';
  #left = false;
  #finishing: Promise<void> | undefined;

  constructor(parts: RunningParts, client: QmpClient) {
    this.#parts = parts;
    this.#spec = parts.spec;
    this.identity = parts.identity;
    this.forwards = parts.forwards;
    this.#client = client;
    const { spec, log, setLimits, places } = parts;
    const now = (): QmpClient => this.#client;
    this.#reboot = new GuestReboot(now, parts.file);
    this.#shares = new RunningShares({
      spec,
      log,
      client: now,
      agent: () => (doAdditionsAnswer(this.additions) ? this.#agent : undefined),
      present: () => {
        const { definition, startedWith } = parts.file();
        return (startedWith ?? definition).hardware.sharedFolders;
      },
    });
    this.devices = new RunningDevices({
      spec,
      shares: this.#shares,
      taps: parts.taps,
      served: parts.served,
      disksSocket: places.disks,
      account: parts.account,
      baseGroup: parts.baseGroup,
      log,
      client: now,
      onConfigure: (definition) => {
        setLimits(definition);
        this.#guest?.configure();
      },
    });
    this.freeze = new GuestFreeze({
      agent: () => this.#requireAgent(),
      occupy: () => this.#occupyGuest(),
      clock: parts.clock,
      observer: (seen) => this.observe(seen),
      log,
    });
    this.layers = new RunningLayers({
      client: now,
      file: parts.file,
      agent: () => this.#requireAgent(),
      silentAgent: () => (this.#state === 'live' ? this.#agent : undefined),
      freeze: this.freeze,
      shares: this.#shares,
      served: parts.served,
      acceleration: spec.acceleration,
      disksSocket: places.disks,
      socketPath: places.state,
      account: parts.account,
      log,
      writeFacts: (memoryPath) => {
        const guest = parts.file().state === 'paused' ? 'paused' : 'ran';
        return this.#writeFacts(factsOfMemory(memoryPath), guest);
      },
    });
    this.console = new RunningConsole({ spec, client: now, screenshotPath: places.screenshot });
    this.departing = new QemuDeparture({
      client: now,
      file: parts.file,
      places,
      account: parts.account,
      acceleration: spec.acceleration,
      needs: async () => needsOf(await this.#readFacts()),
    });
    this.#cpu = new CpuUse(parts.identity.pid, spec.processor.count);
    this.#disks = new DiskCounter(parts.identity.pid, now);
    this.#listen(client);
  }

  get accelerator(): 'kvm' | 'tcg' {
    return this.#spec.acceleration;
  }

  get additions(): AdditionsState {
    return this.#guest?.additions ?? 'none';
  }

  get id(): string {
    return this.#spec.uuid;
  }

  get spec(): MachineSpec {
    return this.#spec;
  }

  /** The record as it is now. */
  file(): MachineFile {
    return this.#parts.file();
  }

  get logPath(): string {
    return this.#parts.logPath;
  }

  /** What others who look at this machine have seen; nothing after its end. */
  observe(seen: Observation): void {
    if (this.#state === 'live' && !this.#left) this.#parts.observer(seen);
  }

  /** Whether the devices of the host that it uses are still there. */
  async lookAtDevices(): Promise<void> {
    const { definition, startedWith } = this.file();
    await this.#watch.look((startedWith ?? definition).hardware);
  }

  /** Reads the counters of its disks; what they tell is in the next sample. */
  async countDisks(nowMs: number): Promise<void> {
    if (this.#state === 'live') await this.#disks.count(nowMs);
  }

  get client(): QmpClient {
    return this.#client;
  }

  get guestMonitor(): GuestMonitor | undefined {
    return this.#guest;
  }

  /** Takes over the eyes on the guest. */
  watchGuest(monitor: GuestMonitor, agent: GuestAgent): void {
    this.#guest = monitor;
    this.#agent = agent;
  }

  /** What the guest was asked to unmount by an agent that did not come to save the machine. */
  giveBackShares(): void {
    this.#shares.giveBack();
  }

  async pause(signal: AbortSignal): Promise<void> {
    await qmp.stop(this.#client, { signal });
  }

  async resume(signal: AbortSignal): Promise<void> {
    await qmp.cont(this.#client, { signal });
  }

  async reset(signal: AbortSignal): Promise<void> {
    await this.#reboot.reset(signal);
    this.#guest?.startAnew();
  }

  async requestShutdown(signal: AbortSignal): Promise<void> {
    await guest.shutdown(this.#requireAgent(), 'powerdown', { signal });
  }

  async pressPowerButton(signal: AbortSignal): Promise<void> {
    await qmp.systemPowerdown(this.#client, { signal });
  }

  async injectNmi(signal: AbortSignal): Promise<void> {
    await qmp.injectNmi(this.#client, { signal });
  }

  async requestReboot(signal: AbortSignal): Promise<void> {
    await guest.shutdown(this.#requireAgent(), 'reboot', { signal });
    this.#guest?.startAnew();
  }

  async updateAdditions(
    signal: AbortSignal,
  ): Promise<{ readonly from: string | null; readonly to: string }> {
    const agent = this.#requireAgent();
    const monitor = present(this.#guest, 'the eye on a guest that answers');
    const from = await monitor.askAdditionsVersion();
    await installAdditions(agent, signal);
    const to = await monitor.askAdditionsVersion();
    if (to !== additionsVersion) {
      throw new Fault('refused', `the guest has additions ${to ?? 'of no version'} afterwards`, {
        hint: `expected ${additionsVersion}: look at what install.sh says in the guest`,
      });
    }
    return { from, to };
  }

  readonly readMemory: NonNullable<Running['readMemory']> = (peek, signal) =>
    readMemory(this.#client, this.#parts.places.memory, peek, signal);
  readonly readClock: NonNullable<Running['readClock']> = (signal) =>
    guest.getTime(this.#requireAgent(), { timeoutMs: clockMs, signal });
  readonly setClock: NonNullable<Running['setClock']> = (timeMs, signal) =>
    guest.setTime(this.#requireAgent(), timeMs, { timeoutMs: clockMs, signal });
  readonly setPassword: NonNullable<Running['setPassword']> = (password, signal) =>
    guest.setUserPassword(this.#requireAgent(), password, { timeoutMs: clockMs, signal });

  async trim(minimumBytes: number, signal: AbortSignal): Promise<GuestTrim> {
    using _busy = this.#occupyGuest();
    return await trimGuest(this.#requireAgent(), minimumBytes, signal);
  }

  #occupyGuest(): Disposable {
    return present(this.#guest, 'the eye on a guest that answers').occupy();
  }

  #requireAgent(): GuestAgent {
    if (this.#agent && doAdditionsAnswer(this.additions)) return this.#agent;
    throw new Fault('unavailable', 'no guest agent answers', {
      hint: 'install the guest additions, or use the power button or reset',
    });
  }

  async end(): Promise<void> {
    if (this.#finishing) {
      await this.#finishing;
      return;
    }
    this.#ending ??= { kind: 'agent' };
    const { identity, bootId } = this.#parts;
    await qmp.quit(this.#client, { timeoutMs: quitMs }).catch(() => undefined);
    if (!(await untilGone(identity, bootId, quitMs))) {
      sendSignal(identity, bootId, 'SIGKILL');
      await untilGone(identity, bootId, goneMs);
    }
    await this.#finish();
  }

  async save(path: string, { signal, onProgress }: SaveOptions): Promise<{ sizeBytes: number }> {
    await this.#shares.release(signal);
    try {
      const { savedFacts } = ownPlaces(this.file());
      await this.#writeFacts(savedFacts, this.file().ranBefore ? 'ran' : 'paused');
      return { sizeBytes: await this.#saveState(path, { signal, onProgress }) };
    } catch (error) {
      this.#shares.giveBack();
      throw error;
    }
  }

  #saveState(path: string, { signal, onProgress }: SaveOptions): Promise<number> {
    const { account, places } = this.#parts;
    return saveState(this.#client, {
      path,
      socketPath: places.state,
      ...(account === undefined ? {} : { owner: account }),
      signal,
      onProgress: ({ transferredBytes, remainingBytes }) => {
        const all = transferredBytes + remainingBytes;
        if (all > 0) onProgress(transferredBytes / all);
      },
    });
  }

  sample(nowMs: number): MachineSample {
    const { id } = this.#parts.file().definition;
    return {
      id,
      cpuPercent: this.#cpu.read(nowMs),
      memoryBytes: readResidentBytes(this.identity.pid) ?? null,
      diskUse: this.#disks.use,
      ...(this.#guest?.sample() ?? noGuest),
    };
  }

  async hardware(): Promise<EffectiveHardware> {
    const pci = await qmp.queryPci(this.#client);
    return listHardware(this.#spec, this.#parts.file(), pci);
  }

  /** Lets go of the process, which goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#left = true;
    await this.#close();
    await this.#client[Symbol.asyncDispose]();
  }

  #listen(client: QmpClient): void {
    client.onEvent((event) => this.#hear(event));
    void client.closed.then(() => this.#closed(client));
  }

  #hear(event: QmpEvent): void {
    if (this.#state !== 'live' || this.#left) return;
    const ending = endingOf(event);
    if (ending) {
      this.#ending ??= ending;
      this.#state = 'leaving';
      // A guest that is off stands still; everything else is on its way out by itself.
      if (ending.kind === 'guest') void this.end();
      return;
    }
    if (event.name === 'VSERPORT_CHANGE' && event.data['id'] === 'board-channel') {
      this.#guest?.setChannel(event.data['open'] === true ? 'open' : 'closed');
      return;
    }
    if (event.name === 'GUEST_PANICKED') this.#guest?.notePanic();
    this.#reboot.hear(event);
    if (event.name === 'RESET') this.#guest?.startAnew();
    if (event.name === 'STOP') this.#guest?.setRunning('stopped');
    if (event.name === 'RESUME') {
      this.#guest?.setRunning('running');
      this.#shares.giveBack();
    }
    const { hardware } = this.#parts.file().definition;
    const seen = observeEvent(event, hardware, { devices: this.devices.expected });
    if (seen) this.#parts.observer(seen);
  }

  async #closed(client: QmpClient): Promise<void> {
    if (this.#left || this.#state === 'ended' || client !== this.#client) return;
    const { identity, bootId } = this.#parts;
    if (!(await untilGone(identity, bootId, this.#ending ? goneMs : 200))) {
      if (await this.#reconnect()) return;
      sendSignal(identity, bootId, 'SIGKILL');
      await untilGone(identity, bootId, goneMs);
      this.#ending ??= { kind: 'crash', detail: 'its monitor did not answer', log: '' };
    }
    await this.#finish();
  }

  /** A monitor that was only cut off. What happened meanwhile is seen by asking. */
  async #reconnect(): Promise<boolean> {
    if (this.#state !== 'live') return false;
    try {
      const client = await connectQmp(this.#parts.places.monitor, { timeoutMs: reconnectMs });
      this.#client = client;
      this.#listen(client);
      const { running, status } = await qmp.queryStatus(client);
      if (status === 'shutdown') {
        this.#ending = { kind: 'guest' };
        void this.end();
      } else this.#parts.observer({ kind: running ? 'resumed' : 'paused' });
      return true;
    } catch {
      return false;
    }
  }

  #finish(): Promise<void> {
    this.#finishing ??= this.#left ? Promise.resolve() : this.#bury();
    return this.#finishing;
  }

  async #bury(): Promise<void> {
    this.#state = 'ended';
    await this.#close();
    await this.#client[Symbol.asyncDispose]();
    await this.#parts.onEnded();
    this.#parts.observer({ kind: 'ended', ending: await this.#explainEnding() });
  }

  /** How a child of ours ended, where it has, and the end of its log. */
  async lastWords(): Promise<{ readonly word: string | undefined; readonly log: string }> {
    const { exited, logPath } = this.#parts;
    const word = exited && (await Promise.race([exited, systemClock.sleep(exitMs)]));
    return { word: word ?? undefined, log: await lastLines(logPath) };
  }

  async #explainEnding(): Promise<Ending> {
    const ending = this.#ending;
    if (ending && ending.kind !== 'crash') return ending;
    const { word, log } = await this.lastWords();
    const detail = ending?.detail ?? word ?? 'it ended while nobody could see how';
    return { kind: 'crash', detail, log };
  }

  async #close(): Promise<void> {
    this.console.close();
    this.freeze[Symbol.dispose]();
    await this.#shares.close();
    await this.#guest?.[Symbol.asyncDispose]();
  }

  /** What the state will belong to; before it, so that it is never without. */
  async #writeFacts(path: string, guest: SavedFacts['guest']): Promise<void> {
    await writeSavedFacts(path, { ...(await this.#readFacts()), guest });
  }

  #readFacts(): Promise<SavedFacts> {
    return readFacts(this.#client, this.#spec, this.file());
  }
}
