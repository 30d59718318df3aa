/** A desktop of its own for programs with windows: an X server without a screen, and a session bus. */
import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, systemClock, withDeadline } from '#lib';
import { run } from './tools.ts';

/** The programs it is made of. */
export const desktopPrograms = [
  'Xvfb',
  'dbus-run-session',
  'xdotool',
  'import',
  'identify',
] as const;

const size = '1280x900x24';

export class Desktop implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: ChildProcess;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #programs: ChildProcess[] = [];

  private constructor(folder: string, server: ChildProcess, display: string) {
    this.#folder = folder;
    this.#server = server;
    this.#environment = {
      DISPLAY: display,
      HOME: folder,
      XDG_RUNTIME_DIR: join(folder, 'run'),
      GSETTINGS_BACKEND: 'memory',
      LC_ALL: 'C.UTF-8',
    };
  }

  /** The X server takes the first number that is free, and tells it when it is ready. */
  static async open(): Promise<Desktop> {
    const folder = await mkdtemp(join(tmpdir(), 'dt-'));
    await mkdir(join(folder, 'run'), { mode: 0o700 });
    const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', size, '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const told = server.stdio[3];
    if (told === null || told === undefined) throw new Fault('internal', 'Xvfb has no fourth file');
    const [number] = (await once(told, 'data')) as [Buffer];
    return new Desktop(folder, server, `:${number.toString().trim()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#programs) await end(child, -(child.pid ?? 0));
    await end(this.#server, this.#server.pid ?? 0);
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Starts a program, and answers what waits until it has written something. */
  start(program: string, ...args: readonly string[]): (pattern: RegExp) => Promise<void> {
    const child = this.spawn(program, args, { NO_AT_BRIDGE: '1' });
    child.stdin.end();
    let said = '';
    let look = (): void => undefined;
    const take = (bytes: Buffer): void => {
      said = (said + bytes.toString()).slice(-200_000);
      look();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    return (pattern) =>
      withDeadline(`${program} to say ${pattern}`, 90_000, undefined, async () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        look = () => {
          if (pattern.test(said)) resolve();
        };
        look();
        await promise;
      });
  }

  /** In a session of its own, which ends with the desktop. */
  spawn(
    program: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): ChildProcessWithoutNullStreams {
    const child = spawn('dbus-run-session', ['--', program, ...args], {
      env: { ...process.env, ...this.#environment, ...environment },
      // A group of its own, since what the session starts does not end with it.
      detached: true,
    });
    this.#programs.push(child);
    return child;
  }

  /** A click of the first button, in the window with the title. */
  async click(title: string, x: number, y: number): Promise<void> {
    const find = ['search', '--sync', '--onlyvisible', '--name', title];
    const move = ['mousemove', '--window', '%1', String(x), String(y)];
    await this.#must('xdotool', ...find, ...move, 'click', '1');
  }

  /** How many colours there are in a part of the screen: `120x34+420+123`. */
  async countColours(part: string): Promise<number> {
    const file = join(this.#folder, 'part.png');
    await this.#must('import', '-window', 'root', '-crop', part, file);
    return Number(await this.#must('identify', '-format', '%k', file));
  }

  /** Resolves when something is drawn in a part of the screen, which tells nobody what it shows. */
  async untilDrawn(part: string): Promise<void> {
    await withDeadline(`something to be drawn at ${part}`, 60_000, undefined, async (signal) => {
      while ((await this.countColours(part)) < 2) await systemClock.sleep(300, signal);
    });
  }

  async photograph(file: string): Promise<void> {
    await this.#must('import', '-window', 'root', file);
  }

  async #must(program: string, ...args: readonly string[]): Promise<string> {
    const { code, out, err } = await run(program, args, this.#environment);
    if (code !== 0) throw new Fault('internal', `${program} ended with ${code}: ${err}`);
    return out;
  }
}

/** `target`: the process, or the group of it as a negative number. */
async function end(child: ChildProcess, target: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || target === 0) return;
  const gone = once(child, 'close');
  process.kill(target, 'SIGKILL');
  await gone;
}
