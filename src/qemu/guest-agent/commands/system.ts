/** The guest's identity, clock, users and power (qga/qapi-schema.json). */
import { finite, flag, integer, list, map, oneOf, optional, record } from '../../parse.ts';
import type { GuestCommandOptions } from '../client.ts';
import { anything, ask, label, type Agent } from './ask.ts';

export interface GuestAgentInfo {
  /** The agent's version (GA-19). */
  readonly version: string;
  /** Commands that it knows and has not been told to refuse (GA-03). */
  readonly commands: ReadonlySet<string>;
}

const parseInfo = map(
  record({
    version: label(64),
    supported_commands: list(record({ name: label(128), enabled: flag }), 1024),
  }),
  (info): GuestAgentInfo => ({
    version: info.version,
    commands: new Set(
      info.supported_commands.filter(({ enabled }) => enabled).map(({ name }) => name),
    ),
  }),
);

export function info(agent: Agent, options?: GuestCommandOptions): Promise<GuestAgentInfo> {
  return ask(agent, 'guest-info', undefined, parseInfo, options);
}

/** The heartbeat (GA-07). */
export async function ping(agent: Agent, options?: GuestCommandOptions): Promise<void> {
  await ask(agent, 'guest-ping', undefined, anything, options);
}

export interface GuestOsInfo {
  /** `debian`, `mswindows`. */
  readonly id: string | undefined;
  readonly name: string | undefined;
  /** `Debian GNU/Linux 12 (bookworm)`. */
  readonly prettyName: string | undefined;
  readonly version: string | undefined;
  readonly versionId: string | undefined;
  readonly kernelRelease: string | undefined;
  /** `x86_64`. */
  readonly machine: string | undefined;
}

const maybe = optional(label());
const parseOsInfo = map(
  record({
    id: maybe,
    name: maybe,
    'pretty-name': maybe,
    version: maybe,
    'version-id': maybe,
    'kernel-release': maybe,
    machine: maybe,
  }),
  (os): GuestOsInfo => ({
    id: os.id,
    name: os.name,
    prettyName: os['pretty-name'],
    version: os.version,
    versionId: os['version-id'],
    kernelRelease: os['kernel-release'],
    machine: os.machine,
  }),
);

export function getOsinfo(agent: Agent, options?: GuestCommandOptions): Promise<GuestOsInfo> {
  return ask(agent, 'guest-get-osinfo', undefined, parseOsInfo, options);
}

export function getHostName(agent: Agent, options?: GuestCommandOptions): Promise<string> {
  const parser = map(record({ 'host-name': label() }), (answer) => answer['host-name']);
  return ask(agent, 'guest-get-host-name', undefined, parser, options);
}

const nsPerMs = 1_000_000;

/** Milliseconds since 1970 UTC by the guest's clock (GA-16). */
export function getTime(agent: Agent, options?: GuestCommandOptions): Promise<number> {
  const parser = map(finite, (ns) => ns / nsPerMs);
  return ask(agent, 'guest-get-time', undefined, parser, options);
}

/** Sets the guest's clock; without a time, to that of its own real-time clock (GA-12). */
export async function setTime(
  agent: Agent,
  timeMs: number | undefined,
  options?: GuestCommandOptions,
): Promise<void> {
  const args = timeMs === undefined ? undefined : { time: Math.round(timeMs) * nsPerMs };
  await ask(agent, 'guest-set-time', args, anything, options);
}

/** Of an account of the guest; encrypted as the guest keeps it. */
export async function setUserPassword(
  agent: Agent,
  {
    user,
    password,
    isEncrypted,
  }: { readonly user: string; readonly password: string; readonly isEncrypted: boolean },
  options?: GuestCommandOptions,
): Promise<void> {
  const args = {
    username: user,
    password: Buffer.from(password).toString('base64'),
    crypted: isEncrypted,
  };
  await ask(agent, 'guest-set-user-password', args, anything, options);
}

export interface GuestTimeZone {
  readonly name: string | undefined;
  /** East of UTC, in seconds. */
  readonly offsetSeconds: number;
}

const dayInSeconds = 86_400;
const parseZone = map(
  record({ zone: maybe, offset: integer(-dayInSeconds, dayInSeconds) }),
  (answer): GuestTimeZone => ({ name: answer.zone, offsetSeconds: answer.offset }),
);

export function getTimezone(agent: Agent, options?: GuestCommandOptions): Promise<GuestTimeZone> {
  return ask(agent, 'guest-get-timezone', undefined, parseZone, options);
}

export interface GuestUser {
  readonly name: string;
  /** On Windows. */
  readonly domain: string | undefined;
  /** When the first of the user's sessions began, milliseconds since 1970 UTC. */
  readonly loggedInAtMs: number;
}

const parseUsers = list(
  map(record({ user: label(), domain: maybe, 'login-time': finite }), (user): GuestUser => ({
    name: user.user,
    domain: user.domain,
    loggedInAtMs: user['login-time'] * 1000,
  })),
  1024,
);

export function getUsers(
  agent: Agent,
  options?: GuestCommandOptions,
): Promise<readonly GuestUser[]> {
  return ask(agent, 'guest-get-users', undefined, parseUsers, options);
}

export interface GuestProcessor {
  readonly index: number;
  readonly online: boolean;
  readonly canGoOffline: boolean;
}

const parseProcessors = list(
  map(
    record({ 'logical-id': integer(0), online: flag, 'can-offline': optional(flag) }),
    (processor): GuestProcessor => ({
      index: processor['logical-id'],
      online: processor.online,
      canGoOffline: processor['can-offline'] ?? false,
    }),
  ),
  1024,
);

export function getVcpus(
  agent: Agent,
  options?: GuestCommandOptions,
): Promise<readonly GuestProcessor[]> {
  return ask(agent, 'guest-get-vcpus', undefined, parseProcessors, options);
}

/** Switches processors on or off in the guest; returns how many it did. */
export function setVcpus(
  agent: Agent,
  processors: readonly { readonly index: number; readonly state: 'online' | 'offline' }[],
  options?: GuestCommandOptions,
): Promise<number> {
  const vcpus = processors.map(({ index, state }) => ({
    'logical-id': index,
    online: state === 'online',
  }));
  return ask(agent, 'guest-set-vcpus', { vcpus }, integer(0), options);
}

export type ShutdownMode = 'powerdown' | 'reboot' | 'halt';

/** An agent that agrees says nothing; one that cannot says so within this time. */
const shutdownGraceMs = 1_500;

/** Hands the request over (GA-17). Errors: `refused` with the agent's words; as `tell`. */
export function shutdown(
  agent: Agent,
  mode: ShutdownMode,
  options?: GuestCommandOptions,
): Promise<void> {
  return agent.tell('guest-shutdown', { mode }, shutdownGraceMs, options);
}

const freezeStates = ['thawed', 'frozen'] as const;
export type FreezeState = (typeof freezeStates)[number];

export function fsfreezeStatus(agent: Agent, options?: GuestCommandOptions): Promise<FreezeState> {
  return ask(agent, 'guest-fsfreeze-status', undefined, oneOf(freezeStates), options);
}

/** Flushes and holds all file systems; returns how many. While frozen the agent knows little else. */
export function fsfreezeFreeze(agent: Agent, options?: GuestCommandOptions): Promise<number> {
  return ask(agent, 'guest-fsfreeze-freeze', undefined, integer(0), options);
}

/** As `fsfreezeFreeze`, of those that are mounted there alone. */
export function fsfreezeFreezeList(
  agent: Agent,
  mountpoints: readonly string[],
  options?: GuestCommandOptions,
): Promise<number> {
  const args = { mountpoints: [...mountpoints] };
  return ask(agent, 'guest-fsfreeze-freeze-list', args, integer(0), options);
}

export function fsfreezeThaw(agent: Agent, options?: GuestCommandOptions): Promise<number> {
  return ask(agent, 'guest-fsfreeze-thaw', undefined, integer(0), options);
}
