/**
 * The DHCP and DNS service of one network: a dnsmasq in a network namespace of its own, joined to the bridge
 * by a pair of interfaces.
 *
 *   bridge -- gsvcN ==== eth0, the service's address | dnsmasq, an account of nobody's
 *
 * Invariants: (1) the namespace has no name and ends with the process, and the pair with it; (2) the process is
 * found by its configuration file among its arguments, whoever started it; (3) leases are in a file of the
 * agent's data and outlive both; (4) its files are for the agent and the account of the service alone (HOST-39);
 * (5) a network has one, and one that did not begin in time is ended.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { addressIn, idSchema, type HostLease, type NetworkSpec } from '#api';
import { Fault, systemClock } from '#lib';
import { sendSignal, untilGone } from '../../drivers/qemu/process/exit.ts';
import { findByArguments, identify, isAlive } from '../../drivers/qemu/process/proc.ts';
import type { ProcessIdentity } from '../../machine/record.ts';
import { writeFileAtomic } from '../../storage/atomic-file.ts';
import { writeLeases } from './leases.ts';
import type { Link } from './links.ts';
import { freeName, linkLocalOf, macOf, makeLink, writeAlias } from './names.ts';
import { run, type Programs } from './programs.ts';
import {
  writeHosts,
  writeServiceConfig,
  type KnownAdapter,
  type ServicePlaces,
} from './service-config.ts';

const startMs = 5_000;
const lookMs = 2;
const goneMs = 5_000;
/** What dnsmasq asks for, in a namespace where there is nothing but its own interface. */
const capabilities = ['net_admin', 'net_raw', 'net_bind_service'];
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' };

export interface ServiceHost {
  readonly programs: Programs;
  readonly hostId: string;
  readonly bootId: string;
  readonly uid: number;
  /** Below it each network has a folder. */
  readonly folder: string;
}

export interface ServiceWish {
  readonly network: NetworkSpec;
  readonly bridge: string;
  readonly adapters: readonly KnownAdapter[];
  readonly upstream: readonly string[];
  /** Of a network that spans hosts. */
  readonly handed: Handed | undefined;
  readonly links: readonly Link[];
}

/** What the service begins its term on this host with. */
interface Handed {
  readonly term: number;
  readonly leases: readonly HostLease[];
}

export function servicePlaces(folder: string, network: string): ServicePlaces {
  const own = join(folder, network);
  return {
    folder: own,
    config: join(own, 'dnsmasq.conf'),
    hosts: join(own, 'hosts'),
    leases: join(own, 'leases'),
    log: join(own, 'log'),
    term: join(own, 'term'),
  };
}

export interface RunningService {
  readonly process: ProcessIdentity;
  readonly cable: 'in' | 'made-again';
}

/** Resolves when it serves as it should, started, told anew or left as it is. Errors: `unavailable`, `timeout`. */
export async function ensureService(
  host: ServiceHost,
  known: ProcessIdentity | undefined,
  wish: ServiceWish,
): Promise<RunningService | undefined> {
  const { network, upstream, adapters } = wish;
  const places = servicePlaces(host.folder, network.id);
  const config = writeServiceConfig(network, places, upstream);
  if (config === undefined) {
    // Where there was a service, its configuration tells it.
    if (existsSync(places.config)) await removeService(host, network.id);
    return undefined;
  }
  // The account of the service passes through.
  await mkdir(host.folder, { recursive: true, mode: 0o711 });
  await mkdir(places.folder, { recursive: true, mode: 0o700 });
  await chmod(places.folder, 0o700);
  await chown(places.folder, host.uid, host.uid);
  const hosts = await keepFile(places.hosts, writeHosts(network, adapters), host.uid);
  const changed = await keepFile(places.config, config, host.uid);
  let process = isRunning(host, known) ? known : await findService(host, network.id);
  const taken = await takeOver(places, wish.handed);
  if (process !== undefined && (changed === 'written' || taken === 'to-take')) {
    await endProcess(host, process);
    process = undefined;
  }
  if (taken === 'to-take' && wish.handed !== undefined) {
    await keepFile(places.leases, writeLeases(wish.handed.leases), host.uid);
    await keepFile(places.term, String(wish.handed.term), host.uid);
  }
  if (process !== undefined) {
    if (hosts === 'written') reload(process);
    return { process, cable: await joinBridge(host, process, wish, 'perhaps-joined') };
  }
  const started = await startService(host, places);
  await joinBridge(host, started, wish, 'not-joined');
  return { process: started, cable: 'in' };
}

/** Whether the leases here are of another term than the one that begins. */
async function takeOver(
  places: ServicePlaces,
  handed: Handed | undefined,
): Promise<'to-take' | 'taken'> {
  if (handed === undefined) return 'taken';
  const term = await readFile(places.term, 'utf8').catch(() => '');
  return term === String(handed.term) ? 'taken' : 'to-take';
}

/** Ids of the networks that have, or had, a service of this host. */
export async function servedNetworks({ folder }: ServiceHost): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => idSchema.safeParse(name).success);
}

async function endService(host: ServiceHost, network: string): Promise<void> {
  for (const process of await findServices(host, network)) await endProcess(host, process);
}

/** The service ends, and with it its namespace and its interfaces; nothing of the network remains. */
export async function removeService(host: ServiceHost, network: string): Promise<void> {
  await endService(host, network);
  await rm(servicePlaces(host.folder, network).folder, { recursive: true, force: true });
}

/**
 * The service forgets a lease: it ends for a moment, since it keeps its leases in memory and writes them out as it
 * has them. Errors: `not-found` where it does not run here, or has not leased the address.
 */
export async function releaseAddress(
  host: ServiceHost,
  process: ProcessIdentity | undefined,
  network: string,
  address: string,
): Promise<void> {
  const { leases } = servicePlaces(host.folder, network);
  const isLease = (line: string): boolean => line.split(' ')[2] === address;
  const lines = (await readFile(leases, 'utf8').catch(() => '')).split('\n');
  if (process === undefined || !lines.some(isLease))
    throw new Fault('not-found', `network ${network} has not leased ${address} here`);
  await endProcess(host, process);
  const kept = (await readFile(leases, 'utf8')).split('\n').filter((line) => !isLease(line));
  await keepFile(leases, kept.join('\n'), host.uid);
}

export function isRunning({ bootId }: ServiceHost, process: ProcessIdentity | undefined): boolean {
  return process !== undefined && isAlive(process, bootId);
}

/** Of several, which agents that were killed have left, none is known to have the cable: all of them end. */
async function findService(
  host: ServiceHost,
  network: string,
): Promise<ProcessIdentity | undefined> {
  const [only, ...others] = await findServices(host, network);
  if (others.length === 0) return only;
  await endService(host, network);
  return undefined;
}

async function findServices(
  { folder, bootId }: ServiceHost,
  network: string,
): Promise<readonly ProcessIdentity[]> {
  const found = await findByArguments([configArgument(servicePlaces(folder, network))]);
  return found.flatMap(({ pid }) => identify(pid, bootId) ?? []);
}

const configArgument = ({ config }: ServicePlaces): string => `--conf-file=${config}`;

async function endProcess({ bootId }: ServiceHost, process: ProcessIdentity): Promise<void> {
  sendSignal(process, bootId, 'SIGTERM');
  if (await untilGone(process, bootId, goneMs)) return;
  sendSignal(process, bootId, 'SIGKILL');
  await untilGone(process, bootId, goneMs);
}

/** dnsmasq reads its file of hosts again (dnsmasq(8), NOTES). */
function reload({ pid }: ProcessIdentity): void {
  try {
    process.kill(pid, 'SIGHUP');
  } catch {
    // It has ended; the next look starts it.
  }
}

async function keepFile(path: string, text: string, uid: number): Promise<'written' | 'same'> {
  const before = await readFile(path, 'utf8').catch(() => undefined);
  if (before === text) return 'same';
  await writeFileAtomic(path, text, { mode: 0o600, durability: 'cached' });
  await chown(path, uid, uid);
  return 'written';
}

/** In a namespace of its own when this resolves. */
async function startService(host: ServiceHost, places: ServicePlaces): Promise<ProcessIdentity> {
  const { programs, uid, bootId } = host;
  const allowed = capabilities.map((name) => `+${name}`).join(',');
  const args = [
    '--net',
    '--',
    programs.setpriv,
    `--reuid=${uid}`,
    `--regid=${uid}`,
    '--clear-groups',
    '--no-new-privs',
    `--inh-caps=-all,${allowed}`,
    `--ambient-caps=-all,${allowed}`,
    `--bounding-set=-all,${allowed}`,
    '--',
    programs.dnsmasq,
    configArgument(places),
  ];
  // What the last one said is of no account any more: the log holds one life of the service.
  const log = openSync(places.log, 'w', 0o600);
  let identity: ProcessIdentity | undefined;
  try {
    const child = spawn(programs.unshare, args, {
      detached: true,
      cwd: '/',
      env: environment,
      stdio: ['ignore', log, log],
    });
    await once(child, 'spawn');
    child.unref();
    identity = child.pid === undefined ? undefined : identify(child.pid, bootId);
    if (identity === undefined) throw new Error('it ended at once');
    await untilServing(identity, bootId, programs.dnsmasq, places);
    return identity;
  } catch (cause) {
    if (identity !== undefined) await endProcess(host, identity);
    throw new Fault('unavailable', 'cannot start the service of the network', { cause });
  } finally {
    closeSync(log);
  }
}

/** The chain of programs has come to its last one, in a namespace that is not ours. */
async function untilServing(
  { pid, startTicks }: ProcessIdentity,
  bootId: string,
  program: string,
  places: ServicePlaces,
): Promise<void> {
  const ours = await readlink('/proc/self/ns/net');
  const until = Date.now() + startMs;
  for (;;) {
    const [theirs, image] = await Promise.all(
      ['ns/net', 'exe'].map((name) => readlink(`/proc/${pid}/${name}`).catch(() => undefined)),
    );
    if (theirs !== undefined && theirs !== ours && image === program) return;
    if (!isAlive({ pid, startTicks, bootId }, bootId)) {
      const said = await readFile(places.log, 'utf8').catch(() => '');
      throw new Fault('unavailable', `it ended: ${said.trim().split('\n').at(-1)?.slice(0, 300)}`);
    }
    if (Date.now() > until) throw new Fault('timeout', 'it does not begin');
    await systemClock.sleep(lookMs);
  }
}

/** One end of the pair in the bridge, the other one in the namespace, with the service's address. */
async function joinBridge(
  host: ServiceHost,
  { pid }: ProcessIdentity,
  { network, bridge, links }: ServiceWish,
  before: 'perhaps-joined' | 'not-joined',
): Promise<RunningService['cable']> {
  const { programs, hostId } = host;
  const purpose = { kind: 'service', network: network.id } as const;
  const alias = writeAlias(hostId, purpose);
  const link = links.find((one) => one.alias === alias);
  if (before === 'perhaps-joined' && link?.hasCarrier === true) {
    if (link.master !== bridge)
      await run(programs.ip, ['link', 'set', 'dev', link.name, 'master', bridge, 'up']);
    return 'in';
  }
  // The pair of a service that has ended goes with its namespace, a moment after the process.
  if (link !== undefined) await run(programs.ip, ['link', 'del', 'dev', link.name]).catch(() => '');
  const taken = links.filter((one) => one !== link).map((one) => one.name);
  const name = freeName('service', new Set(taken));
  const peer = ['name', 'eth0', 'address', macOf('service', network.id), 'netns', String(pid)];
  const make = (made: string): readonly string[] => [
    'link',
    'add',
    'name',
    made,
    'type',
    'veth',
    'peer',
    ...peer,
  ];
  for (const call of makeLink(hostId, { name, purpose }, make)) await run(programs.ip, call);
  await run(programs.ip, ['link', 'set', 'dev', name, 'master', bridge, 'up']);
  await routeInside(host, pid, network);
  for (const call of insideCalls(network)) await runInside(programs, pid, call);
  return 'made-again';
}

function runInside(programs: Programs, pid: number, call: readonly string[]): Promise<string> {
  return run(programs.nsenter, [`--net=/proc/${pid}/ns/net`, '--', programs.ip, ...call]);
}

function insideCalls({ id, ipv4, ipv6, type }: NetworkSpec): readonly (readonly string[])[] {
  if (ipv4 === null || ipv4.service === null) return [];
  const length = ipv4.subnet.slice(ipv4.subnet.indexOf('/') + 1);
  return [
    ['link', 'set', 'dev', 'lo', 'up'],
    ['address', 'replace', `${ipv4.service}/${length}`, 'dev', 'eth0'],
    ['link', 'set', 'dev', 'eth0', 'up'],
    ...(type === 'nat' && ipv4.gateway !== null
      ? [['route', 'replace', 'default', 'via', ipv4.gateway]]
      : []),
    ...(ipv6 === null
      ? []
      : [['-6', 'address', 'replace', `${addressIn(ipv6.prefix, 2)}/64`, 'dev', 'eth0', 'nodad']]),
    // By the address of its link, so that vms are told of the shorter way (RFC 4861 8.2).
    ...(ipv6 !== null && type === 'nat'
      ? [
          [
            '-6',
            'route',
            'replace',
            'default',
            'via',
            linkLocalOf(macOf('network', id)),
            'dev',
            'eth0',
          ],
        ]
      : []),
  ];
}

const forwarding = '/proc/sys/net/ipv6/conf/all/forwarding';

/** Its service is the router that vms know: it hands on to the host what is not for the network. */
async function routeInside(
  { programs, folder }: ServiceHost,
  pid: number,
  { id, type, ipv6 }: NetworkSpec,
): Promise<void> {
  if (type !== 'nat' || ipv6 === null) return;
  // Settings of a namespace are written from inside: the value is copied there.
  const on = join(servicePlaces(folder, id).folder, 'on');
  await writeFileAtomic(on, '1\n', { mode: 0o600, durability: 'cached' });
  await run(programs.nsenter, [`--net=/proc/${pid}/ns/net`, '--', programs.cp, on, forwarding]);
}
