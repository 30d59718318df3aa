/**
 * The process that speaks with foreign hypervisors (src/agent/foreign), kept running while something is open: it
 * is started with the first request, and again, a little later each time, when it ends by itself. Requests and
 * answers go over its channel, a pair of sockets that nobody else has; no secret is in its arguments.
 *
 *   none -> send: starts -> runs --ends--> told as lost, wait --> runs again: told as begun, to be asked anew
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { foreignAnswerSchema, type ForeignAnswer, type ForeignRequest } from '#api';
import { describeFault } from '#lib';
import type { Log } from '#log';

const firstRestartMs = 500;
const maxRestartMs = 30_000;
/** For the process to take leave of hypervisors. */
const farewellMs = 6_000;

export interface ForeignProcessOptions {
  readonly log: Log;
  readonly logLevel: string;
  readonly onAnswer: (answer: ForeignAnswer) => void;
  /** It has ended by itself; what it was asked is not answered any more. */
  readonly onLost: () => void;
  /** A new one is there and knows nothing. */
  readonly onRestarted: () => void;
}

export class ForeignProcess implements AsyncDisposable {
  readonly #options: ForeignProcessOptions;
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #restartMs = firstRestartMs;
  #closing = false;

  constructor(options: ForeignProcessOptions) {
    this.#options = options;
  }

  /** The process that there is now. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Not kept for a process that has ended: whoever is told of a new one asks again. */
  send(request: ForeignRequest): void {
    if (this.#closing || this.#restart !== undefined) return;
    this.#child ??= this.#start();
    this.#child.send(request, () => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    if (child.connected) child.disconnect();
    const impatience = setTimeout(() => child.kill('SIGKILL'), farewellMs);
    await ended;
    clearTimeout(impatience);
  }

  #start(): ChildProcess {
    const program = new URL('../../agent/foreign/foreign-main.ts', import.meta.url);
    const child = fork(program, [this.#options.logLevel], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (message) => this.#take(message));
    child.on('error', (error) => this.#options.log.error({ err: error }, 'foreign process'));
    child.on('exit', (code, signal) => this.#lose({ code, signal }));
    return child;
  }

  #take(message: unknown): void {
    const parsed = foreignAnswerSchema.safeParse(message);
    if (parsed.success) {
      this.#restartMs = firstRestartMs;
      this.#options.onAnswer(parsed.data);
    } else
      this.#options.log.warn(
        { why: describeFault(parsed.error) },
        'the foreign process is unclear',
      );
  }

  #lose(end: { readonly code: number | null; readonly signal: string | null }): void {
    this.#child = undefined;
    if (this.#closing) return;
    this.#options.log.warn({ ...end, againMs: this.#restartMs }, 'the foreign process has ended');
    this.#options.onLost();
    this.#restart = setTimeout(() => {
      this.#restart = undefined;
      this.#child = this.#start();
      this.#options.onRestarted();
    }, this.#restartMs);
    this.#restartMs = Math.min(maxRestartMs, this.#restartMs * 2);
  }
}
