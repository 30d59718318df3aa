/** The native driver: QEMU processes on this host, with KVM or emulated. */
import { join } from 'node:path';
import type {
  Ability,
  EffectiveHardware,
  Finding,
  Hardware,
  HostFacts,
  HostSettings,
  Medium,
  SharedFolder,
  VmDefinition,
} from '#api';
import { Fault, toFault, type Clock, type Reason } from '#lib';
import type { Log } from '#log';
import { checkMachine, type QemuCapabilities } from '#qemu';
import { isLive } from '../../host/admission.ts';
import { asStarted, type MachineFile } from '../../machine/record.ts';
import { sweepTemporaries } from '../../storage/atomic-file.ts';
import { FilesMachines } from '../../storage/insides/files-machines.ts';
import { FileStorage } from '../../storage/file-storage.ts';
import { readVolumes } from '../../storage/file-system.ts';
import { ImageChecks } from '../../storage/image-checks.ts';
import type { AbsentNetworks } from '../../network/absent-networks.ts';
import { LinuxNetworks } from '../../network/linux/linux-networks.ts';
import { openNetworks, type NetworkTidings } from '../../network/linux/open-networks.ts';
import type { Receiving } from '../hand-over.ts';
import { ofOwnVms } from '../own-vms.ts';
import type {
  Driver,
  Findings,
  Found,
  Launch,
  LowResource,
  Observer,
  Running,
  ScriptCall,
  ScriptEnd,
  ScriptOf,
} from '../driver.ts';
import { accountOf, judgeAccount, judgeAccountChoice, scriptOwner } from './confine/account-of.ts';
import { chooseUid, defaultUidRange, type Account, type UidRange } from './confine/accounts.ts';
import { ControlGroups } from './confine/cgroups.ts';
import { ownFile } from './confine/ownership.ts';
import { checkFiles, checkMedium, type CheckedHost } from './checks.ts';
import { faultOfReason } from './fault-of-reason.ts';
import { Engine } from './engine.ts';
import { judgeFirmware, judgeOtherUefi, planFirmware } from './firmware.ts';
import { listDevices } from './host/kernel-devices/list.ts';
import { diagnoseHost } from './host/diagnose.ts';
import { judgeNeeds, readNeeds } from './hand-over/needs.ts';
import { isForeign } from './host/emulator.ts';
import { readHostFacts } from './host/host-facts.ts';
import { HostImages } from './host/images.ts';
import { CpuMeter, readMemory, readProcessor } from './host/machine-facts.ts';
import { QemuHost } from './host/qemu-host.ts';
import { judgeFigures, readFigures } from './host/resources.ts';
import { openWay } from './open-way.ts';
import { ownPlaces, runPlaces } from './places.ts';
import { readBootId } from './process/proc.ts';
import { runScript } from './process/run-script.ts';
import {
  factsOfMemory,
  judgeMissing,
  judgeSaved,
  readSavedFacts,
  savedHardware,
  type RestoreHost,
} from './saved-facts.ts';
import { judgeShare } from './share/judge-share.ts';
import { listHardware } from './spec/hardware-list.ts';
import { makeMachineSpec } from './spec/machine-spec.ts';
import { vmExtensions } from './vm-extensions.ts';
import {
  folderSharingOf,
  machineNames,
  makeSurroundings,
  newestChipset,
  recordedPorts,
} from './surroundings.ts';

export interface QemuDriverOptions extends NetworkTidings {
  readonly dataDir: string;
  readonly runtimeDir: string;
  readonly hostName: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: () => HostSettings;
  readonly hostId: string;
  readonly allFiles: () => Iterable<MachineFile>;
  /** The record of a machine as it is now. */
  readonly files: (id: string) => MachineFile | undefined;
  /** The host's facts have changed. */
  readonly onFacts: () => void;
  readonly uidRange?: UidRange | undefined;
}

export class QemuDriver implements Driver {
  readonly name = 'qemu';
  readonly judgeAccount = judgeAccountChoice;
  readonly judgeUefi: NonNullable<Driver['judgeUefi']> = (uefi) =>
    judgeOtherUefi(this.#host.firmware, uefi);
  readonly storage: FileStorage;
  readonly images: HostImages;
  readonly networks: LinuxNetworks | AbsentNetworks;
  readonly #options: QemuDriverOptions;
  readonly #host: QemuHost;
  readonly #groups: ControlGroups;
  readonly #engine: Engine;
  readonly #imageChecks = new ImageChecks();
  readonly #bootId: string;
  readonly #range: UidRange;
  readonly #cpu = new CpuMeter();
  readonly listDevices = listDevices;
  readonly vmExtensions = vmExtensions(() => this.storage.folders());

  private constructor(
    options: QemuDriverOptions,
    host: QemuHost,
    bootId: string,
    networks: QemuDriver['networks'],
  ) {
    this.networks = networks;
    this.#options = options;
    this.#host = host;
    this.#bootId = bootId;
    this.#range = options.uidRange ?? defaultUidRange;
    this.#groups = ControlGroups.find(options.dataDir);
    this.#engine = new Engine({
      ...options,
      uidRange: this.#range,
      bootId,
      host,
      groups: this.#groups,
      storage: () => this.storage,
      taps: networks instanceof LinuxNetworks ? networks : undefined,
    });
    const imageFolder = join(options.dataDir, 'images');
    this.storage = new FileStorage({
      dataDir: options.dataDir,
      imageFolder,
      settings: options.settings,
      qemuImg: () => this.#requireQemuImg(),
      filesMachines: new FilesMachines(imageFolder, host, options.log),
      own: (path, uid) => this.#own(path, uid),
    });
    this.images = new HostImages({
      folder: imageFolder,
      folders: () => this.storage.folders(),
      qemuImg: () => this.#requireQemuImg(),
    });
  }

  static async make(options: QemuDriverOptions): Promise<QemuDriver> {
    const bootId = readBootId();
    await openWay(options.dataDir);
    await openWay(options.runtimeDir);
    const { dataDir, log, onFacts } = options;
    const host = await QemuHost.look({ dataDir, bootId, log, onChange: onFacts });
    const range = options.uidRange ?? defaultUidRange;
    const networks = await openNetworks({ ...options, bootId, range });
    return new QemuDriver(options, host, bootId, networks);
  }

  get missing(): Readonly<Partial<Record<Ability, string>>> {
    const { whyNot, binaries, rendering } = this.#host;
    if (whyNot !== undefined) {
      const all: readonly Ability[] = ['start', 'hold', 'pause', 'save', 'reset', 'acpi-shutdown'];
      return Object.fromEntries(all.map((ability) => [ability, whyNot]));
    }
    return {
      ...ofOwnVms,
      ...(binaries.swtpm === undefined ? { tpm: 'swtpm is not installed' } : {}),
      ...(this.networks.whyNot === undefined ? {} : { networks: this.networks.whyNot }),
      ...(rendering.kind === 'none' ? { acceleration3d: rendering.reason } : {}),
      ...(this.#pcFirmware === 0 ? { uefi: 'no UEFI firmware (ovmf) is installed' } : {}),
    };
  }

  /** How many images there are for the machine types of PCs. */
  get #pcFirmware(): number {
    return this.#host.firmware.filter(({ chipsets }) => chipsets.some((one) => one !== 'virt'))
      .length;
  }

  bootId(): string {
    return this.#bootId;
  }

  seeded(): readonly MachineFile[] {
    return [];
  }

  chooseAccount(id: string, others: readonly MachineFile[]): number | null {
    return process.getuid?.() === 0 ? chooseUid(this.#range, id, others) : null;
  }

  memoryBytes(): { totalBytes: number; freeBytes: number } {
    return readMemory();
  }

  cpuPercent(): number | null {
    return this.#cpu.read();
  }

  async findLow(): Promise<LowResource | undefined> {
    return judgeFigures(await readFigures(this.#options.dataDir));
  }

  facts(): Promise<HostFacts> {
    return readHostFacts(this.#host, this.missing, this.#pcFirmware);
  }

  async check(
    recorded: MachineFile,
    without: readonly string[],
    others: readonly MachineFile[],
  ): Promise<Findings> {
    const file = asStarted(recorded);
    const host = this.#checked(file, await this.#accountOf(file));
    const files = await checkFiles(file, without, others, host);
    const own = await judgeAccount(file);
    for (const share of file.definition.hardware.sharedFolders)
      files.reasons.push(...(await this.#judgeShare(file, share, others)));
    return {
      reasons: [...(await this.#judgeHardware(file, without)), ...own.reasons, ...files.reasons],
      warnings: [...own.warnings, ...files.warnings],
      unplugged: files.unplugged,
    };
  }

  async checkSaved(file: MachineFile): Promise<readonly Reason[]> {
    const missing = file.savedFile === null ? [] : await judgeMissing(file.savedFile);
    if (missing.length > 0) return missing;
    const facts = await readSavedFacts(ownPlaces(file).savedFacts);
    return judgeSaved(facts, await this.#restoreHost(file, savedHardware(file)));
  }

  async checkMemory(
    file: MachineFile,
    { state, startedWith }: { readonly state: string; readonly startedWith: VmDefinition },
  ): Promise<readonly Reason[]> {
    const path = this.storage.layers.memoryPath(file, state);
    const missing = await judgeMissing(path);
    if (missing.length > 0) return missing;
    const facts = await readSavedFacts(factsOfMemory(path));
    return judgeSaved(facts, await this.#restoreHost(file, startedWith.hardware));
  }

  async checkMedium(
    file: MachineFile,
    drive: string,
    medium: Medium | null,
    others: readonly MachineFile[],
  ): Promise<void> {
    const host = this.#checked(file, await this.#accountOf(file));
    const [reason] = await checkMedium(file, drive, medium, others.filter(isLive), host);
    if (reason) throw faultOfReason(reason);
  }

  runScript(of: ScriptOf, call: ScriptCall, signal: AbortSignal): Promise<ScriptEnd> {
    return runScript(scriptOwner(of, this.#options, this.#range), call, this.#host.setpriv, signal);
  }

  async checkShare(
    file: MachineFile,
    share: SharedFolder,
    others: readonly MachineFile[],
  ): Promise<void> {
    const [reason] = await this.#judgeShare(file, share, others);
    if (reason) throw faultOfReason(reason);
  }

  readonly receiving: Receiving = {
    judge: async (file, needs) => {
      const { hardware } = file.definition;
      return judgeNeeds(readNeeds(needs), await this.#restoreHost(file, hardware));
    },
    receive: (launch, needs, observer) => this.#engine.receive(launch, readNeeds(needs), observer),
    endWaiting: (id) => this.#engine.endStray(id),
  };

  start(launch: Launch, observer: Observer): Promise<Running> {
    return this.#engine.start(launch, observer);
  }

  restore(launch: Launch, path: string, observer: Observer): Promise<Running> {
    return this.#engine.restore(launch, path, observer);
  }

  async find(file: MachineFile, observer: Observer): Promise<Found | undefined> {
    await sweepTemporaries(file.folder);
    return this.#engine.find(file, observer);
  }

  async hardware(recorded: MachineFile): Promise<EffectiveHardware> {
    const file = asStarted(recorded);
    const uses = this.#host.acceleration.use;
    const { settings, hardware } = file.definition;
    const wanted = isForeign(hardware.machine) ? 'tcg' : settings.acceleration;
    const acceleration = wanted === 'auto' ? (uses === 'kvm' ? 'kvm' : 'tcg') : wanted;
    const capabilities = await this.#capabilitiesOf(file);
    return listHardware(this.#specFor(file, acceleration, [], capabilities), file, undefined);
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#host.lookAgain(signal);
    await this.#host.probeNow();
  }

  async diagnose(settings: HostSettings, signal: AbortSignal): Promise<readonly Finding[]> {
    await this.#host.lookAgain(signal);
    return diagnoseHost({
      facts: await this.facts(),
      settings,
      memory: readMemory(),
      volumes: await readVolumes(this.storage.folders()),
      limits: this.#groups,
      isRoot: process.getuid?.() === 0,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
    await this.networks[Symbol.asyncDispose]();
    await this.#host[Symbol.asyncDispose]();
    this.#groups.close();
  }

  #requireQemuImg(): string {
    const { qemuImg } = this.#host.binaries;
    if (qemuImg !== undefined) return qemuImg;
    const hint = 'install the package qemu-utils';
    throw new Fault('unsupported', 'qemu-img is not installed', { hint });
  }

  async #own(path: string, uid: number | null): Promise<void> {
    if (uid !== null && process.getuid?.() === 0)
      await ownFile(path, { uid, gid: uid, groups: [] });
  }

  /** Undefined where it cannot be told yet: that is said among the reasons. */
  async #accountOf(file: MachineFile): Promise<Account | undefined> {
    if (file.uid === null && file.definition.settings.runAs === null) return undefined;
    return accountOf({ file, range: this.#range, acceleration: 'tcg' }).catch(() => undefined);
  }

  async #judgeShare(
    file: MachineFile,
    share: SharedFolder,
    others: readonly MachineFile[],
  ): Promise<Reason[]> {
    const { settings, dataDir, runtimeDir } = this.#options;
    return judgeShare(file, share, others, {
      settings: settings(),
      ownFolders: [dataDir, runtimeDir, this.storage.baseFolder],
      account: await this.#accountOf(file),
      setpriv: this.#host.setpriv,
      folderSharing: folderSharingOf(await this.#capabilitiesOf(file)),
    });
  }

  async #restoreHost({ definition }: MachineFile, hardware: Hardware): Promise<RestoreHost> {
    const { capabilities } = await this.#host.requireEmulator(hardware.machine);
    const { major, minor, micro } = capabilities.version;
    return {
      vmId: definition.id,
      hardware,
      qemuVersion: `${major}.${minor}.${micro}`,
      machines: machineNames(capabilities),
      accelerations: new Set(this.#host.acceleration.use === 'kvm' ? ['kvm', 'tcg'] : ['tcg']),
      processor: new Set(readProcessor().flags),
    };
  }

  /** Undefined where the host cannot run such machines. */
  async #capabilitiesOf(file: MachineFile): Promise<QemuCapabilities | undefined> {
    const emulator = await this.#host.findEmulator(file.definition.hardware.machine);
    return emulator.kind === 'found' ? emulator.capabilities : undefined;
  }

  #checked(file: MachineFile, account: Account | undefined): CheckedHost {
    return {
      settings: this.#options.settings(),
      folders: this.storage.folders(file.folder),
      qemuImg: this.#host.binaries.qemuImg,
      imageChecks: this.#imageChecks,
      account,
    };
  }

  /** What QEMU and its firmware do not have, and what the specification does not allow. */
  async #judgeHardware(file: MachineFile, without: readonly string[]): Promise<Reason[]> {
    const { acceleration, firmware, binaries } = this.#host;
    const { hardware, settings } = file.definition;
    const emulator = await this.#host.findEmulator(hardware.machine);
    if (emulator.kind === 'missing') {
      const { whyNot: text, remedy } = emulator;
      return [{ code: 'hypervisor-missing', text, remedy }];
    }
    const { capabilities } = emulator;
    const reasons = judgeFirmware(firmware, hardware);
    const noFirmware = reasons.length > 0;
    if (settings.acceleration === 'kvm' && isForeign(hardware.machine)) {
      const text = `the vm wants kvm, which does not run the machine type ${hardware.machine} on this host`;
      const remedy = 'set its acceleration to auto or tcg';
      reasons.push({ code: 'acceleration', text, remedy });
    } else if (settings.acceleration === 'kvm' && acceleration.kvm !== 'works') {
      const text = `the vm wants kvm, which does not work here: ${acceleration.evidence}`;
      const remedy = 'set its acceleration to auto or tcg';
      reasons.push({ code: 'acceleration', text, remedy });
    }
    if (hardware.tpm && binaries.swtpm === undefined) {
      const text = 'the vm has a TPM and swtpm is not installed';
      reasons.push({
        code: 'tpm-missing',
        text,
        remedy: 'install the package swtpm, or remove the TPM',
      });
    }
    const { rendering } = this.#host;
    if (hardware.graphics.acceleration3d && rendering.kind === 'none') {
      const text = `the vm wants 3D acceleration, which this host does not have: ${rendering.reason}`;
      const remedy = 'turn it off: hardware.graphics.acceleration3d=false';
      reasons.push({ code: 'acceleration3d', text, remedy });
    }
    const { model } = hardware.processor;
    if (model !== 'host' && !capabilities.processorModels.some(({ name }) => name === model)) {
      const text = `QEMU knows no processor model ${model}`;
      reasons.push({
        code: 'processor-model',
        text,
        remedy: 'choose host, or a model of the host',
      });
    }
    const type = capabilities.machineTypes.find(({ alias }) => alias === hardware.machine);
    const most = type?.maxProcessors ?? Number.POSITIVE_INFINITY;
    const wanted = Math.max(hardware.processor.count, hardware.processor.maxCount ?? 0);
    if (wanted > most) {
      const text = `${wanted} virtual processors are more than the ${most} that ${hardware.machine} can have`;
      reasons.push({ code: 'processors', text, remedy: 'choose fewer processors' });
    }
    // A board without BIOS cannot be described without firmware, and that is said already.
    if (noFirmware && hardware.machine === 'virt') return reasons;
    return [...reasons, ...this.#judgeSpec(file, without, capabilities)];
  }

  #judgeSpec(
    file: MachineFile,
    without: readonly string[],
    capabilities: QemuCapabilities,
  ): Reason[] {
    try {
      checkMachine(this.#specFor(file, 'tcg', without, capabilities));
      return [];
    } catch (error) {
      const fault = toFault(error);
      if (fault.code !== 'invalid') throw error;
      return [...fault.reasons];
    }
  }

  #specFor(
    file: MachineFile,
    acceleration: 'kvm' | 'tcg',
    without: readonly string[],
    capabilities: QemuCapabilities | undefined,
  ) {
    const places = runPlaces(this.#options.runtimeDir, file.definition.id);
    const { hardware } = file.definition;
    const { machine, tpm } = hardware;
    return makeMachineSpec(
      file,
      makeSurroundings({
        places,
        acceleration,
        chipsetVersion: capabilities && newestChipset(capabilities, machine),
        firmware: planFirmware(this.#host.firmware, hardware, ownPlaces(file).firmware),
        tpm: tpm ? { model: 'tis', socketPath: places.tpm } : undefined,
        folderSharing: folderSharingOf(capabilities),
        renderNodePath: this.#host.renderNodePath,
        bootOnce: undefined,
        without,
        freePorts: recordedPorts(file),
        taps: new Map(),
        stateFrom: 'power-on',
        hostName: this.#options.hostName,
        nowMs: this.#options.clock.now(),
      }),
    );
  }
}
