/** The bare QEMU with the arguments that Gantry gave it, its sockets and files moved to a folder of the bench. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connectQmp, qmp } from '#qemu';
import type { Gantry } from '../../test/e2e/gantry.ts';
import type { Taken } from './taken.ts';

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

export class BareQemu {
  readonly #words: readonly string[];
  readonly #sockets: string;

  private constructor(words: readonly string[], sockets: string) {
    this.#words = words;
    this.#sockets = sockets;
  }

  static async copyOf(gantry: Gantry, vm: string): Promise<BareQemu> {
    const words = argumentsOf(gantry, vm);
    const { path } = await gantry.client().call('vm.show', { params: { vm } });
    const folder = mkdtempSync(join(tmpdir(), 'gb-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    cpSync(path, join(folder, 'vm'), { recursive: true });
    const monitor = /path=([^,]*\/monitor)\b/.exec(words.join(' '))?.[1];
    if (monitor === undefined) throw new Error('no monitor among the arguments');
    const sockets = dirname(monitor);
    mkdirSync(join(folder, 'run'));
    const moved = words.map((word) =>
      word.replaceAll(path, join(folder, 'vm')).replaceAll(sockets, join(folder, 'run')),
    );
    return new BareQemu(moved, join(folder, 'run'));
  }

  async measure(): Promise<Taken> {
    const [executable = '', ...args] = this.#words;
    const begin = performance.now();
    const child = spawn(executable, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const exited = once(child, 'exit');
    await using monitor = await connectQmp(join(this.#sockets, 'monitor'), { absent: 'wait' });
    await qmp.queryStatus(monitor);
    if (args.includes('-S')) await qmp.cont(monitor);
    const runningMs = performance.now() - begin;
    const serial = connect(join(this.#sockets, 'serial1'));
    let text = '';
    for await (const chunk of serial) {
      text += String(chunk);
      if (text.includes('login:')) break;
    }
    const loginMs = performance.now() - begin;
    serial.destroy();
    child.kill('SIGKILL');
    await exited;
    rmSync(this.#sockets, { recursive: true });
    mkdirSync(this.#sockets);
    return { runningMs, loginMs };
  }
}
