/**
 * The programs of this machine as processes: started in the background, recognised again, stopped.
 * A process is told by its pid and the time it started (/proc/PID/stat, field 22): pids are reused.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Fault, systemClock } from '#lib';
import type { Installation } from '../installation.ts';

export type Program = 'coordinator' | 'agent';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
const processSchema = z.object({
  pid: z.number().int().min(1),
  startTicks: z.number().int(),
  bootId: z.string(),
});

const processFile = (installation: Installation, program: Program): string =>
  join(installation.runtime, `${program}.process.json`);
export const logFile = (installation: Installation, program: Program): string =>
  join(installation.data, 'log', `${program}.log`);

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Clock ticks after boot at which the process started; undefined when there is none or it is a zombie. */
function startTicks(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

/** The pid of the program that `up` started, if it still runs. */
export function findProgram(installation: Installation, program: Program): number | undefined {
  let text: string;
  try {
    text = readFileSync(processFile(installation, program), 'utf8');
  } catch {
    return undefined;
  }
  const parsed = processSchema.safeParse(JSON.parse(text));
  if (!parsed.success || parsed.data.bootId !== bootId()) return undefined;
  return startTicks(parsed.data.pid) === parsed.data.startTicks ? parsed.data.pid : undefined;
}

/**
 * Settings of Node.js for programs that run for months and mostly wait, each measured (bench/idle): a small
 * young generation, which V8 would otherwise let grow and keep, saves 30 MB of the coordinator. What is busy only
 * while a program starts (zod making schemas) does not reach V8's optimising compilers, which would stay in memory
 * with 8 MB; what is busy under load does, a few seconds later. Garbage of a large heap may be two fifths of what is in
 * use before all of it is collected (bench/fleet): a hundred MiB less at 50,000 vms. Programs may ask for a
 * collection (#lib, collectWhenQuiet).
 */
const programOptions = [
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=2',
  '--invocation-count-for-maglev=3000',
  '--invocation-count-for-maglev-osr=3000',
  '--invocation-count-for-turbofan=40000',
  '--heap-growing-percent=40',
  '--expose-gc',
];

/**
 * What is other in the environment of a program: one arena for malloc instead of eight for each processor, since
 * little is allocated side by side (3 MB); and large blocks go back to the system when they are freed, also after
 * larger ones were (1 MB). What is built has no use for a cache of compiled sources, which it would keep (2 MB).
 */
export const programEnvironment: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
};
const environmentOfChild = (): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_COMPILE_CACHE: undefined,
  ...programEnvironment,
});

export const sourceFile = (program: Program): string => join(root, `src/${program}/main.ts`);

/** The command that runs a program, whose file is its source or what was built of it. */
export function programCommand(file: string, args: readonly string[]): readonly string[] {
  return [process.execPath, ...programOptions, file, ...args];
}

/** Two of one kind would have one record between them. Errors: `refused`. */
function refuseSecond(installation: Installation, program: Program): void {
  const pid = findProgram(installation, program);
  if (pid !== undefined)
    throw new Fault('refused', `the ${program} runs already, as process ${pid}`);
}

/** Starts a program with its log in a file, detached from this terminal. Errors: `refused` where it runs. */
export function startProgram(
  installation: Installation,
  program: Program,
  command: readonly string[],
): ChildProcess {
  refuseSecond(installation, program);
  const log = logFile(installation, program);
  mkdirSync(dirname(log), { recursive: true, mode: 0o750 });
  const file = openSync(log, 'a', 0o640);
  const [executable = '', ...rest] = command;
  const child = spawn(executable, rest, {
    detached: true,
    stdio: ['ignore', file, file],
    cwd: '/',
    env: environmentOfChild(),
  });
  closeSync(file);
  child.unref();
  if (child.pid !== undefined) remember(installation, program, child.pid);
  return child;
}

function remember(installation: Installation, program: Program, pid: number): void {
  mkdirSync(installation.runtime, { recursive: true, mode: 0o755 });
  const file = processFile(installation, program);
  writeFileSync(
    `${file}.new`,
    JSON.stringify({ pid, startTicks: startTicks(pid) ?? 0, bootId: bootId() }),
  );
  renameSync(`${file}.new`, file);
}

/** Starts a program that shares this terminal and is found and ended as any other; resolves with its exit. Errors: `refused` where it runs. */
export async function runForeground(
  installation: Installation,
  program: Program,
  command: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  refuseSecond(installation, program);
  const [executable = '', ...rest] = command;
  const child = spawn(executable, rest, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: environmentOfChild(),
  });
  if (child.pid !== undefined) remember(installation, program, child.pid);
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const [code, by] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  signal.removeEventListener('abort', stop);
  // One that is told twice may be told the second time when it no longer listens.
  return code ?? (by === 'SIGTERM' ? 0 : 1);
}

const lookMs = 50;

/** Ends a program gracefully; by force after the limit. False when it did not run. */
export async function stopProgram(
  installation: Installation,
  program: Program,
  limitMs: number,
): Promise<boolean> {
  const pid = findProgram(installation, program);
  if (pid === undefined) return false;
  process.kill(pid, 'SIGTERM');
  const giveUp = systemClock.now() + limitMs;
  while (findProgram(installation, program) !== undefined) {
    if (systemClock.now() > giveUp) {
      process.kill(pid, 'SIGKILL');
      break;
    }
    await systemClock.sleep(lookMs);
  }
  rmSync(processFile(installation, program), { force: true });
  return true;
}
