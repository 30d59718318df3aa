/** For tests: a real QEMU in a temporary folder, ended and cleaned up with the test. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chipsetArchitectures, type Architecture, type Chipset } from '../command-line/spec.ts';
import { connectQmp, type QmpClient, type QmpConnectOptions } from '../qmp/client.ts';

const emulatorNames: Readonly<Record<Architecture, string>> = {
  x86_64: 'qemu-system-x86_64',
  aarch64: 'qemu-system-aarch64',
};
const binary = emulatorNames.x86_64;

/** A reason to skip, or false. */
export function withoutProgram(name: string): string | false {
  return spawnSync(name, ['--version']).status === 0 ? false : `${name} is not installed`;
}

export const withoutQemu = withoutProgram(binary);

/** The emulator of a board's architecture. */
export function emulatorOf(chipset: Chipset): string {
  return emulatorNames[chipsetArchitectures[chipset]];
}

/** A folder under the system's temporary one that goes away when disposed; its path is short. */
export class TemporaryFolder implements AsyncDisposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<TemporaryFolder> {
    return new TemporaryFolder(await mkdtemp(join(tmpdir(), 'gq-')));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Any program as a child that does not survive the test. */
export class RunningProgram implements AsyncDisposable {
  readonly child: ChildProcess;
  #output = '';

  constructor(program: string, args: readonly string[]) {
    this.child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.on('error', (error) => {
      this.#output += error.message;
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
  }

  get output(): string {
    return this.#output;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves with the exit code when it has ended. */
  async end(): Promise<number | null> {
    if (!this.ended) await once(this.child, 'close');
    return this.child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.ended || this.child.pid === undefined) return;
    this.child.kill('SIGKILL');
    await this.end();
  }
}

/** QEMU with this argv, and its monitor. */
export async function startQemu(
  args: readonly string[],
  monitorSocketPath: string,
  options: QmpConnectOptions & { readonly program?: string } = {},
): Promise<RealQemu> {
  const program = new RunningProgram(options.program ?? binary, args);
  const early = new AbortController();
  program.child.once('close', () => {
    early.abort(new Error(`qemu ended early: ${program.output}`));
  });
  try {
    const qmp = await connectQmp(monitorSocketPath, {
      timeoutMs: 30_000,
      absent: 'wait',
      signal: early.signal,
      ...options,
    });
    return new RealQemu(program, qmp);
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw new Error(`qemu did not start: ${program.output}`, { cause: error });
  }
}

export class RealQemu implements AsyncDisposable {
  readonly program: RunningProgram;
  readonly qmp: QmpClient;

  constructor(program: RunningProgram, qmp: QmpClient) {
    this.program = program;
    this.qmp = qmp;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.qmp[Symbol.asyncDispose]();
    await this.program[Symbol.asyncDispose]();
  }
}

/** A bare machine, held, with nothing but a monitor. */
export async function startBareQemu(
  folder: TemporaryFolder,
  extra: readonly string[] = [],
): Promise<RealQemu> {
  const path = folder.file('qmp');
  const monitor = [
    '-chardev',
    `socket,id=q,path=${path},server=on,wait=off`,
    '-mon',
    'chardev=q,mode=control',
  ];
  const machine = [
    '-machine',
    'pc',
    '-accel',
    'tcg',
    '-m',
    '32',
    '-display',
    'none',
    '-nodefaults',
    '-S',
  ];
  return startQemu([...machine, ...monitor, ...extra], path);
}
