/**
 * What this host has for QEMU: programs, abilities, firmware, whether acceleration works. Looked up at the
 * start of the agent; what takes long is remembered.
 *
 * Invariant: acceleration is known by running a machine (probeAcceleration), once per boot of the host and
 * per QEMU binary, in the background. Until it is known machines are emulated, unless it comes within
 * `patienceMs` of the first start.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { machineArchitectures, type Hardware, type HostFacts } from '#api';
import { describeFault, Fault } from '#lib';
import type { Log } from '#log';
import {
  findBinaries,
  findRendering,
  findUefiFirmware,
  probeAcceleration,
  probeOutcomes,
  readCapabilities,
  type Binaries,
  type QemuCapabilities,
  type Rendering,
  type UefiFirmware,
} from '#qemu';
import { accountAtAccelerator } from '../confine/account-of.ts';
import { writeFileAtomic } from '../../../storage/atomic-file.ts';
import { ArmEmulator, type Emulator, type NoEmulator } from './emulator.ts';
import { findProgram } from './programs.ts';

type Acceleration = HostFacts['acceleration'];

const patienceMs = 1_500;
/** Between two attempts to ask a QEMU that gave no answer, doubled after each up to the second. */
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

const probeSchema = z.strictObject({
  bootId: z.string(),
  binary: z.string(),
  kvm: z.enum(probeOutcomes),
  evidence: z.string().max(1000),
});
type Probe = z.infer<typeof probeSchema>;

export interface QemuHostOptions {
  readonly dataDir: string;
  readonly bootId: string;
  readonly log: Log;
  readonly onChange: () => void;
}

export class QemuHost {
  readonly #options: QemuHostOptions;
  readonly #ending = new AbortController();
  readonly #arm = new ArmEmulator();
  #binaries: Binaries;
  #setpriv: string | undefined;
  #capabilities: QemuCapabilities | undefined;
  #whyNot: string | undefined;
  #firmware: readonly UefiFirmware[] = [];
  #rendering: Rendering = { kind: 'none', reason: 'QEMU cannot be used' };
  #probe: Probe | undefined;
  #probing: Promise<void> | undefined;
  #asking: Promise<void> | undefined;
  #askingAgain: Promise<void> | undefined;

  private constructor(options: QemuHostOptions, binaries: Binaries) {
    this.#options = options;
    this.#binaries = binaries;
  }

  static async look(options: QemuHostOptions): Promise<QemuHost> {
    const host = new QemuHost(options, await findBinaries(process.env['PATH'] ?? ''));
    await host.lookAgain(host.#ending.signal);
    return host;
  }

  get binaries(): Binaries {
    return this.#binaries;
  }

  get setpriv(): string | undefined {
    return this.#setpriv;
  }

  /** Undefined where QEMU is missing or broken. */
  get capabilities(): QemuCapabilities | undefined {
    return this.#capabilities;
  }

  /** Why QEMU cannot be used. */
  get whyNot(): string | undefined {
    return this.#whyNot;
  }

  get firmware(): readonly UefiFirmware[] {
    return this.#firmware;
  }

  get rendering(): Rendering {
    return this.#rendering;
  }

  get renderNodePath(): string | undefined {
    return this.#rendering.kind === 'host' ? this.#rendering.nodePath : undefined;
  }

  /** What runs machines of this type, or why they cannot be run. */
  async findEmulator(machine: Hardware['machine']): Promise<Emulator | NoEmulator> {
    if (machineArchitectures[machine] === 'aarch64')
      return await this.#arm.find(this.#ending.signal);
    await this.#asking;
    const { qemu: program } = this.#binaries;
    const capabilities = this.#capabilities;
    if (program !== undefined && capabilities) return { kind: 'found', program, capabilities };
    return {
      kind: 'missing',
      whyNot: this.#whyNot ?? 'QEMU is not installed',
      remedy: 'install the package qemu-system-x86',
    };
  }

  /** Errors: `unsupported` with the way to get it. */
  async requireEmulator(machine: Hardware['machine']): Promise<Emulator> {
    const emulator = await this.findEmulator(machine);
    if (emulator.kind === 'found') return emulator;
    throw new Fault('unsupported', emulator.whyNot, { hint: emulator.remedy });
  }

  get acceleration(): Acceleration {
    const probe = this.#probe;
    if (!probe) return { kvm: 'not-probed', evidence: 'a test machine is running', use: 'tcg' };
    return { kvm: probe.kvm, evidence: probe.evidence, use: probe.kvm === 'works' ? 'kvm' : 'tcg' };
  }

  /** As `acceleration`, with some patience for a probe that is under way. */
  async settledAcceleration(signal: AbortSignal): Promise<Acceleration> {
    if (!this.#probe && this.#probing) {
      const patience = new AbortController();
      const waited = setTimeout(patienceMs, undefined, { signal: patience.signal });
      await Promise.race([this.#probing, waited.catch(() => undefined)]);
      patience.abort();
      signal.throwIfAborted();
    }
    return this.acceleration;
  }

  /** Looks for programs and firmware anew; what is remembered of this binary and boot still holds. */
  async lookAgain(signal: AbortSignal): Promise<void> {
    this.#binaries = await findBinaries(process.env['PATH'] ?? '');
    this.#setpriv = await findProgram('setpriv');
    this.#firmware = await findUefiFirmware();
    const { qemu } = this.#binaries;
    if (qemu === undefined) {
      this.#capabilities = undefined;
      this.#whyNot = 'QEMU is not installed';
      return;
    }
    await this.#ask(qemu, signal);
    if (this.#capabilities !== undefined || this.#ending.signal.aborted) return;
    this.#askingAgain ??= this.#askUntilAnswered()
      .catch(() => undefined)
      .finally(() => {
        this.#askingAgain = undefined;
      });
  }

  async #ask(qemu: string, signal: AbortSignal): Promise<void> {
    try {
      const capabilities = await readCapabilities(qemu, { signal });
      this.#rendering = await findRendering(qemu, capabilities, { signal });
      this.#capabilities = capabilities;
      this.#whyNot = undefined;
    } catch (error) {
      this.#capabilities = undefined;
      this.#whyNot = describeFault(error);
      return;
    }
    const remembered = await this.#readProbe();
    if (remembered) this.#probe = remembered;
    else this.startProbe();
  }

  /** A host that is busy, as after its start, or whose packages are being renewed, is not without QEMU for good. */
  async #askUntilAnswered(): Promise<void> {
    const { signal } = this.#ending;
    const { log, onChange } = this.#options;
    log.warn({ why: this.#whyNot }, 'QEMU gave no account of itself, and is asked again');
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      const { qemu } = this.#binaries;
      if (qemu === undefined) return;
      this.#asking = this.#ask(qemu, signal);
      await this.#asking;
      this.#asking = undefined;
      if (this.#capabilities !== undefined) {
        log.info('QEMU gave account of itself');
        return onChange();
      }
      await setTimeout(pauseMs, undefined, { signal, ref: false });
    }
  }

  /** Begins a probe in the background unless one is under way; the present answer holds until it ends. */
  startProbe(): void {
    this.#probing ??= this.#runProbe().finally(() => {
      this.#probing = undefined;
    });
  }

  /** Probes now and waits for the answer. */
  async probeNow(): Promise<void> {
    this.startProbe();
    await this.#probing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#askingAgain;
    await this.#probing;
  }

  get #probePath(): string {
    return join(this.#options.dataDir, 'probe.json');
  }

  async #binaryMark(): Promise<string> {
    const { qemu } = this.#binaries;
    if (qemu === undefined) return '';
    const { size, mtimeMs } = await stat(qemu);
    return `${qemu} ${size} ${mtimeMs}`;
  }

  async #readProbe(): Promise<Probe | undefined> {
    try {
      const probe = probeSchema.parse(JSON.parse(await readFile(this.#probePath, 'utf8')));
      const same =
        probe.bootId === this.#options.bootId && probe.binary === (await this.#binaryMark());
      return same ? probe : undefined;
    } catch {
      return undefined;
    }
  }

  async #runProbe(): Promise<void> {
    const { qemu } = this.#binaries;
    if (qemu === undefined) return;
    try {
      const account = await accountAtAccelerator();
      const { kvm } = await probeAcceleration(qemu, { account, signal: this.#ending.signal });
      this.#probe = {
        bootId: this.#options.bootId,
        binary: await this.#binaryMark(),
        kvm: kvm.outcome,
        evidence: kvm.evidence.slice(0, 1000),
      };
      const text = `${JSON.stringify(this.#probe)}\n`;
      await writeFileAtomic(this.#probePath, text, { mode: 0o600, durability: 'flushed' });
      this.#options.log.info({ kvm: kvm.outcome, evidence: kvm.evidence }, 'acceleration probed');
      this.#options.onChange();
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      this.#options.log.warn({ why: describeFault(error) }, 'acceleration could not be probed');
    }
  }
}
