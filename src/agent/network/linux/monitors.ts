/**
 * Ears on the kernel: programs that write a line when an interface or a rule changes. What they say is not
 * read, only that something is said; one that ends is started again.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { makeMortal } from '#qemu';
import type { Programs } from './programs.ts';

const againMs = 1_000;

export class Monitors implements Disposable {
  readonly #calls: readonly { readonly program: string; readonly args: readonly string[] }[];
  readonly #onChange: () => void;
  readonly #children = new Set<ChildProcess>();
  #isOpen = true;

  constructor({ ip, nft }: Programs, onChange: () => void) {
    this.#onChange = onChange;
    this.#calls = [makeMortal(ip, ['monitor', 'link', 'address']), makeMortal(nft, ['monitor'])];
    for (const call of this.#calls) this.#listen(call);
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
      // What happened meanwhile was not heard.
      setTimeout(() => {
        this.#listen(call);
        if (this.#isOpen) this.#onChange();
      }, againMs).unref();
    });
    child.unref();
  }
}
