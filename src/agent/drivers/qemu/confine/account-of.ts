/** Which account a vm's process runs under, and what stands against it (SEC-53 to SEC-55). */
import { readFile, stat } from 'node:fs/promises';
import { Fault, type Reason } from '#lib';
import type { MachineFile } from '../../../machine/record.ts';
import {
  defaultUidRange,
  findAccount,
  groupId,
  isLocked,
  isPowerful,
  sharedGroup,
  type Account,
  type UidRange,
} from './accounts.ts';

export interface AccountQuestion {
  readonly file: MachineFile;
  readonly range: UidRange;
  readonly acceleration: 'kvm' | 'tcg';
}

/** Undefined: as the agent, which is not root. Errors: `blocked` when the account cannot be used. */
export async function accountOf(question: AccountQuestion): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const { file } = question;
  const { runAs } = file.definition.settings;
  const groups = await groupsFor(question);
  if (runAs !== null) {
    const account = await findAccount(runAs);
    if (!account) throw new Fault('blocked', `there is no account ${runAs} on this host`);
    return { uid: account.uid, gid: account.gid, groups };
  }
  if (file.uid === null) throw new Fault('internal', `${file.definition.name} has no account`);
  return { uid: file.uid, gid: file.uid, groups };
}

async function acceleratorGroups(): Promise<readonly number[]> {
  const kvm = await groupId('kvm');
  return kvm === undefined ? [] : [kvm];
}

/** What the account of any vm may be taken for at /dev/kvm; undefined as for `accountOf`. */
export async function accountAtAccelerator(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const { first } = defaultUidRange;
  return { uid: first, gid: first, groups: await acceleratorGroups() };
}

/**
 * The account that a process has, whatever became of the account since; undefined as for `accountOf`, and
 * for a process that has ended.
 */
export async function accountOfProcess(pid: number): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const numbers = (name: string): number[] =>
    (new RegExp(`^${name}:(.*)$`, 'm').exec(status)?.[1]?.match(/\d+/g) ?? []).map(Number);
  const [uid] = numbers('Uid');
  const [gid] = numbers('Gid');
  if (uid === undefined || gid === undefined) return undefined;
  return { uid, gid, groups: numbers('Groups') };
}

/** Of the devices it needs, and of the disks that it shares. */
async function groupsFor({ file, range, acceleration }: AccountQuestion): Promise<number[]> {
  const groups = new Set<number>(acceleration === 'kvm' ? await acceleratorGroups() : []);
  const { hardware } = file.definition;
  if (hardware.disks.some(({ shared }) => shared)) groups.add(sharedGroup(range));
  if (hardware.graphics.acceleration3d) {
    const render = await groupId('render');
    if (render !== undefined) groups.add(render);
  }
  const media = [...hardware.opticalDrives.map(({ medium }) => medium), hardware.floppy?.medium];
  for (const mapped of [...hardware.serialPorts, hardware.parallelPort, ...media]) {
    if (mapped?.kind !== 'device') continue;
    const stats = await stat(mapped.device).catch(() => undefined);
    if (stats && stats.gid !== 0) groups.add(stats.gid);
  }
  return [...groups];
}

/**
 * The account of a vm's scripts: that of its process, without the groups that open devices and shared disks.
 * Errors: `blocked` while it is missing or locked, or where there is none with fewer rights than the agent.
 */
export async function scriptAccountOf(file: MachineFile): Promise<Account> {
  const { definition, uid } = file;
  const refuse = (why: string): Fault =>
    new Fault('blocked', `cannot run a script of ${definition.name}: ${why}`);
  if (process.getuid?.() !== 0 || (definition.settings.runAs === null && uid === null))
    throw refuse('the agent does not run as root, so that there is no account with fewer rights');
  const { reasons } = await judgeAccount(file);
  const [reason] = reasons;
  if (reason !== undefined) throw refuse(reason.text);
  const { runAs } = definition.settings;
  const account = runAs === null ? { uid: uid ?? 0, gid: uid ?? 0 } : await findAccount(runAs);
  if (account === undefined) throw refuse(`there is no account ${runAs} on this host`);
  return { uid: account.uid, gid: account.gid, groups: [] };
}

export interface AccountFindings {
  readonly reasons: Reason[];
  readonly warnings: Reason[];
}

/** A chosen account that is missing or closed blocks; a powerful one as well until it is confirmed. */
export async function judgeAccount(file: MachineFile): Promise<AccountFindings> {
  const { runAs, evenPowerfulAccount } = file.definition.settings;
  if (runAs === null || process.getuid?.() !== 0) return { reasons: [], warnings: [] };
  const account = await findAccount(runAs);
  const remedy = 'choose another account, or none: the vm then has one of its own';
  if (!account) {
    const text = `there is no account ${runAs} on this host`;
    return { reasons: [{ code: 'account-missing', text, remedy }], warnings: [] };
  }
  if (await isLocked(runAs)) {
    const text = `the account ${runAs} is closed`;
    return { reasons: [{ code: 'account-locked', text, remedy }], warnings: [] };
  }
  if (!(await isPowerful(account))) return { reasons: [], warnings: [] };
  const powerful: Reason = {
    code: 'account-powerful',
    text: `the account ${runAs} has the rights of an administrator: whoever breaks out of the vm has the host`,
    remedy: `${remedy}; or confirm it: settings.evenPowerfulAccount=true`,
  };
  return evenPowerfulAccount
    ? { reasons: [], warnings: [powerful] }
    : { reasons: [powerful], warnings: [] };
}
