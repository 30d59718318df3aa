/**
 * One host: its machines, its driver, its events. Everything that an agent knows; the link only carries it.
 *
 * Invariant: works the same without a coordinator. Nothing a host does for its running machines waits for
 * the link.
 */
import type {
  AgentEvent,
  Cause,
  EventAttributes,
  EventName,
  HostFacts,
  HostLoad,
  HostSettings,
  HostTrouble,
  MachineRecord,
  MachineReport,
  MachineSample,
  StartCheck,
  VmDefinition,
} from '#api';
import { describeFault, Fault, isoTime, type Clock } from '#lib';
import type { Log } from '#log';
import type { Driver } from '../drivers/driver.ts';
import type { MachineHost } from '../machine/hands.ts';
import type { SiteSettings } from '../link/linked-host.ts';
import { Machine } from '../machine/machine.ts';
import { Paces } from '../machine/paces.ts';
import type { Records } from '../machine/record-store.ts';
import { systemCause } from '../machine/causes.ts';
import { newMachineFile, type MachineFile } from '../machine/record.ts';
import type { Arrivals } from '../transfer/arrivals.ts';
import { AwaitedGuests } from '../transfer/awaited-guests.ts';
import {
  freeForMachines,
  isLive,
  judgeAdmission,
  reservedProcessors,
  type HostCapacity,
} from './admission.ts';
import { DiskSpaceWatch } from './disk-space-watch.ts';
import type { HostFile } from './host-file.ts';
import { leave } from './leave.ts';
import type { Outbox } from './outbox.ts';
import { ScriptRunner } from './script-runner.ts';
import { runService, type Service } from './service.ts';
import { TroubleWatch } from './trouble-watch.ts';
import { UseWatch } from './use-watch.ts';
import { VolumeWatch } from './volume-watch.ts';
import type { SystemLog } from './system-log.ts';

/** What a driver may ask its host at any time. */
export interface DriverHost {
  readonly files: (id: string) => MachineFile | undefined;
  readonly allFiles: () => Iterable<MachineFile>;
  readonly settings: () => HostSettings;
  /** The driver's facts have changed. */
  readonly onFacts: () => void;
  readonly hostId: string;
  /** The networks of the host cannot be served. */
  readonly onNetworkTrouble: (reason: string) => void;
  /** What somebody had done to a network of the host was undone. */
  readonly onNetworkMended: (
    network: { readonly id: string; readonly name: string },
    what: string,
  ) => void;
  /** A change of an adapter of the host was undone. */
  readonly onAdapterUndone: (adapter: string, reason: string) => void;
}

export interface HostParts {
  readonly file: HostFile;
  readonly saveFile: (file: HostFile) => Promise<void>;
  readonly driver: (host: DriverHost) => Promise<Driver>;
  readonly clock: Clock;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly records: Records;
  /** Undefined where machines have no files. */
  readonly arrivals: Arrivals;
  /** Undefined where there is none, and on a simulated host. */
  readonly systemLog?: SystemLog | undefined;
}

export class Host implements MachineHost, AsyncDisposable {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly service: Service;
  readonly arrivals: Arrivals;
  readonly guests: AwaitedGuests;
  readonly paces = new Paces();
  readonly #scripts: ScriptRunner;
  readonly #systemLog: SystemLog | undefined;
  readonly #records: Records;
  readonly #machines: Map<string, Machine>;
  readonly #saveFile: HostParts['saveFile'];
  #saving: Promise<void> = Promise.resolve();
  /** Reports that were not taken yet. */
  readonly #dirty = new Set<string>();
  readonly #sampled = new Set<string>();
  /** By machine, as the networks were last looked at for it. */
  readonly #definitions = new Map<string, Pick<MachineFile, 'definition' | 'startedWith'>>();
  readonly #shared: { file: HostFile };
  /** Until all machines were looked for, networks would take taps for nobody's that one of them has. */
  #machinesFound = false;
  #facts: HostFacts | undefined;
  #volumes: VolumeWatch | undefined;
  #diskSpace: DiskSpaceWatch | undefined;
  #use: UseWatch | undefined;
  #troubles: TroubleWatch | undefined;
  #low: string | undefined;
  #standsDown = false;
  #onChange: () => void = () => undefined;

  private constructor(
    parts: HostParts & Pick<Host, 'guests'>,
    driver: Driver,
    shared: { file: HostFile; readonly machines: Map<string, Machine> },
  ) {
    this.driver = driver;
    this.clock = parts.clock;
    this.log = parts.log;
    this.outbox = parts.outbox;
    this.#records = parts.records;
    this.arrivals = parts.arrivals;
    this.guests = parts.guests;
    this.#saveFile = parts.saveFile;
    this.#shared = shared;
    this.#machines = shared.machines;
    this.service = runService(this);
    this.#scripts = new ScriptRunner(this);
    this.#systemLog = parts.systemLog;
  }

  static async open(parts: HostParts): Promise<Host> {
    const shared = { file: parts.file, machines: new Map<string, Machine>() };
    const guests = new AwaitedGuests();
    const later: { host?: Host } = {};
    const driver = await parts.driver({
      files: (id) => shared.machines.get(id)?.file,
      allFiles: function* () {
        for (const { file } of shared.machines.values()) yield file;
        yield* guests.files();
      },
      settings: () => shared.file.settings,
      hostId: shared.file.hostId,
      onNetworkTrouble: (reason) =>
        later.host?.emit(null, 'host.network-service-failed', { reason }, systemCause),
      onNetworkMended: ({ id, name }, what) =>
        later.host?.emit(
          null,
          'network.mended',
          { host: shared.file.hostName, network: id, what },
          systemCause,
          name,
        ),
      onAdapterUndone: (adapter, reason) =>
        later.host?.emit(null, 'host.adapter-undone', { adapter, reason }, systemCause),
      onFacts: () => {
        const { host } = later;
        host?.refreshFacts().catch((error: unknown) => {
          parts.log.warn({ why: describeFault(error) }, 'facts of the host');
        });
      },
    });
    const host = new Host({ ...parts, guests }, driver, shared);
    later.host = host;
    driver.networks.onReports(() => host.#onChange());
    return host;
  }

  get id(): string {
    return this.#shared.file.hostId;
  }

  get name(): string {
    return this.#shared.file.hostName;
  }

  get settings(): HostSettings {
    return this.#shared.file.settings;
  }

  /** Whether events start scripts. */
  get eventScripts(): boolean {
    return this.#shared.file.eventScripts;
  }

  get thumbnails(): boolean {
    return this.#shared.file.thumbnails;
  }

  get serviceRunning(): boolean {
    return this.#shared.file.serviceRunning && !this.#standsDown;
  }

  get facts(): HostFacts {
    if (!this.#facts) throw new Fault('unavailable', 'the host has not been looked at yet');
    return this.#facts;
  }

  get machines(): ReadonlyMap<string, Machine> {
    return this.#machines;
  }

  /** Reads all records, finds processes again and does what is to be done at the start of a host. */
  async begin(): Promise<void> {
    const { files, damaged } = await this.#records.load();
    if (damaged.length > 0) {
      const parts = `records of vms: ${damaged.join(', ')}`.slice(0, 1000);
      this.emit(null, 'host.installation-corrupt', { parts }, systemCause);
    }
    const known = new Map(files.map((file) => [file.definition.id, file]));
    for (const file of [...this.driver.seeded(known), ...files]) {
      this.#machines.set(file.definition.id, new Machine(this, file));
    }
    this.#facts = await this.driver.facts();
    const bootId = this.driver.bootId();
    const rebooted = this.#shared.file.bootId !== bootId;
    await Promise.all([...this.#machines.values()].map((machine) => this.#recover(machine)));
    for (const { id } of this.arrivals.list())
      if (!this.#machines.has(id)) await this.driver.receiving?.endWaiting(id);
    this.#machinesFound = true;
    this.driver.networks.look();
    if (rebooted) await this.#change({ bootId });
    this.#volumes = new VolumeWatch(this);
    this.#diskSpace = new DiskSpaceWatch(this, () => this.#onChange());
    this.#use = new UseWatch(this);
    this.#troubles = new TroubleWatch(this, this.#systemLog, () => this.#onChange());
    this.service.resume(rebooted ? 'host-started' : 'agent-started');
  }

  machine(id: string): Machine {
    const machine = this.#machines.get(id);
    if (machine) return machine;
    throw new Fault('not-found', `host ${this.name} has no vm ${id}`, {
      hint: 'it may have been removed; discover the vms of the host again',
    });
  }

  /** The record of a machine that is to be taken in, with an account of its own. */
  newFile(
    definition: VmDefinition,
    definitionVersion: number,
    place: { readonly folder: string; readonly file: string },
  ): MachineFile {
    const file = newMachineFile(definition, definitionVersion, place, this.clock.now());
    const uid = this.driver.chooseAccount?.(definition.id, this.files()) ?? null;
    return { ...file, uid };
  }

  /** Takes in a new machine; its record is on disk when this resolves. */
  async add(file: MachineFile): Promise<Machine> {
    await this.#records.save(file);
    const machine = new Machine(this, file);
    this.#machines.set(machine.id, machine);
    this.changed(machine.id);
    return machine;
  }

  async remove(id: string): Promise<void> {
    await this.driver.removed?.(id);
    this.#machines.get(id)?.forget();
    this.#machines.delete(id);
    await this.#records.remove(id);
    this.#definitions.delete(id);
    await this.driver.networks.passed?.forget(id);
    this.driver.networks.look();
  }

  records(): MachineRecord[] {
    return [...this.#machines.values()].map((machine) => ({
      report: machine.report(),
      definition: machine.file.definition,
      definitionVersion: machine.file.definitionVersion,
      ...departureOf(machine.file),
    }));
  }

  files(): MachineFile[] {
    return [...this.#machines.values()].map((machine) => machine.file);
  }

  others(id: string): readonly MachineFile[] {
    return this.files().filter((file) => file.definition.id !== id);
  }

  /** Reports that changed since the last call. */
  takeReports(): MachineReport[] {
    const reports: MachineReport[] = [];
    for (const id of this.#dirty) {
      const machine = this.#machines.get(id);
      if (machine) reports.push(machine.report());
    }
    this.#dirty.clear();
    return reports;
  }

  /** Samples that matter and were not taken yet. */
  takeSamples(): MachineSample[] {
    const nowMs = this.clock.now();
    const samples: MachineSample[] = [];
    for (const id of this.#sampled) {
      const running = this.#machines.get(id)?.running;
      if (running) samples.push(running.sample(nowMs));
    }
    this.#sampled.clear();
    return samples;
  }

  /** Everything is new to a coordinator that has just said welcome. */
  forgetTaken(): void {
    this.#dirty.clear();
  }

  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  samples(of?: ReadonlySet<string>): MachineSample[] {
    const nowMs = this.clock.now();
    const samples: MachineSample[] = [];
    for (const [id, { running }] of this.#machines) {
      if (running && (of === undefined || of.has(id))) samples.push(running.sample(nowMs));
    }
    return samples;
  }

  /** Bytes that the files of machines take up. */
  get diskSpaces(): ReadonlyMap<string, number> | undefined {
    return this.#diskSpace?.spaces;
  }

  get troubles(): readonly HostTrouble[] | undefined {
    return this.#troubles?.found;
  }

  async load(): Promise<HostLoad> {
    await this.watchResources();
    const live = this.files().filter(isLive);
    const capacity = this.#capacity();
    return {
      memoryFreeBytes: freeForMachines(capacity, live),
      cpuPercent: this.driver.cpuPercent?.() ?? null,
      cpuReservedPercent: (reservedProcessors(live) / capacity.processors) * 100,
      volumes: [...(await this.driver.storage.volumes())],
      running: live.length,
    };
  }

  admit(file: MachineFile): StartCheck {
    const live = this.others(file.definition.id).filter(isLive);
    return judgeAdmission(file, live, this.#capacity());
  }

  /** Looks at what is critically low; while it lasts nothing starts (VM-79, HOST-44). */
  async watchResources(): Promise<void> {
    const low = await this.driver.findLow?.();
    if (low && low.resource !== this.#low) {
      this.emit(null, 'host.low-resources', { ...low }, systemCause);
    }
    this.#low = low?.resource;
  }

  async configure(settings: HostSettings, site: SiteSettings): Promise<void> {
    const { eventScripts, thumbnails = true } = site;
    await this.#change({ settings, eventScripts, thumbnails });
  }

  async setServiceRunning(serviceRunning: boolean): Promise<void> {
    await this.#change({ serviceRunning });
    this.#onChange();
  }

  /** Nothing starts any more in this life of the agent; the next one finds a host that was started. */
  async standDown(): Promise<void> {
    this.#standsDown = true;
    this.#onChange();
    try {
      await this.#change({ bootId: '' });
    } catch (error) {
      // The vms are to be stopped all the same, and another boot is known by its id.
      this.log.error({ why: describeFault(error) }, 'cannot note the end of the system');
    }
  }

  async refreshFacts(): Promise<HostFacts> {
    this.#facts = await this.driver.facts();
    this.#onChange();
    return this.#facts;
  }

  emit<N extends EventName>(
    vmId: string | null,
    name: N,
    attributes: EventAttributes<N>,
    cause: Cause,
    /** The name of what it is about, where that is neither a vm nor the host. */
    subject = this.name,
  ): void {
    const event: Omit<AgentEvent, 'seq'> = {
      name,
      time: isoTime(this.clock.now()),
      vmId,
      actor: cause.actor,
      correlationId: cause.correlationId,
      attributes,
    };
    this.outbox.add(event);
    const machine = vmId === null ? undefined : this.#machines.get(vmId);
    const about = machine?.file.definition.name ?? vmId ?? subject;
    this.#systemLog?.write(name, attributes, about);
    if (machine || vmId === null) this.#scripts.take(machine?.file, event);
  }

  sampled(id: string): void {
    this.#sampled.add(id);
    this.#onChange();
  }

  changed(id: string): void {
    this.#dirty.add(id);
    this.#lookAtNetworks(id);
    const machine = this.#machines.get(id);
    if (machine) this.#diskSpace?.judge(machine);
    if (machine) this.#use?.judge(machine);
    if (machine) this.#troubles?.look(machine);
    this.#onChange();
  }

  save(file: MachineFile): Promise<void> {
    return this.#records.save(file);
  }

  /** Ends the agent's part; machines go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#volumes?.[Symbol.dispose]();
    this.#diskSpace?.[Symbol.dispose]();
    this.#use?.[Symbol.dispose]();
    this.#troubles?.[Symbol.dispose]();
    this.service.stopWaiting();
    await this.#scripts[Symbol.asyncDispose]();
    await this.guests[Symbol.asyncDispose]();
    await this.arrivals[Symbol.asyncDispose]();
    for (const machine of this.#machines.values()) machine.interrupt();
    await Promise.all([...this.#machines.values()].map((machine) => machine.settle()));
    await this.driver[Symbol.asyncDispose]();
    await this.#records.settle();
    await this.outbox[Symbol.asyncDispose]();
    await this.#systemLog?.[Symbol.asyncDispose]();
  }

  /** Networks are carried for the adapters that there are: what changes nothing of them is not looked at. */
  #lookAtNetworks(id: string): void {
    const file = this.#machines.get(id)?.file;
    const known = this.#definitions.get(id);
    if (file === undefined) return;
    const { definition, startedWith } = file;
    if (known?.definition === definition && known.startedWith === startedWith) return;
    this.#definitions.set(id, { definition, startedWith });
    if (this.#machinesFound) this.driver.networks.look();
  }

  /** What goes wrong with one machine is no reason not to look after the others. */
  async #recover(machine: Machine): Promise<void> {
    try {
      await machine.recover();
      await leave(this, machine);
    } catch (error) {
      this.log.warn({ vm: machine.id, why: describeFault(error) }, 'not wholly recovered');
    }
  }

  #capacity(): HostCapacity {
    return {
      ...this.driver.memoryBytes(),
      processors: this.facts.processor.threads,
      settings: this.settings,
      serviceRunning: this.serviceRunning,
      low: this.#low,
    };
  }

  /** One write after the other, so that none that was slow puts back what has changed meanwhile. */
  async #change(patch: Partial<HostFile>): Promise<void> {
    this.#shared.file = { ...this.#shared.file, ...patch };
    const save = (): Promise<void> => this.#saveFile(this.#shared.file);
    const saved = this.#saving.then(save);
    this.#saving = saved.catch(() => undefined);
    await saved;
  }
}

function departureOf({ departure }: MachineFile): Pick<MachineRecord, 'departure'> {
  return departure === null ? {} : { departure: { moveId: departure.moveId } };
}
