/**
 * Finds out whether an accelerator works by running a small real machine with it. The presence of
 * /dev/kvm proves nothing: on some hosts it opens, runs a little and hangs, or runs slower than emulation
 * (virtualization nested without support below), or lets in this process and not those of machines.
 *
 * Invariant: answers within the time limit and a second, whatever the kernel does with the process.
 */
import { constants, type Stats } from 'node:fs';
import { access, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { printable } from '../qmp/messages.ts';
import { runProgram, type RunResult } from '../run-program.ts';
import type { Acceleration } from '../command-line/spec.ts';
import { debugExitDevice, makeBootSector, successStatus } from './boot-sector.ts';

/**
 * `works`: a guest ran to its end. `absent`: no such device, or QEMU was built without it. `denied`: this
 * user, or the account of machines, may not open the device. `hangs`: the guest did not get to its end in
 * time. `slow`: it did, and emulation is faster. `fails`: QEMU gave up.
 */
export const probeOutcomes = ['works', 'absent', 'denied', 'hangs', 'slow', 'fails'] as const;
export type ProbeOutcome = (typeof probeOutcomes)[number];

export interface ProbeResult {
  readonly outcome: ProbeOutcome;
  /** What was seen, in one sentence, for people. */
  readonly evidence: string;
  readonly elapsedMs: number;
}

export interface AccelerationResult {
  readonly kvm: ProbeResult;
  /** The check of the check: where even this fails, the probe says nothing about kvm. */
  readonly tcg: ProbeResult;
}

export interface ProbeOptions {
  /** For each of the two machines; 10 s unless told. A good host needs half a second. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The processor model under kvm; `host` unless told. */
  readonly model?: string | undefined;
  /** /dev/kvm unless told. */
  readonly devicePath?: string | undefined;
  /** What machines run as, where it is not what this process runs as. */
  readonly account?: ProbeAccount | undefined;
}

export interface ProbeAccount {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
}

const defaultTimeoutMs = 10_000;

/** Errors: the signal's reason only; what goes wrong is the result. */
export async function probeAcceleration(
  qemuPath: string,
  options: ProbeOptions = {},
): Promise<AccelerationResult> {
  const folder = await mkdtemp(join(tmpdir(), 'gantry-probe-'));
  try {
    const diskPath = join(folder, 'disk');
    await writeFile(diskPath, makeBootSector());
    const tcg = await runMachine(qemuPath, 'tcg', 'qemu64', diskPath, options);
    const obstacle = await kvmObstacle(options.devicePath ?? '/dev/kvm', options.account);
    if (obstacle !== undefined) return { kvm: obstacle, tcg };
    const kvm = await runMachine(qemuPath, 'kvm', options.model ?? 'host', diskPath, options);
    return { kvm: isSlower(kvm, tcg) ? { ...kvm, ...tellSlow(kvm, tcg) } : kvm, tcg };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The test machine waits for its timer, so that a good host needs as long with both: what is left for a busy one. */
const slackMs = 1_000;

function isSlower(kvm: ProbeResult, tcg: ProbeResult): boolean {
  if (kvm.outcome !== 'works' || tcg.outcome !== 'works') return false;
  return kvm.elapsedMs > 2 * tcg.elapsedMs + slackMs;
}

function tellSlow(kvm: ProbeResult, tcg: ProbeResult): Pick<ProbeResult, 'outcome' | 'evidence'> {
  const evidence = `a test machine ran in ${kvm.elapsedMs} ms with kvm, and in ${tcg.elapsedMs} ms emulated`;
  return { outcome: 'slow', evidence };
}

/** Asks for the permission without opening: opening might hang this very process. */
async function kvmObstacle(
  devicePath: string,
  account: ProbeAccount | undefined,
): Promise<ProbeResult | undefined> {
  const denied = (evidence: string): ProbeResult => ({ outcome: 'denied', evidence, elapsedMs: 0 });
  const device = await stat(devicePath).catch(() => undefined);
  if (device === undefined)
    return { outcome: 'absent', evidence: `${devicePath} does not exist`, elapsedMs: 0 };
  try {
    await access(devicePath, constants.R_OK | constants.W_OK);
  } catch {
    return denied(`this user may not open ${devicePath}`);
  }
  if (account === undefined || letsIn(device, account)) return undefined;
  return denied(`the accounts of vms may not open ${devicePath}`);
}

/** By owner, group and others, in the order of path_resolution(7): the first that applies decides. */
function letsIn({ mode, uid, gid }: DeviceRights, account: ProbeAccount): boolean {
  const isMember = account.gid === gid || account.groups.includes(gid);
  const rights = account.uid === uid ? mode >> 6 : isMember ? mode >> 3 : mode;
  return (rights & 0o6) === 0o6;
}

type DeviceRights = Readonly<Pick<Stats, 'mode' | 'uid' | 'gid'>>;

function machineArguments(
  acceleration: Acceleration,
  model: string,
  diskPath: string,
): readonly string[] {
  const disk = { 'node-name': 'disk', driver: 'raw', file: { driver: 'file', filename: diskPath } };
  const board = ['-machine', 'pc', '-accel', acceleration, '-cpu', model, '-smp', '2', '-m', '16'];
  return [
    ['-no-user-config', '-nodefaults', '-display', 'none', '-no-reboot', ...board],
    ['-blockdev', JSON.stringify(disk)],
    ['-device', JSON.stringify({ driver: 'ide-hd', drive: 'disk', bootindex: 0 })],
    ['-device', JSON.stringify(debugExitDevice)],
  ].flat();
}

async function runMachine(
  qemuPath: string,
  acceleration: Acceleration,
  model: string,
  diskPath: string,
  options: ProbeOptions,
): Promise<ProbeResult> {
  const run = await runProgram(qemuPath, machineArguments(acceleration, model, diskPath), {
    timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
    signal: options.signal,
    maxOutputBytes: 8192,
    folderPath: dirname(diskPath),
  });
  const [outcome, evidence] = judge(run, `a test machine with ${acceleration} and ${model}`);
  return { outcome, evidence, elapsedMs: run.elapsedMs };
}

function judge(run: RunResult, what: string): readonly [outcome: ProbeOutcome, evidence: string] {
  const said = lastLine(run.stderr);
  switch (run.end) {
    case 'missing':
      return ['absent', `${what}: QEMU could not be started`];
    case 'stopped':
      return ['hangs', `${what} did not come to its end within ${run.elapsedMs} ms`];
    case 'stuck':
      return ['hangs', `${what} hangs in the kernel; process ${run.pid} could not be killed`];
    case 'signalled':
      return ['fails', `${what} crashed with ${run.signalName}: ${said}`];
    case 'exited':
      if (run.code === successStatus) return ['works', `${what} ran in ${run.elapsedMs} ms`];
      return [outcomeOfMessage(run.stderr), `${what} ended with status ${run.code}: ${said}`];
  }
}

/** QEMU says in words only why it gave up; what it does not say so is a failure. */
function outcomeOfMessage(stderr: string): ProbeOutcome {
  if (/invalid accelerator|not compiled|No such file or directory/i.test(stderr)) return 'absent';
  return /Permission denied/i.test(stderr) ? 'denied' : 'fails';
}

/** The last thing QEMU said that is not only the consequence of what it said before. */
function lastLine(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => !/warning:|failed to initialize/i.test(line));
  return printable(errors.slice(0, 2).join('; ') || (lines.at(-1) ?? 'without a word'));
}
