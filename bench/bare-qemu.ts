/** The bare QEMU with the arguments that Gantry gave it, its sockets and files moved to a folder of the bench. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connectQmp, qmp, type QmpClient } from '#qemu';
import type { Gantry } from '../test/e2e/gantry.ts';
import { joinLike, readGroups, type GroupModel } from './control-groups.ts';

interface FoundProcess {
  readonly pid: number;
  readonly words: readonly string[];
}

function findProcess(gantry: Gantry, vm: string): FoundProcess {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').slice(0, -1);
      if (
        words[0]?.includes('qemu-system') &&
        words.some((word) => word.includes(`guest=${vm},`)) &&
        words.join(' ').includes(gantry.data)
      )
        return { pid: Number(name), words };
    } catch {
      // it has ended meanwhile
    }
  }
  throw new Error(`${vm} does not run`);
}

/** One that runs. */
export interface BareMachine extends AsyncDisposable {
  readonly pid: number;
  readonly monitor: QmpClient;
  /** Path of the socket that is its first serial port. */
  readonly serial: string;
}

/** By what the program is started. */
export interface BareStart {
  /** Before the program's own words. */
  readonly within?: readonly string[];
  readonly change?: (word: string) => string;
  /** Whether it runs in control groups like those of the vm; default: those of whoever starts it. */
  readonly groups?: 'own' | 'inherited';
}

export class BareQemu {
  readonly #words: readonly string[];
  readonly #sockets: string;
  readonly #groups: readonly GroupModel[];

  private constructor(words: readonly string[], sockets: string, groups: readonly GroupModel[]) {
    this.#words = words;
    this.#sockets = sockets;
    this.#groups = groups;
  }

  static async copyOf(gantry: Gantry, vm: string): Promise<BareQemu> {
    const { pid, words } = findProcess(gantry, vm);
    const { id, path } = await gantry.client().call('vm.show', { params: { vm } });
    const folder = mkdtempSync(join(tmpdir(), 'gb-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    cpSync(path, join(folder, 'vm'), { recursive: true });
    const monitor = /path=([^,]*\/monitor)\b/.exec(words.join(' '))?.[1];
    if (monitor === undefined) throw new Error('no monitor among the arguments');
    const sockets = dirname(monitor);
    mkdirSync(join(folder, 'run'));
    // Another id: Gantry starts no vm of which a process runs, and the two may run side by side.
    const ownId = randomUUID();
    const moved = words.map((word) =>
      word
        .replaceAll(path, join(folder, 'vm'))
        .replaceAll(sockets, join(folder, 'run'))
        .replaceAll(id, ownId),
    );
    return new BareQemu(moved, join(folder, 'run'), readGroups(pid));
  }

  /** Resolves when the machine runs. */
  async start({
    within = [],
    change = (word) => word,
    groups = 'inherited',
  }: BareStart = {}): Promise<BareMachine> {
    const [executable = '', ...args] = [...within, ...this.#words.map(change)];
    const child = spawn(executable, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const exited = once(child, 'exit');
    const joined = joinLike(groups === 'own' ? this.#groups : [], child.pid ?? 0);
    const monitor = await connectQmp(join(this.#sockets, 'monitor'), { absent: 'wait' });
    await qmp.queryStatus(monitor);
    if (args.includes('-S')) await qmp.cont(monitor);
    return {
      pid: child.pid ?? 0,
      monitor,
      serial: join(this.#sockets, 'serial1'),
      [Symbol.asyncDispose]: async () => {
        await monitor[Symbol.asyncDispose]();
        child.kill('SIGKILL');
        await exited;
        await joined[Symbol.asyncDispose]();
        rmSync(this.#sockets, { recursive: true });
        mkdirSync(this.#sockets);
      },
    };
  }
}
