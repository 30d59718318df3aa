/**
 * The QEMU processes of this host: started, restored, found again, looked after.
 *
 * Invariant: one ticker for all, and none while nothing runs.
 */
import { rm } from 'node:fs/promises';
import type { BootDevice, HostSettings, VmDefinition } from '#api';
import { describeFault, type Clock } from '#lib';
import type { Log } from '#log';
import {
  attachMemory,
  connectQmp,
  endBootOnce,
  GuestAgent,
  qmp,
  restoreState,
  type MachineSpec,
  type QmpClient,
} from '#qemu';
import { additionsVersion } from '#images';
import { asStarted, type MachineFile, type ProcessIdentity } from '../../machine/record.ts';
import { agentVersion } from '../../version.ts';
import type { Found, Launch, Observer, Running } from '../driver.ts';
import { accountOf, accountOfProcess } from './confine/account-of.ts';
import { baseGroup, type Account, type UidRange } from './confine/accounts.ts';
import { limitsOf, type ControlGroups } from './confine/cgroups.ts';
import { limitAgain, limitNew } from './disk-limits.ts';
import { prepareFirmware } from './firmware.ts';
import { GuestMonitor } from './guest/monitor.ts';
import { Reachability } from './guest/reachability.ts';
import { waysTo } from './guest/ways.ts';
import type { Received } from '../hand-over.ts';
import { explainRestore } from './explain-restore.ts';
import { openReceived } from './hand-over/arrival.ts';
import { revisionOf, type QemuNeeds } from './hand-over/needs.ts';
import { isForeign } from './host/emulator.ts';
import { readHostDomain } from './host/host-domain.ts';
import type { QemuHost } from './host/qemu-host.ts';
import type { Taps } from '../../network/taps.ts';
import {
  endProcess,
  forwardsOf,
  giveFiles,
  launch,
  prepareRunFolder,
  requireNone,
} from './launch.ts';
import { ownPlaces, runPlaces } from './places.ts';
import { shortenLog } from './process/log-file.ts';
import { findOwn, findProcess } from './process/find-process.ts';
import { QemuRunning } from './running.ts';
import { readSavedFacts } from './saved-facts.ts';
import { openSerial } from './serial.ts';
import { DiskServers, type DiskServersOptions } from './served/disk-servers.ts';
import { linkShare } from './share/share-links.ts';
import { adapterId, linkOf } from './spec/devices.ts';
import { makeMachineSpec, memorySlots } from './spec/machine-spec.ts';
import {
  chooseFreePorts,
  folderSharingOf,
  makeSurroundings,
  newestChipset,
  recordedPorts,
} from './surroundings.ts';
import { startTpm } from './tpm.ts';

export interface EngineOptions {
  readonly runtimeDir: string;
  readonly hostName: string;
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly uidRange: UidRange;
  readonly settings: () => HostSettings;
  readonly files: (id: string) => MachineFile | undefined;
  readonly host: QemuHost;
  readonly groups: ControlGroups;
  /** Knows the folders in which files of a vm may be. */
  readonly storage: DiskServersOptions['storage'];
  /** Absent where the host carries no networks. */
  readonly taps: Taps | undefined;
}

const tickMs = 1_000;
const logTicks = 10;
const deviceTicks = 3;
/** As often as samples are told. */
const counterTicks = 10;
const findMs = 10_000;

export class Engine implements AsyncDisposable {
  readonly #options: EngineOptions;
  readonly #running = new Map<string, QemuRunning>();
  readonly #disks: DiskServers;
  #ticker: NodeJS.Timeout | undefined;
  #ticks = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#disks = new DiskServers(options);
  }

  async start(request: Launch, observer: Observer): Promise<Running> {
    const file = asStarted(request.file);
    const bootOnce = request.bootOnce ?? file.definition.hardware.firmware.bootOnce ?? undefined;
    const { host } = this.#options;
    const machine = file.definition.hardware.machine;
    const { capabilities } = await host.requireEmulator(machine);
    const chipsetVersion = newestChipset(capabilities, machine);
    const running = await this.#begin(request, file, observer, { bootOnce, chipsetVersion });
    try {
      if (bootOnce !== undefined) await endBootOnce(running.client, running.spec);
      if (request.start === 'run') await running.resume(request.signal);
      return running;
    } catch (error) {
      await running.end();
      throw error;
    }
  }

  async restore(request: Launch, path: string, observer: Observer): Promise<Running> {
    const file = asStarted(request.file);
    const facts = await readSavedFacts(ownPlaces(file).savedFacts);
    const chipsetVersion = facts && revisionOf(facts);
    const { acceleration } = facts ?? {};
    const running = await this.#begin(request, file, observer, {
      chipsetVersion,
      acceleration,
      stateFrom: 'incoming',
    });
    try {
      for (const bytes of file.pluggedMemory)
        await attachMemory(running.client, memorySlots, bytes);
      await restoreState(running.client, {
        path,
        socketPath: runPlaces(this.#options.runtimeDir, running.id).state,
        signal: request.signal,
      });
      return running;
    } catch (error) {
      const why = request.signal.aborted ? error : await explainRestore(running, error);
      await running.end();
      throw why;
    }
  }

  /** A process that waits for a guest of another host. Another agent on this machine may be that host. */
  async receive(request: Launch, needs: QemuNeeds, observer: Observer): Promise<Received> {
    const file = asStarted(request.file);
    const running = await this.#begin(request, file, observer, {
      chipsetVersion: revisionOf(needs),
      acceleration: needs.acceleration,
      stateFrom: 'incoming',
      ofOthers: 'let-be',
    });
    try {
      const places = runPlaces(this.#options.runtimeDir, running.id);
      return await openReceived(running, file, places, request.signal);
    } catch (error) {
      const why = request.signal.aborted ? error : await explainRestore(running, error);
      await running.end();
      throw why;
    }
  }

  /** Ends a process of that vm that this agent is not to know. */
  async endStray(id: string): Promise<void> {
    const { runtimeDir, bootId, groups, taps } = this.#options;
    for (const { pid } of await findOwn(id, runtimeDir)) await endProcess(pid, bootId);
    await this.#disks.end(id);
    groups.remove(id);
    await taps?.unplug(id);
    await rm(runPlaces(runtimeDir, id).folder, { recursive: true, force: true });
  }

  /** The process of a machine that was live, or what became of it. */
  async find(recorded: MachineFile, observer: Observer): Promise<Found | undefined> {
    const identity = await findProcess(recorded, this.#options);
    if (!identity) {
      await this.#disks.endStray(asStarted(recorded));
      this.#options.groups.remove(recorded.definition.id);
      return undefined;
    }
    const file = asStarted(recorded);
    const { runtimeDir, bootId } = this.#options;
    const places = runPlaces(runtimeDir, file.definition.id);
    let client: QmpClient;
    try {
      client = await connectQmp(places.monitor, { timeoutMs: findMs });
    } catch (error) {
      this.#options.log.warn(
        { vm: file.definition.id, why: describeFault(error) },
        'process without monitor',
      );
      await endProcess(identity.pid, bootId);
      await this.#disks.endStray(file);
      this.#options.groups.remove(file.definition.id);
      const detail = 'its monitor did not answer';
      return { kind: 'ended', ending: { kind: 'crash', detail, log: '' } };
    }
    const spec = await this.#specOfRunning(file);
    const account = await accountOfProcess(identity.pid);
    const bootedMs = file.startedAt === null ? null : Date.parse(file.startedAt);
    const process = { identity, client, exited: undefined, bootedMs };
    await this.#disks.find(file, account);
    const running = await this.#adopt(file, spec, process, observer, account);
    const { status, running: runs } = await qmp.queryStatus(client);
    if (status === 'shutdown') {
      await running.end();
      return { kind: 'ended', ending: { kind: 'guest' } };
    }
    // A save that was cut off leaves its migration behind.
    await qmp.migrateCancel(client).catch(() => undefined);
    await limitAgain(client, file.definition.hardware, this.#options.log);
    running.guestMonitor?.setRunning(runs ? 'running' : 'stopped');
    if (runs) running.giveBackShares();
    return { kind: 'live', running, state: runs ? 'running' : 'paused' };
  }

  /** Lets go of all processes; they go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticker);
    await Promise.all([...this.#running.values()].map((one) => one[Symbol.asyncDispose]()));
  }

  async #begin(
    request: Launch,
    file: MachineFile,
    observer: Observer,
    wish: {
      readonly bootOnce?: BootDevice | undefined;
      readonly chipsetVersion: string | undefined;
      readonly acceleration?: 'kvm' | 'tcg' | undefined;
      readonly stateFrom?: 'incoming' | undefined;
      readonly ofOthers?: 'let-be' | undefined;
    },
  ): Promise<QemuRunning> {
    const { host, groups, runtimeDir, bootId, uidRange, settings, clock, hostName } = this.#options;
    const { hardware } = file.definition;
    await requireNone(file, wish.ofOthers === 'let-be' ? runtimeDir : undefined);
    const { program, capabilities } = await host.requireEmulator(hardware.machine);
    const { signal } = request;
    const acceleration = wish.acceleration ?? (await this.#chooseAcceleration(file, signal));
    const account = await this.#admitToTaps(
      await accountOf({ file, range: uidRange, acceleration }),
    );
    const places = runPlaces(runtimeDir, file.definition.id);
    await prepareRunFolder(places, account);
    for (const share of file.definition.hardware.sharedFolders)
      await linkShare(places.shares, share);
    const own = ownPlaces(file);
    const firmware = await prepareFirmware(host.firmware, hardware, own.firmware);
    await giveFiles(file, account, uidRange, this.#options.storage().folders(file.folder));
    const tpm = hardware.tpm
      ? await startTpm({
          program: host.binaries.swtpm ?? 'swtpm',
          statePath: own.tpm,
          socketPath: places.tpm,
          logPath: `${own.tpm}.log`,
          account,
          setpriv: host.setpriv,
          model: hardware.machine === 'q35' ? 'crb' : 'tis',
          signal,
        })
      : undefined;
    const { id } = file.definition;
    const [spec, launched] = await this.#undone(id, async () => {
      const { memoryOverheadBytes } = settings();
      groups.set(id, limitsOf(file.definition, acceleration, memoryOverheadBytes));
      await this.#disks.start(file, account, signal);
      const taps = await this.#plug(file, account);
      const made = makeMachineSpec(
        file,
        makeSurroundings({
          places,
          acceleration,
          chipsetVersion: wish.chipsetVersion,
          firmware,
          tpm,
          folderSharing: folderSharingOf(capabilities),
          renderNodePath: host.renderNodePath,
          bootOnce: wish.bootOnce,
          without: request.without,
          freePorts: await chooseFreePorts(file),
          taps,
          stateFrom: wish.stateFrom ?? 'power-on',
          hostName,
          nowMs: clock.now(),
        }),
      );
      const { setpriv } = host;
      const { onProcess } = request;
      const parts = { file, places, program, setpriv, account, groups, bootId, signal, onProcess };
      return [made, await launch({ ...parts, spec: made })] as const;
    });
    const bootedMs = spec.stateFrom === 'incoming' ? null : clock.now();
    const process = { ...launched, bootedMs };
    const running = await this.#adopt(file, spec, process, observer, account);
    try {
      for (const adapter of hardware.adapters)
        if (linkOf(adapter) === 'down')
          await qmp.setLink(running.client, adapterId(adapter), 'down', { signal });
      await limitNew(running.client, hardware, signal);
      return running;
    } catch (error) {
      await running.end();
      throw error;
    }
  }

  async #admitToTaps(account: Account | undefined): Promise<Account | undefined> {
    const group = account && (await this.#options.taps?.tunGroup());
    if (account === undefined || group === undefined) return account;
    return { ...account, groups: [...account.groups, group] };
  }

  /** Taps for what is not on the user-mode network; also where nothing is plugged in, so that it can be. */
  async #plug(
    file: MachineFile,
    account: Account | undefined,
  ): Promise<ReadonlyMap<number, string>> {
    const { taps } = this.#options;
    const { id, hardware } = file.definition;
    const adapters = hardware.adapters.filter(({ attachment }) => attachment.kind !== 'user');
    if (taps === undefined || account === undefined || adapters.length === 0) return new Map();
    return taps.plug(id, account.uid, adapters);
  }

  async #findTaps({ definition }: MachineFile): Promise<ReadonlyMap<number, string>> {
    return (
      (await this.#options.taps?.find(definition.id, definition.hardware.adapters)) ?? new Map()
    );
  }

  /** What fails on the way to a process leaves no tap, no served disk and no control group behind. */
  async #undone<T>(id: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#options.taps?.unplug(id);
      await this.#disks.end(id);
      this.#options.groups.remove(id);
      throw error;
    }
  }

  /** From a connected monitor to a machine that is looked after. */
  async #adopt(
    file: MachineFile,
    spec: MachineSpec,
    process: {
      readonly identity: ProcessIdentity;
      readonly client: QmpClient;
      readonly exited: Promise<string> | undefined;
      readonly bootedMs: number | null;
    },
    observer: Observer,
    account: Account | undefined,
  ): Promise<QemuRunning> {
    const { runtimeDir, bootId, log, groups, settings, files } = this.#options;
    const { id } = file.definition;
    const places = runPlaces(runtimeDir, id);
    const { identity, client, exited } = process;
    const now = (): MachineFile => files(id) ?? file;
    const setLimits = (definition: VmDefinition): void =>
      groups.set(id, limitsOf(definition, spec.acceleration, settings().memoryOverheadBytes));
    const running = new QemuRunning(
      {
        identity,
        bootId,
        file: now,
        served: this.#disks.toOne(() => asStarted(now()), account, setLimits),
        spec,
        places,
        logPath: ownPlaces(file).log,
        account,
        baseGroup: baseGroup(this.#options.uidRange),
        forwards: forwardsOf(spec),
        observer,
        clock: this.#options.clock,
        log: log.child({ vm: id }),
        exited,
        taps: this.#options.taps,
        onEnded: () => this.#forget(id, running),
        setLimits,
      },
      client,
    );
    await running.lookAtDevices();
    await this.#attend(running, process.bootedMs);
    this.#running.set(id, running);
    this.#ticker ??= setInterval(() => this.#tick(), tickMs).unref();
    return running;
  }

  /** What looks after a machine. Each part by itself: a running guest is never ended because one is missing. */
  async #attend(running: QemuRunning, bootedMs: number | null): Promise<void> {
    const { runtimeDir, clock, log, hostName, taps } = this.#options;
    const { id, spec, client } = running;
    const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        log.warn({ vm: id, what, why: describeFault(error) }, 'not attended to');
      }
    };
    // A guest that powers itself off is seen, even by an agent that was away at that moment.
    await attempt('shutdown action', async () => {
      await client.execute('set-action', { shutdown: 'pause' });
    });
    await attempt('serial ports', async () => {
      for (const [channel, hub] of await openSerial(spec)) running.console.addHub(channel, hub);
    });
    const agent = new GuestAgent(runPlaces(runtimeDir, id).channel);
    const monitor = new GuestMonitor({
      agent,
      freeze: running.freeze,
      clock,
      observer: (seen) => running.observe(seen),
      definition: () => running.file().definition,
      shippedVersion: additionsVersion,
      folderSharing: spec.shares === undefined ? 'none' : 'offered',
      hostName,
      hostDomain: await readHostDomain(),
      productVersion: agentVersion,
      reachability: new Reachability(waysTo(running, taps)),
      bootedMs,
      wasHeard: () => running.file().additionsHeard,
    });
    running.watchGuest(monitor, agent);
    await attempt('guest channel', async () => {
      if (await qmp.isGuestChannelOpen(client)) monitor.setChannel('open');
    });
  }

  async #forget(id: string, running: QemuRunning): Promise<void> {
    const { groups, runtimeDir } = this.#options;
    groups.remove(id);
    if (this.#running.get(id) === running) this.#running.delete(id);
    if (this.#running.size === 0) {
      clearInterval(this.#ticker);
      this.#ticker = undefined;
    }
    void this.#options.taps?.unplug(id);
    await this.#disks.end(id);
    void rm(runPlaces(runtimeDir, id).folder, { recursive: true, force: true }).catch(
      () => undefined,
    );
  }

  #tick(): void {
    this.#ticks += 1;
    for (const running of this.#running.values()) {
      running.guestMonitor?.tick();
      this.#disks.keep(running.id);
      if (this.#ticks % logTicks === 0) void shortenLog(running.logPath).catch(() => undefined);
      if (this.#ticks % deviceTicks === 0) void running.lookAtDevices();
      if (this.#ticks % counterTicks === 0) void running.countDisks(this.#options.clock.now());
    }
  }

  async #chooseAcceleration(file: MachineFile, signal: AbortSignal): Promise<'kvm' | 'tcg'> {
    const { hardware, settings } = file.definition;
    if (isForeign(hardware.machine)) return 'tcg';
    const { acceleration } = settings;
    if (acceleration !== 'auto') return acceleration;
    const { use } = await this.#options.host.settledAcceleration(signal);
    return use === 'kvm' ? 'kvm' : 'tcg';
  }

  /** What the process was started with, as far as it is needed while it runs. */
  async #specOfRunning(file: MachineFile): Promise<MachineSpec> {
    const { runtimeDir, clock, hostName, host } = this.#options;
    const places = runPlaces(runtimeDir, file.definition.id);
    const { tpm, machine } = file.definition.hardware;
    const emulator = await host.findEmulator(machine);
    return makeMachineSpec(
      file,
      makeSurroundings({
        places,
        acceleration: file.accelerator === 'kvm' ? 'kvm' : 'tcg',
        chipsetVersion: undefined,
        firmware: { kind: 'bios' },
        tpm: tpm ? { model: machine === 'q35' ? 'crb' : 'tis', socketPath: places.tpm } : undefined,
        folderSharing: folderSharingOf(
          emulator.kind === 'found' ? emulator.capabilities : undefined,
        ),
        renderNodePath: host.renderNodePath,
        bootOnce: undefined,
        without: [],
        freePorts: recordedPorts(file),
        taps: await this.#findTaps(file),
        stateFrom: 'power-on',
        hostName,
        nowMs: clock.now(),
      }),
    );
  }
}
