/** Which account a vm's process runs under, and what stands against it (SEC-53 to SEC-55). */
import { readFile, stat } from 'node:fs/promises';
import { tellFinding, type HostSettings } from '#api';
import { Fault, type Reason } from '#lib';
import type { MachineFile } from '../../../machine/record.ts';
import type { AccountChoice, AccountFindings, ScriptOf } from '../../driver.ts';
import {
  baseGroup,
  defaultUidRange,
  findAccount,
  groupId,
  hostScriptUid,
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

/** Of the devices it needs, of the disks that it shares, and of the parents that its disks came with. */
async function groupsFor({ file, range, acceleration }: AccountQuestion): Promise<number[]> {
  const groups = new Set<number>(acceleration === 'kvm' ? await acceleratorGroups() : []);
  const { hardware } = file.definition;
  if (hardware.disks.some(({ shared }) => shared)) groups.add(sharedGroup(range));
  const { files, served = [] } = file.layers;
  if (files.some(({ borrowed }) => borrowed) || served.some(({ parents }) => parents.length > 0))
    groups.add(baseGroup(range));
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

/** Whose scripts are run: a vm, or the host itself. */
export interface ScriptOwner extends AccountChoice {
  readonly name: string;
  /** The id that it has by itself; null: none. */
  readonly uid: number | null;
}

/** Nothing that a host does by itself needs an administrator's rights: no setting of it confirms them. */
export function scriptOwner(
  of: ScriptOf,
  host: { readonly hostName: string; readonly settings: () => Pick<HostSettings, 'runAs'> },
  range: UidRange,
): ScriptOwner {
  if (of === 'host') {
    const { runAs } = host.settings();
    return { name: host.hostName, runAs, evenPowerfulAccount: false, uid: hostScriptUid(range) };
  }
  const { name, settings } = of.definition;
  const { runAs, evenPowerfulAccount } = settings;
  return { name, runAs, evenPowerfulAccount, uid: of.uid };
}

/**
 * The account of scripts: for those of a vm that of its process, without the groups that open devices and shared
 * disks. Errors: `blocked` while it is missing or locked, or where there is none with fewer rights than the agent.
 */
export async function scriptAccountOf(owner: ScriptOwner): Promise<Account> {
  const { name, runAs, uid } = owner;
  const refuse = (why: string): Fault =>
    new Fault('blocked', `cannot run a script of ${name}: ${why}`);
  if (process.getuid?.() !== 0 || (runAs === null && uid === null))
    throw refuse('the agent does not run as root, so that there is no account with fewer rights');
  const { reasons } = await judgeAccountChoice(owner);
  const [reason] = reasons;
  if (reason !== undefined) throw refuse(reason.text);
  const account = runAs === null ? { uid: uid ?? 0, gid: uid ?? 0 } : await findAccount(runAs);
  if (account === undefined) throw refuse(`there is no account ${runAs} on this host`);
  return { uid: account.uid, gid: account.gid, groups: [] };
}

export function judgeAccount(file: MachineFile): Promise<AccountFindings> {
  return judgeAccountChoice(file.definition.settings);
}

/** A chosen account that is missing or closed blocks; a powerful one as well until it is confirmed. */
export async function judgeAccountChoice({
  runAs,
  evenPowerfulAccount,
}: AccountChoice): Promise<AccountFindings> {
  if (runAs === null || process.getuid?.() !== 0) return { reasons: [], warnings: [] };
  const account = await findAccount(runAs);
  const refuse = (code: 'account-missing' | 'account-locked'): AccountFindings => {
    const { evidence: text, remedy } = tellFinding(code, { account: runAs });
    return { reasons: [{ code, text, remedy }], warnings: [] };
  };
  if (!account) return refuse('account-missing');
  if (await isLocked(runAs)) return refuse('account-locked');
  if (!(await isPowerful(account))) return { reasons: [], warnings: [] };
  const powerful: Reason = {
    code: 'account-powerful',
    text: `the account ${runAs} has the rights of an administrator: whoever breaks out has the host`,
    remedy:
      'choose another account, or none: the vm then has one of its own; or confirm it: settings.evenPowerfulAccount=true',
  };
  return evenPowerfulAccount
    ? { reasons: [], warnings: [powerful] }
    : { reasons: [powerful], warnings: [] };
}
