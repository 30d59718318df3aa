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
import type {
  Adapter,
  Disk,
  EffectiveHardware,
  MachineSample,
  Medium,
  VmDefinition,
  VmStatus,
} from '#api';
import { describeFault, Fault, systemClock } from '#lib';
import type { Log } from '#log';
import {
  attachAdapter,
  attachDisk,
  attachMemory,
  changeMedium,
  connectQmp,
  detachAdapter,
  detachDisk,
  growProcessors,
  guest,
  parseKeys,
  qmp,
  saveState,
  typeText,
  type GuestAgent,
  type MachineSpec,
  type QmpClient,
  type QmpEvent,
} from '#qemu';
import { readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { MachineFile, ProcessIdentity } from '../../machine/record.ts';
import type { SerialHub } from '../../stream/serial-hub.ts';
import type {
  Channel,
  ChannelAccess,
  Ending,
  Observation,
  Observer,
  Running,
  SaveOptions,
} from '../driver.ts';
import type { Account } from './confine/accounts.ts';
import type { GuestMonitor } from './guest/monitor.ts';
import { endingOf, observeEvent } from './monitor-events.ts';
import { ownPlaces, type RunPlaces } from './places.ts';
import { sendSignal, untilGone } from './process/exit.ts';
import { lastLines } from './process/log-file.ts';
import { readResidentBytes, readStat, ticksPerSecond } from './process/proc.ts';
import { adapterSpec, memorySlots } from './spec/machine-spec.ts';
import { hashHardware, writeSavedFacts } from './saved-facts.ts';
import { diskId, diskSpec, floppyId, mediumSpec, placeToId } from './spec/devices.ts';
import { listHardware } from './spec/hardware-list.ts';

const quitMs = 3_000;
const goneMs = 10_000;
const reconnectMs = 5_000;
const keyHoldMs = 20;
const unplugMs = 15_000;

export interface RunningParts {
  readonly identity: ProcessIdentity;
  readonly bootId: string;
  readonly file: () => MachineFile;
  readonly spec: MachineSpec;
  readonly places: RunPlaces;
  readonly logPath: string;
  readonly account: Account | undefined;
  readonly forwards: VmStatus['forwards'];
  readonly observer: Observer;
  readonly log: Log;
  /** What the kernel said at the end of a child of ours. */
  readonly exited: Promise<string> | undefined;
  readonly onEnded: () => void;
  readonly setLimits: (definition: VmDefinition) => void;
}

export class QemuRunning implements Running {
  readonly identity: ProcessIdentity;
  readonly forwards: VmStatus['forwards'];
  readonly #parts: RunningParts;
  readonly #spec: MachineSpec;
  readonly #expected = new Set<string>();
  readonly #hubs = new Map<Channel, SerialHub>();
  #client: QmpClient;
  #guest: GuestMonitor | undefined;
  #agent: GuestAgent | undefined;
  #ending: Ending | undefined;
  #state: 'live' | 'leaving' | 'ended' = 'live';
  #left = false;
  #finishing: Promise<void> | undefined;
  #lastCpu: { readonly ticks: number; readonly atMs: number } | undefined;
  #cpuPercent: number | null = null;

  constructor(parts: RunningParts, client: QmpClient) {
    this.#parts = parts;
    this.#spec = parts.spec;
    this.identity = parts.identity;
    this.forwards = parts.forwards;
    this.#client = client;
    this.#listen(client);
  }

  get accelerator(): 'kvm' | 'tcg' {
    return this.#spec.acceleration;
  }

  get additionsAnswer(): boolean {
    return this.#guest?.answers ?? false;
  }

  get id(): string {
    return this.#spec.uuid;
  }

  get spec(): MachineSpec {
    return this.#spec;
  }

  get logPath(): string {
    return this.#parts.logPath;
  }

  /** What others who look at this machine have seen; nothing after its end. */
  observe(seen: Observation): void {
    if (this.#state === 'live' && !this.#left) this.#parts.observer(seen);
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

  addHub(channel: Channel, hub: SerialHub): void {
    this.#hubs.set(channel, hub);
  }

  async pause(signal: AbortSignal): Promise<void> {
    await qmp.stop(this.#client, { signal });
  }

  async resume(signal: AbortSignal): Promise<void> {
    await qmp.cont(this.#client, { signal });
  }

  async reset(signal: AbortSignal): Promise<void> {
    await qmp.systemReset(this.#client, { signal });
  }

  async requestShutdown(
    signal: AbortSignal,
  ): Promise<{ readonly means: 'guest agent' | 'power button' }> {
    if (this.additionsAnswer && this.#agent) {
      try {
        await guest.shutdown(this.#agent, 'powerdown', { signal });
        return { means: 'guest agent' };
      } catch (error) {
        signal.throwIfAborted();
        this.#parts.log.info({ err: error }, 'guest agent refused to shut down');
      }
    }
    await qmp.systemPowerdown(this.#client, { signal });
    return { means: 'power button' };
  }

  async requestReboot(signal: AbortSignal): Promise<void> {
    if (!this.additionsAnswer || !this.#agent) {
      throw new Fault('unavailable', 'no guest agent answers', {
        hint: 'install the guest additions, or use reset',
      });
    }
    await guest.shutdown(this.#agent, 'reboot', { signal });
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
    const { account, places } = this.#parts;
    await this.#writeFacts();
    const sizeBytes = await saveState(this.#client, {
      path,
      socketPath: places.state,
      ...(account === undefined ? {} : { owner: account }),
      signal,
      onProgress: ({ transferredBytes, remainingBytes }) => {
        const all = transferredBytes + remainingBytes;
        if (all > 0) onProgress(transferredBytes / all);
      },
    });
    return { sizeBytes };
  }

  sample(nowMs: number): MachineSample {
    const { id } = this.#parts.file().definition;
    return {
      id,
      cpuPercent: this.#measureCpu(nowMs),
      memoryBytes: readResidentBytes(this.identity.pid) ?? null,
      ...(this.#guest?.sample() ?? noGuest),
    };
  }

  async hardware(): Promise<EffectiveHardware> {
    const pci = await qmp.queryPci(this.#client);
    return listHardware(this.#spec, this.#parts.file(), pci);
  }

  /** Processors and memory grow while running where there is room; resources change at once. */
  async configure(before: VmDefinition, after: VmDefinition): Promise<VmDefinition> {
    this.#parts.setLimits(after);
    this.#guest?.configure();
    let now = before;
    const { count } = after.hardware.processor;
    if (count > now.hardware.processor.count && (await this.#tries(() => this.#growTo(count)))) {
      const processor = { ...now.hardware.processor, count };
      now = { ...now, hardware: { ...now.hardware, processor } };
    }
    const { sizeBytes } = after.hardware.memory;
    const moreBytes = sizeBytes - now.hardware.memory.sizeBytes;
    if (moreBytes > 0 && (await this.#tries(() => this.#addMemory(moreBytes)))) {
      const memory = { ...now.hardware.memory, sizeBytes };
      now = { ...now, hardware: { ...now.hardware, memory } };
    }
    return now;
  }

  async screenshot(signal: AbortSignal): Promise<Buffer> {
    const path = this.#parts.places.screenshot;
    if (this.#spec.display === 'none') throw new Fault('unsupported', 'the vm has no screen');
    await rm(path, { force: true });
    await qmp.screendump(this.#client, path, { signal });
    try {
      return await readFile(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  async pressKeys(keys: readonly string[], signal: AbortSignal): Promise<void> {
    const chords = keys.map(parseKeys);
    await this.#press(chords, signal);
  }

  async typeText(text: string, layout: 'us' | 'de', signal: AbortSignal): Promise<void> {
    await this.#press(typeText(text, layout), signal);
  }

  async changeMedium(drive: string, medium: Medium | null, file: MachineFile): Promise<void> {
    const { floppy } = file.definition.hardware;
    const driveId = placeToId(file.definition.hardware, drive);
    const access = floppy?.readOnly === true ? 'read-only' : 'read-write';
    await this.#expecting(driveId, () =>
      changeMedium(this.#client, {
        driveId,
        medium: mediumSpec(file, medium),
        drive: driveId === floppyId ? { kind: 'floppy', access } : { kind: 'optical' },
        lock: 'ask',
      }),
    );
  }

  async attachDisk(disk: Disk, file: MachineFile): Promise<void> {
    if (disk.bus === 'ide' || disk.bus === 'sata') {
      throw new Fault('unsupported', `a ${disk.bus} disk cannot be added while the vm runs`);
    }
    const hasController = this.#spec.scsiControllers.some(
      ({ position }) => position === disk.controller,
    );
    if (disk.bus === 'scsi' && (!hasController || this.#classicScsi())) {
      throw new Fault('unsupported', 'the vm has no SCSI controller for it yet');
    }
    await unsupportedWhenRefused(() => attachDisk(this.#client, this.#spec, diskSpec(file, disk)));
  }

  async detachDisk(disk: Disk): Promise<void> {
    if (disk.bus === 'ide' || disk.bus === 'sata' || this.#classicScsi(disk)) {
      throw new Fault('unsupported', `a ${disk.bus} disk cannot be removed while the vm runs`);
    }
    const spec = diskSpec(this.#parts.file(), disk);
    await this.#expecting(diskId(disk), () =>
      detachDisk(this.#client, spec, { timeoutMs: unplugMs }),
    );
  }

  async attachAdapter(adapter: Adapter): Promise<void> {
    if (adapter.attachment.kind === 'user' && adapter.attachment.forwards.length > 0) {
      throw new Fault('unsupported', 'an adapter with port forwards begins at the next start');
    }
    const spec = adapterSpec(this.#parts.file(), adapter);
    await unsupportedWhenRefused(() => attachAdapter(this.#client, this.#spec, spec));
  }

  async detachAdapter(adapter: Adapter): Promise<void> {
    const spec = adapterSpec(this.#parts.file(), adapter);
    await this.#expecting(spec.id, () =>
      detachAdapter(this.#client, spec, { timeoutMs: unplugMs }),
    );
  }

  async openChannel(channel: Channel, access: ChannelAccess, signal: AbortSignal): Promise<Duplex> {
    if (channel === 'screen') return this.#openScreen(signal);
    const stream = this.#hubs.get(channel)?.watch(access);
    if (stream) return stream;
    throw new Fault(
      'unsupported',
      `${channel} of the vm leads to no console, or has too many watchers`,
    );
  }

  /** Lets go of the process, which goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#left = true;
    await this.#close();
    await this.#client[Symbol.asyncDispose]();
  }

  #classicScsi(disk?: Disk): boolean {
    if (disk && disk.bus !== 'scsi') return false;
    return this.#spec.scsiControllers.some(({ model }) => model !== 'virtio-scsi');
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
    if (event.name === 'STOP') this.#guest?.setRunning('stopped');
    if (event.name === 'RESUME') this.#guest?.setRunning('running');
    const { hardware } = this.#parts.file().definition;
    const seen = observeEvent(event, hardware, { devices: this.#expected });
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
    this.#parts.onEnded();
    this.#parts.observer({ kind: 'ended', ending: await this.#explainEnding() });
  }

  async #explainEnding(): Promise<Ending> {
    const { exited, logPath } = this.#parts;
    const ending = this.#ending;
    if (ending && ending.kind !== 'crash') return ending;
    const word = exited && (await Promise.race([exited, systemClock.sleep(500)]));
    const detail = ending?.detail ?? word ?? 'it ended while nobody could see how';
    return { kind: 'crash', detail, log: await lastLines(logPath) };
  }

  async #close(): Promise<void> {
    for (const hub of this.#hubs.values()) hub.close();
    this.#hubs.clear();
    await this.#guest?.[Symbol.asyncDispose]();
  }

  /** What the state will belong to; before it, so that it is never without. */
  async #writeFacts(): Promise<void> {
    const { file } = this.#parts;
    const { definition, startedWith } = file();
    const { major, minor, micro } = this.#client.version;
    const machines = await qmp.qomGet(this.#client, '/machine', 'type');
    await writeSavedFacts(ownPlaces(file()).savedFacts, {
      gantry: 'saved-state',
      format: 1,
      driver: 'qemu',
      vmId: this.id,
      qemuVersion: `${major}.${minor}.${micro}`,
      machine: machineName(String(machines)),
      acceleration: this.#spec.acceleration,
      hardwareHash: hashHardware((startedWith ?? definition).hardware),
    });
  }

  async #growTo(count: number): Promise<void> {
    await growProcessors(this.#client, count);
  }

  async #addMemory(sizeBytes: number): Promise<void> {
    await attachMemory(this.#client, memorySlots, sizeBytes);
  }

  /** What the process has no room for waits for the next start. */
  async #tries(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#parts.log.debug({ why: describeFault(error) }, 'not changed while running');
      return false;
    }
  }

  async #expecting<T>(id: string, work: () => Promise<T>): Promise<T> {
    this.#expected.add(id);
    try {
      return await work();
    } finally {
      // The event comes right behind the answer.
      setImmediate(() => this.#expected.delete(id));
    }
  }

  async #press(chords: readonly (readonly string[])[], signal: AbortSignal): Promise<void> {
    for (const chord of chords) {
      await qmp.sendKey(this.#client, chord, keyHoldMs, { signal });
      await systemClock.sleep(keyHoldMs * 2, signal);
    }
  }

  #measureCpu(nowMs: number): number | null {
    const stat = readStat(this.identity.pid);
    if (!stat) return null;
    const last = this.#lastCpu;
    if (last && nowMs - last.atMs < 1_000) return this.#cpuPercent;
    this.#lastCpu = { ticks: stat.cpuTicks, atMs: nowMs };
    if (last) {
      const seconds = (stat.cpuTicks - last.ticks) / ticksPerSecond;
      const share = seconds / ((nowMs - last.atMs) / 1000) / this.#spec.processor.count;
      this.#cpuPercent = Math.max(0, Math.round(share * 1000) / 10);
    }
    return this.#cpuPercent;
  }

  #openScreen(signal: AbortSignal): Promise<Duplex> {
    const { vnc } = this.#spec;
    if (!vnc) throw new Fault('unsupported', 'the vm has no screen');
    const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
    const socket = connect({ path: vnc.socketPath, allowHalfOpen: false });
    socket.once('connect', () => resolve(socket));
    socket.once('error', (cause) =>
      reject(new Fault('unavailable', 'the screen of the vm does not answer', { cause })),
    );
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    return promise;
  }
}

const noGuest: Pick<MachineSample, 'heartbeat' | 'additions' | 'guest'> = {
  heartbeat: { state: 'none', lastAt: null },
  additions: { state: 'none', version: null, agentVersion: null, functions: {} },
  guest: null,
};

/** `q35-7.2` out of `pc-q35-7.2-machine`. */
function machineName(type: string): string {
  const match = /^pc-(i440fx|q35)-(\d+\.\d+)-machine$/.exec(type);
  return match ? `${match[1] === 'q35' ? 'q35' : 'pc'}-${match[2]}` : type.slice(0, 64);
}

/** QEMU says only in words that a bus takes no device now; the next start will tell what is wrong, if it is more. */
async function unsupportedWhenRefused(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'refused') throw error;
    if (!/hotplug|hot-plug|no slot|does not support/i.test(error.message)) throw error;
    throw new Fault('unsupported', 'it cannot be added while the vm runs', { cause: error });
  }
}
