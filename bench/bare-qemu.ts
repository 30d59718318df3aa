/** The bare QEMU with the arguments that Gantry gave it, its sockets and files moved to a folder of the bench. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connectQmp, qmp, type QmpClient } from '#qemu';
import type { Gantry } from '../test/e2e/gantry.ts';

function argumentsOf(gantry: Gantry, vm: string): readonly string[] {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').slice(0, -1);
      if (
        words[0]?.includes('qemu-system') &&
        words.some((word) => word.includes(`guest=${vm},`)) &&
        words.join(' ').includes(gantry.data)
      )
        return words;
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
}

export class BareQemu {
  readonly #words: readonly string[];
  readonly #sockets: string;

  private constructor(words: readonly string[], sockets: string) {
    this.#words = words;
    this.#sockets = sockets;
  }

  static async copyOf(gantry: Gantry, vm: string): Promise<BareQemu> {
    const words = argumentsOf(gantry, vm);
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
    return new BareQemu(moved, join(folder, 'run'));
  }

  /** Resolves when the machine runs. */
  async start({ within = [], change = (word) => word }: BareStart = {}): Promise<BareMachine> {
    const [executable = '', ...args] = [...within, ...this.#words.map(change)];
    const child = spawn(executable, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const exited = once(child, 'exit');
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
        rmSync(this.#sockets, { recursive: true });
        mkdirSync(this.#sockets);
      },
    };
  }
}
