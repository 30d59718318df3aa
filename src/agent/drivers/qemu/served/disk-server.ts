/**
 * The process that serves disks of one vm (serve-disks.ts), as the agent keeps it: started before QEMU, found again by
 * an agent that comes after, started anew where it ended while QEMU runs, which waits for it meanwhile.
 *
 * Invariant: at most one at a time has the disks: the one before is gone before the next one opens them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { faultDataSchema } from '#api';
import { assert, describeFault, Fault, faultCodes, faultFromData, type FaultCode } from '#lib';
import type { Log } from '#log';
import type { ProcessIdentity } from '../../../machine/record.ts';
import { sendSignal, untilGone } from '../process/exit.ts';
import { findByArguments, identify, isAlive } from '../process/proc.ts';
import { dropJournals } from './journals.ts';
import { narrowed, type Narrowing } from './narrow.ts';
import { readLine } from './read-line.ts';
import type { ServedPlan } from './served-plan.ts';
import { tellPlan } from './told-plans.ts';

const program = fileURLToPath(new URL('./serve-disks.ts', import.meta.url));

const readyMs = 30_000;
/** For one that has lost its QEMU to write out what it holds. */
const endMs = 30_000;
const goneMs = 5_000;
/** Between tries to start one that does not come up. */
const againMs = 5_000;
const maxAnswerBytes = 65_536;
/** For it to let go of files and open others. */
const toldMs = 60_000;

export interface DiskServerParts {
  readonly plan: ServedPlan;
  readonly socketPath: string;
  /** Where it is told another plan. */
  readonly toldPath: string;
  readonly logPath: string;
  readonly narrowing: Narrowing;
  /** Into what limits the vm, before it looks at a file. Errors: as `ControlGroups.join`. */
  readonly limit: (pid: number) => Promise<void>;
  readonly bootId: string;
  readonly log: Log;
}

export class DiskServer {
  readonly #parts: DiskServerParts;
  #plan: ServedPlan;
  #process: ProcessIdentity | undefined;
  #starting: Promise<void> | undefined;
  #notBefore = 0;

  constructor(parts: DiskServerParts) {
    this.#parts = parts;
    this.#plan = parts.plan;
  }

  /** Before QEMU: resolves when it listens. Faults: why a disk cannot be opened; `unavailable`, `timeout`. */
  async start(signal: AbortSignal): Promise<void> {
    await this.end();
    await this.#begin(signal);
  }

  async #begin(signal: AbortSignal): Promise<void> {
    try {
      this.#process = await startServer({ ...this.#parts, plan: this.#plan }, signal);
    } catch (error) {
      // A copy that was not begun has no file yet, and no disk waits for it.
      const disks = this.#plan.disks.filter(({ access }) => access !== 'incoming');
      if (disks.length === this.#plan.disks.length) throw error;
      this.#plan = { ...this.#plan, disks };
      this.#process = await startServer({ ...this.#parts, plan: this.#plan }, signal);
    }
  }

  /** Of a QEMU that runs already: the process that is there, or a new one. */
  async find(): Promise<void> {
    [this.#process] = await findServers(this.#parts);
    this.keep();
  }

  get plan(): ServedPlan {
    return this.#plan;
  }

  /** From now on it serves as the plan says, while QEMU runs. Faults: as `start`; what was served still is then. */
  async become(plan: ServedPlan): Promise<void> {
    const before = this.#plan;
    this.#plan = plan;
    try {
      await this.#starting?.catch(() => undefined);
      const signal = AbortSignal.timeout(toldMs);
      const answer = await tellPlan(this.#parts.toldPath, plan, signal);
      if (answer === undefined) await this.#startOnce(signal);
      else if (answer !== 'ready') throw faultOf(answer);
    } catch (error) {
      this.#plan = before;
      throw error;
    }
  }

  /** Starts it anew where it has ended. Returns at once; what goes wrong is logged, and tried again later. */
  keep(): void {
    const { bootId, log, socketPath } = this.#parts;
    if (this.#process !== undefined && isAlive(this.#process, bootId)) return;
    if (this.#starting !== undefined || Date.now() < this.#notBefore) return;
    this.#notBefore = Date.now() + againMs;
    log.warn({ socketPath }, 'the process that serves disks has ended, and is started again');
    this.#startOnce(AbortSignal.timeout(readyMs + endMs)).catch((error: unknown) =>
      log.error({ why: describeFault(error) }, 'disks are not served'),
    );
  }

  #startOnce(signal: AbortSignal): Promise<void> {
    this.#starting ??= this.#stop()
      .then(() => this.#begin(signal))
      .finally(() => {
        this.#starting = undefined;
      });
    return this.#starting;
  }

  /** When QEMU has gone: it ends by itself, having written all; one that does not is made to. */
  async end(): Promise<void> {
    await this.#stop();
    await dropJournals(this.#parts.socketPath);
  }

  /** What it has answered and not made durable is left to the next. */
  async #stop(): Promise<void> {
    const { bootId } = this.#parts;
    for (const server of await findServers(this.#parts)) {
      sendSignal(server, bootId, 'SIGTERM');
      if (await untilGone(server, bootId, endMs)) continue;
      sendSignal(server, bootId, 'SIGKILL');
      await untilGone(server, bootId, goneMs);
    }
    await rm(this.#parts.socketPath, { force: true });
  }
}

async function findServers({ socketPath, bootId }: DiskServerParts): Promise<ProcessIdentity[]> {
  const found = await findByArguments([program, socketPath]);
  return found.flatMap(({ pid }) => identify(pid, bootId) ?? []);
}

async function startServer(parts: DiskServerParts, signal: AbortSignal): Promise<ProcessIdentity> {
  const { plan, socketPath, toldPath, logPath, bootId } = parts;
  const argv = [process.execPath, program, socketPath, toldPath, JSON.stringify(plan)];
  const [file = '', ...args] = narrowed(argv, parts.narrowing);
  const log = openSync(logPath, 'a', 0o600);
  const child = spawn(file, args, {
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C', NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', log],
  });
  closeSync(log);
  const { stdout } = child;
  assert(stdout !== null, 'its answer comes through a pipe');
  const stop = (): void => void child.kill('SIGKILL');
  try {
    await once(child, 'spawn');
    if (child.pid !== undefined) await parts.limit(child.pid);
    const until = AbortSignal.any([signal, AbortSignal.timeout(readyMs)]);
    const answer = await readLine(stdout, maxAnswerBytes, until);
    if (answer !== 'ready') throw faultOf(answer);
    const identity = child.pid === undefined ? undefined : identify(child.pid, bootId);
    if (identity === undefined) throw new Fault('unavailable', 'it ended at once');
    return identity;
  } catch (cause) {
    stop();
    throw new Fault(cause instanceof Fault ? cause.code : 'unavailable', 'cannot serve its disks', {
      cause,
      ...(cause instanceof Fault ? { hint: cause.hint } : {}),
    });
  } finally {
    stdout.destroy();
    child.unref();
  }
}

function faultOf(answer: string): Fault {
  try {
    const { code, ...told } = faultDataSchema.parse(JSON.parse(answer));
    const known = (Object.keys(faultCodes) as FaultCode[]).find((one) => one === code);
    return faultFromData({ ...told, code: known ?? 'internal' });
  } catch {
    return new Fault('unavailable', 'the process that serves them ended at once');
  }
}
