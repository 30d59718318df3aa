/**
 * Several hosts on one wire for tests of networks: each a network namespace with a program that carries networks
 * (network-host.ts), and guests that are namespaces with a cable into a bridge of one of them.
 */
import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostLease, NetworkReport } from '#api';
import { systemClock } from '#lib';
import { NetGuest } from './net-guest.ts';
import type { Tells, Told } from './network-host.ts';

const program = fileURLToPath(new URL('network-host.ts', import.meta.url));
let counter = 0;

export class NetworkHost implements AsyncDisposable {
  readonly id: string;
  readonly name: string;
  /** On the wire. */
  readonly address: string;
  readonly space: NetGuest;
  reports: readonly NetworkReport[] = [];
  leases: ReadonlyMap<string, readonly HostLease[]> = new Map();
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(name: string, number: number, space: NetGuest, folder: string) {
    this.id = `30000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
    this.name = name;
    this.address = `198.51.100.${number}`;
    this.space = space;
    this.#folder = folder;
    this.#child = fork(program, [folder], {
      execPath: '/usr/bin/nsenter',
      execArgv: [`--net=/proc/${space.pid}/ns/net`, '--', process.execPath],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', (tells: Tells) => {
      this.reports = tells.reports;
      this.leases = new Map(tells.leases);
    });
  }

  /** On a bridge of this process's own namespace. */
  static async make(name: string, number: number, wire: string): Promise<NetworkHost> {
    const space = await NetGuest.make();
    const folder = await mkdtemp(join(tmpdir(), 'gh-'));
    await chmod(folder, 0o711);
    const host = new NetworkHost(name, number, space, folder);
    space.plug(wire);
    space.run('ip', 'address', 'add', `${host.address}/24`, 'dev', 'eth0');
    return host;
  }

  tell(told: Omit<Told, 'hostId'>): void {
    this.#child.send({ ...told, hostId: this.id });
  }

  bridge(network: string): string {
    return this.reports.find(({ id }) => id === network)?.bridge ?? 'none';
  }

  report(network: string): NetworkReport | undefined {
    return this.reports.find(({ id }) => id === network);
  }

  /** A guest of this host with this MAC address in the network. */
  async guest(network: string, mac: string): Promise<NetGuest> {
    const guest = await NetGuest.make();
    counter += 1;
    const near = `hg${counter}`;
    const peer = ['peer', 'name', 'eth0', 'address', mac, 'netns', String(guest.pid)];
    this.space.run('ip', 'link', 'add', 'name', near, 'type', 'veth', ...peer);
    this.space.run('ip', 'link', 'set', 'dev', near, 'master', this.bridge(network), 'up');
    guest.run('ip', 'link', 'set', 'dev', 'eth0', 'up');
    return guest;
  }

  /** Its program is killed; what it made goes on, as that of an agent does. */
  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** Whether its cable is in. */
  setCable(state: 'up' | 'down'): void {
    this.space.run('ip', 'link', 'set', 'dev', 'eth0', state);
  }

  async until(what: string, holds: () => boolean, limitMs = 60_000): Promise<void> {
    const untilMs = systemClock.now() + limitMs;
    while (!holds()) {
      if (systemClock.now() > untilMs)
        throw new Error(
          `${this.name}, not within ${limitMs} ms: ${what}; ${JSON.stringify(this.reports)}`,
        );
      await systemClock.sleep(30);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.kill();
    // Services outlive who started them.
    spawnSync('pkill', ['-KILL', '-f', `^[^ ]*dnsmasq .*${this.#folder}/`]);
    this.space[Symbol.dispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The bridge that hosts are joined by, in the namespace of this process. */
export function makeWire(name: string): void {
  spawnSync('ip', ['link', 'add', 'name', name, 'type', 'bridge']);
  writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, '1');
  spawnSync('ip', ['link', 'set', 'dev', name, 'up']);
}
