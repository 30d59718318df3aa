/**
 * Events of this host in the log of its operating system, journal or syslog (EVT-06, HOST-62): one line for each,
 * `GANTRY-1010 Virtual machine web-1 is off: guest (vm.state.powered-off)`, under the tag gantry. util-linux' logger
 * carries them, since it speaks to whatever listens at /dev/log.
 *
 * Invariant: nobody waits for it. What the log does not take is counted and said in its place; the outbox has
 * every event.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  eventFacts,
  severityOf,
  writeMessage,
  type AgentEvent,
  type EventName,
  type Severity,
} from '#api';
import { describeFault, withDeadline, type Clock } from '#lib';
import type { Log } from '#log';

const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };
const maxWaitingBytes = 256 * 1024;
const maxLineLength = 1000;
const betweenStartsMs = 10_000;
const endMs = 2_000;
/** A carrier that has lived for so long has found the log. */
const settledMs = 2_000;
/** syslog(3): the facility daemon. */
const facility = 3 << 3;
const levels: Readonly<Record<Severity, number>> = {
  information: 6,
  warning: 4,
  error: 3,
  critical: 2,
};

export interface SystemLogOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Where the operating system listens. */
  readonly socket?: string;
}

export class SystemLog implements AsyncDisposable {
  readonly #options: Required<SystemLogOptions>;
  #carrier: ChildProcess | undefined;
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #unwritten = 0;
  #problem: string | undefined;

  private constructor(options: Required<SystemLogOptions>) {
    this.#options = options;
  }

  /** Undefined where the operating system has no log. */
  static open({ socket = '/dev/log', ...options }: SystemLogOptions): SystemLog | undefined {
    return existsSync(socket) ? new SystemLog({ socket, ...options }) : undefined;
  }

  /** Why events do not reach the log, as far as it was tried. */
  get problem(): string | undefined {
    const { clock } = this.#options;
    if (this.#carrier !== undefined && clock.now() > this.#startedAtMs + settledMs)
      this.#problem = undefined;
    return this.#problem;
  }

  /** `about` is the name of the vm or host that the event is about. */
  write(name: EventName, attributes: AgentEvent['attributes'], about: string): void {
    const text = clean(writeMessage(name, about, attributes));
    this.#send(
      levels[severityOf(name, attributes)],
      `GANTRY-${eventFacts(name).number} ${text} (${name})`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const carrier = this.#carrier;
    this.#carrier = undefined;
    if (carrier === undefined || carrier.exitCode !== null) return;
    const ended = once(carrier, 'exit');
    carrier.stdin?.end();
    try {
      await withDeadline('the log of the system', endMs, undefined, () => ended);
    } catch {
      carrier.kill('SIGKILL');
    }
  }

  #send(level: number, line: string): void {
    const { stdin } = this.#carrier ?? this.#start() ?? {};
    if (!stdin?.writable || stdin.writableLength > maxWaitingBytes) {
      this.#unwritten += 1;
      return;
    }
    const prefix = (of: number): string => `<${facility + of}>`;
    if (this.#unwritten > 0)
      stdin.write(`${prefix(levels.warning)}${this.#unwritten} events were not written here\n`);
    this.#unwritten = 0;
    stdin.write(`${prefix(level)}${line}\n`);
  }

  #start(): ChildProcess | undefined {
    const { clock, log, socket } = this.#options;
    if (clock.now() < this.#startedAtMs + betweenStartsMs) return undefined;
    this.#startedAtMs = clock.now();
    // Without it logger drops in silence what no log takes.
    const told = '--socket-errors=on';
    const args = ['--tag', 'gantry', '--prio-prefix', told, '--socket', socket];
    const carrier = spawn('logger', args, {
      env: environment,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const gone = (why: string): void => {
      if (this.#carrier !== carrier) return;
      this.#carrier = undefined;
      this.#problem = why;
      log.warn({ why }, 'events do not reach the log of the system');
    };
    carrier.once('error', (error) => gone(describeFault(error)));
    carrier.once('exit', (code, signal) => gone(`logger ended: ${signal ?? code}`));
    // Its end says more than that it takes nothing.
    carrier.stdin.on('error', () => carrier.kill());
    this.#carrier = carrier;
    return carrier;
  }
}

/** One line, whatever a guest or a program has said. */
function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, maxLineLength);
}
