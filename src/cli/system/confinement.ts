/**
 * What the coordinator may do where root installed it under systemd (HOST-12): an account of its own, its own
 * two folders to write in, no capability, no device, no other user's processes or homes, and only the system
 * calls of an ordinary service (systemd.exec(5)). The agent stays root: it gives every vm an account, a
 * control group and devices.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from '#lib';
import type { Installation } from '../installation.ts';
import { root } from './processes.ts';
import { giveFolder, shareFolder, superuser, type Account } from './service-account.ts';

/** Hidden from the coordinator (ProtectHome=), but for what of its own lies there. */
const homes = ['/home', '/root', '/run/user'];
const program = root.replace(/\/$/, '');

const dataFolder = (installation: Installation): string => join(installation.data, 'coordinator');
const ownFolders = (installation: Installation): readonly string[] => [
  dataFolder(installation),
  join(installation.runtime, 'coordinator'),
];
const readFolders = ({ config }: Installation): readonly string[] => [
  program,
  process.execPath,
  config,
];
const certificateFolder = (installation: Installation): string => join(installation.config, 'tls');

const within = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder}/`);
const inHome = (path: string): boolean => homes.some((home) => within(path, home));
const passes = (path: string): boolean => within(path, '/run') && !inHome(path);
/** A service with temporary folders of its own would not find its data there. */
const isTemporary = (path: string): boolean => within(path, '/tmp') || within(path, '/var/tmp');

/** What the account owned is root's again, so that no later account of its number inherits it. */
export async function takeCoordinatorFiles(installation: Installation): Promise<void> {
  for (const folder of ownFolders(installation))
    if (existsSync(folder)) await giveFolder(folder, superuser);
}

/** The lines of the unit; `quote` as systemd.syntax(7) wants it. */
export function confinementLines(
  installation: Installation,
  account: string,
  listen: string,
  quote: (text: string) => string,
): readonly string[] {
  const own = ownFolders(installation);
  // What is gone after a boot is made by systemd at every start.
  const [passing, kept] = [own.filter(passes), own.filter((path) => !passes(path))];
  const capability = Number(listen.split(':').at(-1)) < 1024 ? 'CAP_NET_BIND_SERVICE' : '';
  return [
    `User=${account}`,
    `Group=${account}`,
    ...passing.map((path) => `RuntimeDirectory=${quote(path.slice('/run/'.length))}`),
    'RuntimeDirectoryMode=0700',
    `CapabilityBoundingSet=${capability}`,
    `AmbientCapabilities=${capability}`,
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
    'ProtectHome=tmpfs',
    ...kept.map((path) => `${inHome(path) ? 'BindPaths' : 'ReadWritePaths'}=${quote(path)}`),
    ...readFolders(installation)
      .filter(inHome)
      .map((path) => `BindReadOnlyPaths=${quote(path)}`),
    ...([...own, ...readFolders(installation)].some(isTemporary) ? [] : ['PrivateTmp=yes']),
    'PrivateDevices=yes',
    'PrivateIPC=yes',
    'ProtectProc=invisible',
    'ProtectClock=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    'ProtectControlGroups=yes',
    // AF_NETLINK: the addresses of this machine, which the server's certificate names.
    'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'LockPersonality=yes',
    'KeyringMode=private',
    'RemoveIPC=yes',
    'SystemCallArchitectures=native',
    'SystemCallFilter=@system-service',
    'SystemCallErrorNumber=EPERM',
  ];
}

/**
 * Makes the coordinator's folders the account's own, also those that an earlier start as root has filled,
 * and lets it read the user's certificate. The coordinator must not run. Errors: `refused` where the account
 * cannot reach the programs or its data.
 */
export async function giveCoordinatorFiles(
  installation: Installation,
  account: Account,
): Promise<void> {
  mkdirSync(installation.data, { recursive: true, mode: 0o711 });
  mkdirSync(installation.runtime, { recursive: true, mode: 0o755 });
  for (const folder of ownFolders(installation))
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  const seen = [...ownFolders(installation), ...readFolders(installation)];
  for (const path of [process.execPath, join(program, 'src/coordinator/main.ts')])
    refuseBarrier(path, 0o004, account, seen);
  for (const path of [join(program, 'node_modules'), installation.data, installation.runtime])
    refuseBarrier(path, 0o001, account, seen);
  for (const folder of ownFolders(installation)) await giveFolder(folder, account);
  const tls = certificateFolder(installation);
  if (existsSync(tls)) await shareFolder(tls, account);
}

/** Others pass to `path`, and may do with it what `bits` says. */
function refuseBarrier(
  path: string,
  bits: number,
  account: Account,
  seen: readonly string[],
): void {
  for (let part = path, wanted = bits; part !== '/'; part = dirname(part), wanted = 0o001) {
    // In place of a home the coordinator sees an empty folder with nothing but what is shown to it.
    if (inHome(part) && seen.some((one) => one !== part && within(one, part))) continue;
    if ((statSync(part).mode & wanted) === wanted) continue;
    const remedy = within(part, program) ? `chmod -R o+rX ${program}` : `chmod o+x ${part}`;
    throw new Fault('refused', `the coordinator's account ${account.name} cannot reach ${part}`, {
      hint: `let it, with: ${remedy}; or put it where others may pass, such as /opt or /srv`,
    });
  }
}
