/**
 * Ears on the kernel: programs that write a line when an interface or a rule changes. What they say is not
 * read, only that something is said; one that ends is started again.
 *
 * Invariant: whatever happened before one of them heard is told as a change once it hears.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { systemClock } from '#lib';
import { makeMortal } from '#qemu';

const againMs = 1_000;
const beginsMs = 10_000;
const lookMs = 20;

export class Monitors implements Disposable {
  readonly #onChange: () => void;
  readonly #children = new Set<ChildProcess>();
  #isOpen = true;

  /** Calls are programs and their arguments. */
  constructor(calls: readonly (readonly [string, ...string[]])[], onChange: () => void) {
    this.#onChange = onChange;
    for (const [program, ...args] of calls) this.#listen(makeMortal(program, args));
  }

  [Symbol.dispose](): void {
    this.#isOpen = false;
    for (const child of this.#children) child.kill('SIGKILL');
  }

  #listen(call: { readonly program: string; readonly args: readonly string[] }): void {
    if (!this.#isOpen) return;
    const child = spawn(call.program, call.args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#children.add(child);
    child.stdout.on('data', () => this.#onChange());
    child.on('error', () => undefined);
    child.once('close', () => {
      this.#children.delete(child);
      setTimeout(() => this.#listen(call), againMs).unref();
    });
    child.unref();
    void this.#tellOnceHearing(child);
  }

  async #tellOnceHearing(child: ChildProcess): Promise<void> {
    const untilMs = systemClock.now() + beginsMs;
    const goesOn = (): boolean => this.#children.has(child) && systemClock.now() < untilMs;
    while (goesOn() && !(await isHearing(child.pid))) await systemClock.sleep(lookMs);
    if (this.#isOpen) this.#onChange();
  }
}

/** Whether the process is in a multicast group of netlink: `sk Eth Pid Groups ...` (proc(5), netlink(7)). */
async function isHearing(pid: number | undefined): Promise<boolean> {
  const lines = (await readFile('/proc/net/netlink', 'utf8').catch(() => '')).split('\n');
  return lines.some((line) => {
    const [, , port, groups = '0'] = line.trim().split(/\s+/);
    return port === String(pid) && /[^0]/.test(groups);
  });
}
