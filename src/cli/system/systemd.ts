/**
 * systemd units, written where systemd runs.
 *
 * A stop of the agent alone leaves its vms running (KillMode=process). When the system goes down it ends
 * them by their stop actions before it ends itself (src/agent/host/system-end.ts), so it is stopped before
 * anything that they need: After= counts backwards at a shutdown (HOST-49).
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '#lib';
import type { Installation } from '../installation.ts';
import { confinementLines, giveCoordinatorFiles, takeCoordinatorFiles } from './confinement.ts';
import { ensureAccount, removeAccount } from './service-account.ts';
import { programEnvironment, type Program } from './processes.ts';

const run = promisify(execFile);

export interface ServiceManager {
  readonly folder: string;
  /** `--user` or nothing. */
  readonly scope: readonly string[];
}

/** systemd as this user can use it; undefined where it does not run. */
export function findServiceManager(uid: number): ServiceManager | undefined {
  if (!existsSync('/run/systemd/system')) return undefined;
  if (uid === 0) return { folder: '/etc/systemd/system', scope: [] };
  if (!existsSync(`/run/user/${uid}/systemd`)) return undefined;
  return {
    folder: join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'systemd/user'),
    scope: ['--user'],
  };
}

/** `gantry-agent.service`, with a mark of the data folder where the installation is not the default one. */
export function unitName(installation: Installation, program: Program): string {
  const mark =
    installation.named === undefined
      ? ''
      : `-${createHash('sha256').update(installation.data).digest('hex').slice(0, 8)}`;
  return `gantry${mark}-${program}.service`;
}

/** Quoted as systemd.syntax(7) wants it. */
function quote(text: string): string {
  if (/^[\w@:,./=-]+$/.test(text)) return text;
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('%', '%%');
  return `"${escaped}"`;
}

/** In a command line `$` is said twice as well (systemd.service(5)). */
const quoteArgument = (argument: string): string => quote(argument).replaceAll('$', '$$$$');

/** The text of a unit (systemd.service(5)). */
export function unitText(
  installation: Installation,
  program: Program,
  command: readonly string[],
  scope: readonly string[],
): string {
  const wantedBy = scope.length === 0 ? 'multi-user.target' : 'default.target';
  const after =
    program === 'agent'
      ? `network-online.target ${unitName(installation, 'coordinator')}`
      : 'network-online.target';
  // The agent has a limit of its own for its vms; systemd gives a shutdown as a whole half an hour.
  const stop =
    program === 'agent'
      ? ['KillMode=process', 'Delegate=yes', 'TimeoutStopSec=1800']
      : ['TimeoutStopSec=30'];
  const limits = program === 'coordinator' ? confine(installation, command, scope) : [];
  return [
    '[Unit]',
    `Description=Gantry ${program} (${JSON.stringify(installation.data).slice(1, -1).replaceAll('%', '%%')})`,
    `After=${after}`,
    'Wants=network-online.target',
    `RequiresMountsFor=${quote(installation.data)}`,
    // A host is not given up for what may be over in a minute.
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=exec',
    ...Object.entries(programEnvironment).map(
      ([name, value]) => `Environment=${quote(`${name}=${value}`)}`,
    ),
    `ExecStart=${command.map(quoteArgument).join(' ')}`,
    'Restart=on-failure',
    'RestartSec=1',
    'LimitNOFILE=65536',
    'UMask=0077',
    ...stop,
    ...limits,
    '',
    '[Install]',
    `WantedBy=${wantedBy}`,
    '',
  ].join('\n');
}

/** What a coordinator may do less than whoever installed it. */
function confine(
  installation: Installation,
  command: readonly string[],
  scope: readonly string[],
): readonly string[] {
  if (scope.length > 0)
    return ['NoNewPrivileges=yes', 'RestrictSUIDSGID=yes', 'LockPersonality=yes'];
  const listen = command[command.indexOf('--listen') + 1] ?? '';
  return confinementLines(installation, accountName(installation), listen, quote);
}

/** Whether the program runs under an account of its own. */
export function hasAccount({ scope }: ServiceManager, program: Program): boolean {
  return program === 'coordinator' && scope.length === 0;
}

/** Of the operating system, for the coordinator of this installation. */
export function accountName(installation: Installation): string {
  return unitName(installation, 'coordinator').replace(/\.service$/, '');
}

async function systemctl(manager: ServiceManager, ...args: string[]): Promise<void> {
  try {
    await run('systemctl', [...manager.scope, ...args]);
  } catch (error) {
    throw new Fault('unavailable', `systemctl ${args.join(' ')} failed`, { cause: error });
  }
}

/** Writes the unit if it is not as wanted, enables and starts it. */
export async function startService(
  manager: ServiceManager,
  installation: Installation,
  program: Program,
  command: readonly string[],
): Promise<void> {
  const name = unitName(installation, program);
  const file = join(manager.folder, name);
  const text = unitText(installation, program, command, manager.scope);
  if (hasAccount(manager, program))
    await giveCoordinatorFiles(
      installation,
      await ensureAccount(accountName(installation), 'Gantry coordinator'),
    );
  mkdirSync(manager.folder, { recursive: true });
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    writeFileSync(file, text);
    await systemctl(manager, 'daemon-reload');
  }
  await systemctl(manager, 'enable', '--now', name);
}

export async function stopService(
  manager: ServiceManager,
  installation: Installation,
  program: Program,
): Promise<void> {
  if (existsSync(join(manager.folder, unitName(installation, program))))
    await systemctl(manager, 'stop', unitName(installation, program));
}

export async function removeService(
  manager: ServiceManager,
  installation: Installation,
  program: Program,
): Promise<void> {
  const name = unitName(installation, program);
  if (!existsSync(join(manager.folder, name))) return;
  await systemctl(manager, 'disable', '--now', name);
  rmSync(join(manager.folder, name));
  await systemctl(manager, 'daemon-reload');
  if (!hasAccount(manager, program)) return;
  const account = accountName(installation);
  await takeCoordinatorFiles(installation);
  await removeAccount(account);
}

/** What the program said last, a line each. */
export async function readServiceLog(
  manager: ServiceManager,
  installation: Installation,
  program: Program,
  lines: number,
): Promise<readonly string[]> {
  // By this field, and not with -u, which brings systemd's own remarks along.
  const field = manager.scope.length === 0 ? '_SYSTEMD_UNIT' : '_SYSTEMD_USER_UNIT';
  const which = `${field}=${unitName(installation, program)}`;
  try {
    const args = ['--no-pager', '-q', '-o', 'cat', '-n', String(lines), which];
    const { stdout } = await run('journalctl', args);
    return stdout.trimEnd().split('\n');
  } catch {
    return [];
  }
}

export async function serviceIsActive(
  manager: ServiceManager,
  installation: Installation,
  program: Program,
): Promise<boolean> {
  try {
    await run('systemctl', [
      ...manager.scope,
      'is-active',
      '--quiet',
      unitName(installation, program),
    ]);
    return true;
  } catch {
    return false;
  }
}
