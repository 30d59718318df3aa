/**
 * From a definition to a process that listens: prepares what the process needs, starts it held, connects.
 *
 *   prepare (folder, account, firmware, TPM, ports)  ->  spawn  ->  control groups, record, monitor at once
 *
 * Invariants: (1) a process is started only when none of this vm is there, which is asked before anything is prepared, so
 * that one that is there keeps what it uses (`requireNone`); (2) what fails on the way leaves no process behind; (3) the identity is on the record before the first instruction.
 */
import { mkdir, rm, chown, chmod } from 'node:fs/promises';
import { abortReason, Fault, systemClock } from '#lib';
import {
  buildCommandLine,
  connectQmp,
  inheritedDevices,
  type MachineSpec,
  type QmpClient,
} from '#qemu';
import { isNative, type Disk, type VmStatus } from '#api';
import { servedChainOf } from '../../machine/layers/served-chain.ts';
import type { MachineFile, ProcessIdentity } from '../../machine/record.ts';
import { claimDrive, releaseMs } from '../../storage/drives.ts';
import { filesOfServed } from '../../storage/served-layers.ts';
import type { Launch } from '../driver.ts';
import { borrowedPaths } from './check-parents.ts';
import { letRead } from './confine/let-read.ts';
import { ownFile, ownFolder } from './confine/ownership.ts';
import { baseGroup, sharedGroup, type Account, type UidRange } from './confine/accounts.ts';
import type { ControlGroups } from './confine/cgroups.ts';
import { diskPaths, ownPlaces, resolveFile, type RunPlaces } from './places.ts';
import { sendSignal, untilGone } from './process/exit.ts';
import { lastLines, rotateLog } from './process/log-file.ts';
import { findMachines } from './process/find-machines.ts';
import { findOwn } from './process/find-process.ts';
import { identify } from './process/proc.ts';
import { spawnProcess } from './process/spawn.ts';

const connectMs = 60_000;
const goneMs = 10_000;
const endsMs = 2_000;

export interface LaunchParts {
  readonly file: MachineFile;
  readonly spec: MachineSpec;
  readonly places: RunPlaces;
  readonly program: string;
  readonly setpriv: string | undefined;
  readonly account: Account | undefined;
  /** Those of the vm are there. */
  readonly groups: ControlGroups;
  readonly bootId: string;
  readonly signal: AbortSignal;
  readonly onProcess: Launch['onProcess'];
}

export interface Launched {
  readonly identity: ProcessIdentity;
  readonly client: QmpClient;
  readonly exited: Promise<string>;
}

/** The folder for sockets, empty, for the account alone. */
export async function prepareRunFolder(
  places: RunPlaces,
  account: Account | undefined,
): Promise<void> {
  await rm(places.folder, { recursive: true, force: true });
  await mkdir(places.folder, { recursive: true, mode: 0o700 });
  if (!account) return;
  await chown(places.folder, account.uid, account.gid);
  await chmod(places.folder, 0o700);
}

/** Gives the vm's files to its account. Disks elsewhere as well: they are in folders that vms may use. */
export async function giveFiles(
  file: MachineFile,
  account: Account | undefined,
  range: UidRange,
  folders: readonly string[],
): Promise<void> {
  if (!account) return;
  await ownFolder(file.folder, account);
  const { disks } = file.definition.hardware;
  for (const disk of disks.filter(({ kind }) => kind === undefined)) {
    const paths = diskPaths(file, disk);
    const pieces = isNative(disk) ? [] : await piecesOf(file, disk, folders);
    const borrowed = new Set(borrowedPaths(file, disk));
    for (const path of borrowed)
      if (!path.startsWith(`${file.folder}/`)) await letRead(path, account, baseGroup(range));
    for (const path of new Set([...paths, ...pieces]).difference(borrowed))
      await ownFile(path, account, disk.shared ? sharedGroup(range) : undefined);
  }
}

/** The start has seen that its file names no others (served/judge-served.ts). */
async function piecesOf(
  file: MachineFile,
  disk: Disk,
  folders: readonly string[],
): Promise<readonly string[]> {
  const chain = servedChainOf(file.layers, disk);
  if (chain !== undefined) return chain.parts.map((part) => resolveFile(file.folder, part));
  return await filesOfServed(
    { path: resolveFile(file.folder, disk.file), format: disk.format },
    folders,
  );
}

/** Errors: `refused` when a process of this vm is there already; with a runtime folder, when one is in that. */
export async function requireNone(file: MachineFile, runtimeDir?: string): Promise<void> {
  const { id, name } = file.definition;
  const found = await (runtimeDir === undefined ? findMachines(id) : findOwn(id, runtimeDir));
  const pids = found.map(({ pid }) => pid);
  if (pids.length === 0) return;
  throw new Fault('refused', `a process of ${name} is running already (${pids.join(', ')})`, {
    hint: 'end it, or restart the agent to take it over',
    facts: { pids },
  });
}

export async function launch(parts: LaunchParts): Promise<Launched> {
  const { file, spec, places, groups, bootId, signal } = parts;
  const { id } = file.definition;
  const args = buildCommandLine(spec);
  const logPath = ownPlaces(file).log;
  await rotateLog(logPath);
  signal.throwIfAborted();
  const { pid, exited } = await spawn(parts, args, logPath);
  try {
    const identity = identify(pid, bootId);
    if (!identity) throw await tellEnd(await exited, logPath);
    const accelerator = spec.acceleration;
    const joined = groups.join(id, pid);
    const recorded = parts.onProcess({ identity, accelerator, forwards: forwardsOf(spec) });
    // The guest still stands: its first instruction waits for all of them.
    const connected = connect(places, exited, logPath, signal);
    const [client] = await Promise.all([connected, recorded, joined]);
    return { identity, client, exited };
  } catch (error) {
    await endProcess(pid, bootId);
    throw error;
  }
}

/**
 * Raw devices are opened here and handed over, so that the account of the vm needs no right to a drive of the host: what
 * it is given ends with the process. The claim on them goes along. Errors: `refused` where one is in use.
 */
async function spawn(
  { spec, program, setpriv, account }: LaunchParts,
  args: readonly string[],
  logPath: string,
): ReturnType<typeof spawnProcess> {
  await using held = new AsyncDisposableStack();
  const inherited: number[] = [];
  for (const { path, access } of inheritedDevices(spec))
    inherited.push(held.use(await claimDrive(path, { access, waitMs: releaseMs })).fd);
  return await spawnProcess({ program, args, logPath, account, setpriv, inherited });
}

export async function endProcess(pid: number, bootId: string): Promise<void> {
  const identity = identify(pid, bootId);
  if (!identity) return;
  sendSignal(identity, bootId, 'SIGKILL');
  await untilGone(identity, bootId, goneMs);
}

/** Until the monitor greets, or the process has ended with its reason in the log. */
async function connect(
  places: RunPlaces,
  exited: Promise<string>,
  logPath: string,
  outer: AbortSignal,
): Promise<QmpClient> {
  const gone = new AbortController();
  void exited.then((word) => {
    gone.abort(new Fault('unavailable', `the process ended with ${word}`));
  });
  const signal = AbortSignal.any([outer, gone.signal]);
  try {
    return await connectQmp(places.monitor, { timeoutMs: connectMs, absent: 'wait', signal });
  } catch (error) {
    if (outer.aborted) throw abortReason(outer);
    // A process that gives up closes its monitor first: its end, and with it the reason, come after.
    const word = await Promise.race([exited, systemClock.sleep(endsMs).then(() => undefined)]);
    if (word === undefined) throw error;
    throw await tellEnd(word, logPath);
  }
}

/** With what the process said last, else how it ended. */
async function tellEnd(word: string, logPath: string): Promise<Fault> {
  const log = await lastLines(logPath);
  const last = log.split('\n').at(-1) ?? '';
  return new Fault('unavailable', `the process ended at once: ${last || word}`, {
    facts: { log },
  });
}

/** Port forwards as they are in force. */
export function forwardsOf(spec: MachineSpec): VmStatus['forwards'] {
  return spec.adapters.flatMap(({ network }) =>
    network.kind === 'user'
      ? (network.forwards ?? []).map(({ protocol, hostAddress, hostPort, guestPort }) => ({
          protocol,
          hostAddress,
          hostPort,
          guestPort,
        }))
      : [],
  );
}
