/** The agent as users run it: a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FakeCoordinator } from './fake-coordinator.ts';

const program = fileURLToPath(new URL('../main.ts', import.meta.url));

export class AgentProcess implements AsyncDisposable {
  readonly folder: string;
  readonly #args: string[];
  /** Of the network namespace that it is in; undefined: this one. */
  readonly #spacePid: number | undefined;
  #child: ChildProcess | undefined;
  output = '';

  private constructor(folder: string, args: string[], spacePid: number | undefined) {
    this.folder = folder;
    this.#args = args;
    this.#spacePid = spacePid;
  }

  static start(coordinator: FakeCoordinator, ...more: readonly string[]): Promise<AgentProcess> {
    return AgentProcess.startIn(undefined, coordinator, ...more);
  }

  /** In the network namespace of that process. */
  static async startIn(
    spacePid: number | undefined,
    coordinator: FakeCoordinator,
    ...more: readonly string[]
  ): Promise<AgentProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'ga-'));
    await writeFile(join(folder, 'token'), 'token-1\ntoken-2\ntoken-3\n');
    await writeFile(join(folder, 'authority.pem'), coordinator.authority.pem);
    const agent = new AgentProcess(
      folder,
      [
        '--data',
        join(folder, 'data'),
        '--runtime',
        join(folder, 'run'),
        '--coordinator',
        coordinator.url.href,
        '--token-file',
        join(folder, 'token'),
        '--authority',
        join(folder, 'authority.pem'),
        ...more,
      ],
      spacePid,
    );
    agent.run();
    return agent;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts it again, with changes to the environment. */
  run(environment: NodeJS.ProcessEnv = {}): void {
    const words = [process.execPath, program, ...this.#args];
    const pid = this.#spacePid;
    const inside = pid === undefined ? [] : ['nsenter', `--net=/proc/${pid}/ns/net`, '--'];
    const [first = '', ...others] = [...inside, ...words];
    const child = spawn(first, others, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...environment },
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.output = (this.output + chunk.toString('utf8')).slice(-100_000);
    });
    child.once('exit', (code, signal) => {
      if (signal !== 'SIGKILL') this.output += `the agent ended: ${signal ?? code}\n`;
    });
    this.#child = child;
  }

  /** Waits until it has ended by itself; resolves with its exit status. */
  async ended(): Promise<number | null> {
    const child = this.#child;
    if (!child) return null;
    this.#child = undefined;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode;
  }

  /** Ends this process and no other; resolves with its exit status. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (!child) return null;
    this.#child = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    child.kill(signal);
    await once(child, 'exit');
    return child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}
