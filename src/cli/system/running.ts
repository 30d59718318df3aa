/** A program of this machine, whoever looks after it: systemd where it runs, else a process file. */
import { readFileSync, statSync } from 'node:fs';
import { Fault, systemClock } from '#lib';
import type { Installation } from '../installation.ts';
import {
  findProgram,
  logFile,
  programCommand,
  startProgram,
  stopProgram,
  type Program,
} from './processes.ts';
import { programFile } from './program-build.ts';
import {
  findServiceManager,
  hasAccount,
  readServiceLog,
  serviceIsActive,
  startService,
  stopService,
  unitName,
  type ServiceManager,
} from './systemd.ts';

const lookMs = 50;
const logLines = 20;
/** Before the hint of a fault, which a program that ends with one writes below it. */
const hintMark = 'hint: ';
const maxReasonLength = 300;

const manager = (): ServiceManager | undefined => findServiceManager(process.getuid?.() ?? 0);

export async function programRuns(installation: Installation, program: Program): Promise<boolean> {
  const systemd = manager();
  if (systemd !== undefined && (await serviceIsActive(systemd, installation, program))) return true;
  return findProgram(installation, program) !== undefined;
}

export async function beginProgram(
  installation: Installation,
  program: Program,
  args: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const command = programCommand(await programFile(program, signal), args);
  const systemd = manager();
  if (systemd === undefined) startProgram(installation, program, command);
  else await startService(systemd, installation, program, command);
}

/** Ends a program in order, by force after the limit. False when it did not run. */
export async function endProgram(
  installation: Installation,
  program: Program,
  limitMs: number,
): Promise<boolean> {
  const runs = await programRuns(installation, program);
  const systemd = manager();
  if (systemd !== undefined) await stopService(systemd, installation, program);
  await stopProgram(installation, program, limitMs);
  return runs;
}

/** Where a person reads what the program says: a file, or a command. */
export function logPlace(installation: Installation, program: Program): string {
  const systemd = manager();
  if (systemd === undefined) return logFile(installation, program);
  return ['journalctl', ...systemd.scope, '-u', unitName(installation, program)].join(' ');
}

/** Whether a coordinator that has an account of its own runs as root: it was begun by an older version. */
export function runsWithoutAccount(pid: number): boolean {
  const systemd = manager();
  if (systemd === undefined || !hasAccount(systemd, 'coordinator')) return false;
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === 0;
}

/** Waits until the test says yes; a program that ends before is a fault with the end of its log. */
export async function untilServing<T>(
  installation: Installation,
  program: Program,
  limitMs: number,
  signal: AbortSignal,
  test: () => Promise<T | undefined>,
): Promise<T> {
  const giveUp = systemClock.now() + limitMs;
  for (;;) {
    const answer = await test();
    if (answer !== undefined) return answer;
    const dead = !(await programRuns(installation, program));
    if (dead || systemClock.now() > giveUp) {
      const { reason, hint } = lastWords(program, await lastLogLines(installation, program));
      const log = `its log is ${logPlace(installation, program)}`;
      throw new Fault(
        dead ? 'unavailable' : 'timeout',
        `the ${program} ${dead ? 'ended' : 'does not answer'}: ${reason}`,
        { hint: hint === undefined ? log : `${hint}; ${log}` },
      );
    }
    await systemClock.sleep(lookMs, signal);
  }
}

async function lastLogLines(
  installation: Installation,
  program: Program,
): Promise<readonly string[]> {
  const systemd = manager();
  if (systemd !== undefined) return readServiceLog(systemd, installation, program, logLines);
  try {
    return readFileSync(logFile(installation, program), 'utf8').trimEnd().split('\n');
  } catch {
    return [];
  }
}

interface LastWords {
  readonly reason: string;
  /** The program's own, of a fault that it ended with. */
  readonly hint?: string;
}

/** What the program said before it ended, what it threw, or the last error of its log. */
export function lastWords(program: Program, lines: readonly string[]): LastWords {
  const recent = lines.slice(-logLines);
  const told = recent.findLastIndex((line) => line.startsWith(`${program}: `));
  if (told >= 0) {
    const reason = (recent[told] ?? '').slice(program.length + 2).slice(0, maxReasonLength);
    const hint = recent.slice(told + 1).find((line) => line.startsWith(hintMark));
    if (hint === undefined) return { reason };
    return { reason, hint: hint.slice(hintMark.length).slice(0, maxReasonLength) };
  }
  const thrown = recent.findLast((line) => /^\w*Error\b.*:/.test(line));
  if (thrown !== undefined) return { reason: thrown.slice(0, maxReasonLength) };
  const logged = recent.map(messageOf).findLast((message) => message !== undefined);
  return { reason: logged?.slice(0, maxReasonLength) ?? 'its log says nothing' };
}

/** Of an entry about an error; undefined for any other line. */
function messageOf(line: string): string | undefined {
  try {
    const entry = JSON.parse(line) as { level?: number; msg?: string };
    return (entry.level ?? 0) >= 50 ? entry.msg : undefined;
  } catch {
    return undefined;
  }
}
