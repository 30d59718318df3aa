/** A host that carries networks, for tests: a network namespace, and what the agent there is told of its machines. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  adapterSchema,
  networkSpecSchema,
  type Adapter,
  type HostLease,
  type NetworkReport,
  type NetworkSpec,
} from '#api';
import { systemClock } from '#lib';
import { silentLog } from '#log';
import { readBootId } from '../drivers/qemu/process/proc.ts';
import { newMachineFile, type MachineFile } from '../machine/record.ts';
import { LinuxNetworks } from '../network/linux/linux-networks.ts';
import type { LinuxNetworksOptions } from '../network/linux/linux-options.ts';
import { writeAlias } from '../network/linux/names.ts';
import { findPrograms } from '../network/linux/programs.ts';
import { must, type NetGuest } from './net-guest.ts';
import { makeDefinition } from './simulated-host.ts';

export const hostId = '30000000-0000-4000-8000-000000000001';
const range = { first: 1_900_100_000, count: 1000 };

export function spec(number: number, more: object): NetworkSpec {
  const id = `20000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  return networkSpecSchema.parse({ id, name: `net-${number}`, ipv4: null, ...more });
}

export function addresses(net: string, more: object = {}) {
  return {
    subnet: `${net}.0/24`,
    gateway: `${net}.1`,
    service: `${net}.2`,
    dhcp: { first: `${net}.100`, last: `${net}.150`, leaseSeconds: 3600 },
    dnsServers: [],
    ...more,
  };
}

export function adapterOn(network: string, mac: string, more: Partial<Adapter> = {}): Adapter {
  return adapterSchema.parse({
    slot: 0,
    model: 'virtio',
    mac,
    macMode: 'static',
    attachment: { kind: 'network', network },
    ...more,
  });
}

/** A vm with an adapter on the network. */
export function machineOn(network: string, name: string, mac: string): MachineFile {
  const definition = makeDefinition({ name, hardware: { adapters: [adapterOn(network, mac)] } });
  return newMachineFile(definition, 1, { folder: '/none', file: '/none/vm.json' }, 0);
}

export interface PluggedGuest {
  readonly tap: string;
  change(more: Partial<Adapter>): Promise<void>;
}

type PlaceOptions = Partial<
  Pick<LinuxNetworksOptions, 'sightMs' | 'verifyMs' | 'coordinator' | 'programs'>
>;

/** A host that carries networks, and what it is told of its machines. */
export class Place implements AsyncDisposable {
  readonly folder: string;
  readonly troubles: string[] = [];
  /** What was told to be mended. */
  readonly mends: string[] = [];
  files: MachineFile[] = [];
  networks!: LinuxNetworks;

  readonly #options: PlaceOptions;

  private constructor(folder: string, options: PlaceOptions) {
    this.folder = folder;
    this.#options = options;
  }

  static async make(options: PlaceOptions = {}): Promise<Place> {
    const place = new Place(await mkdtemp(join(tmpdir(), 'gl-')), options);
    await chmod(place.folder, 0o711);
    await place.open();
    return place;
  }

  /** As an agent that begins: machines are looked for, those whose taps are there, and then all else. */
  async open(more: PlaceOptions = {}, running: readonly MachineFile[] = []): Promise<void> {
    const programs = await findPrograms();
    assert.ok(typeof programs !== 'string', String(programs));
    this.networks = await LinuxNetworks.open({
      hostId,
      programs,
      dataDir: this.folder,
      runtimeDir: this.folder,
      bootId: readBootId(),
      range,
      allFiles: () => this.files,
      log: silentLog,
      onNetworkTrouble: (reason) => this.troubles.push(reason),
      onNetworkMended: ({ name }, what) => this.mends.push(`${name}: ${what}`),
      onAdapterUndone: (adapter, reason) => this.troubles.push(`${adapter}: ${reason}`),
      coordinator: undefined,
      ...this.#options,
      ...more,
    });
    for (const { definition } of running)
      await this.networks.find(definition.id, definition.hardware.adapters);
    this.networks.look();
  }

  /** Carries these networks for as many vms, `vm-1` on the first one. */
  async carry(...networks: readonly NetworkSpec[]): Promise<void> {
    this.files = networks.map(({ id }, at) =>
      machineOn(id, `vm-${at + 1}`, `52:47:59:00:00:0${at + 1}`),
    );
    await this.networks.configure(networks);
    this.networks.look();
    await this.until(`${networks.length} networks`, () =>
      networks.every(({ id }) => this.report(id)?.state === 'ready'),
    );
  }

  /** What the service of the network has leased, once it has leased anything. */
  async leases(id: string): Promise<readonly HostLease[]> {
    await this.until('leases', () => (this.networks.leaseTables.get(id)?.length ?? 0) > 0);
    return this.networks.leaseTables.get(id) ?? [];
  }

  report(id: string): NetworkReport | undefined {
    return this.networks.reports.find((one) => one.id === id);
  }

  bridge({ id }: NetworkSpec): string {
    return this.report(id)?.bridge ?? 'none';
  }

  async until(what: string, holds: () => boolean, limitMs = 60_000): Promise<void> {
    const until = Date.now() + limitMs;
    while (!holds()) {
      if (Date.now() > until)
        throw new Error(
          `not within ${limitMs} ms: ${what}; ${JSON.stringify(this.networks.reports)}`,
        );
      // What is asked of programs stops this process meanwhile, and the networks are kept by it.
      await systemClock.sleep(100);
    }
  }

  /**
   * Plugs a guest in as a vm's adapter: its cable bears the alias that a tap is known by. Answers the cable, and
   * what changes the adapter as its vm runs.
   */
  async plug(guest: NetGuest, vm: string, adapter: Adapter): Promise<PluggedGuest> {
    // Known first: what no machine has is taken away.
    await this.networks.replug(vm, adapter);
    const tap = guest.plug(undefined, adapter.mac);
    must(
      'ip',
      'link',
      'set',
      'dev',
      tap,
      'alias',
      writeAlias(hostId, { kind: 'adapter', vm, slot: adapter.slot }),
    );
    await this.networks.replug(vm, adapter);
    return { tap, change: (more) => this.networks.replug(vm, { ...adapter, ...more }) };
  }

  /** dnsmasq of this place. */
  services(): string[] {
    return must('ps', '-eo', 'pid=,args=')
      .split('\n')
      .filter((line) => line.includes(`--conf-file=${this.folder}`))
      .map((line) => line.trim().split(' ')[0] ?? '');
  }

  async empty(): Promise<void> {
    this.files = [];
    await this.networks.configure([]);
    this.networks.look();
    await this.until('nothing is carried', () => this.networks.reports.length === 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.empty();
    await this.networks[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export const ownLinks = (): string[] =>
  (JSON.parse(must('ip', '-json', 'link', 'show')) as { ifname: string }[])
    .map(({ ifname }) => ifname)
    .filter((name) => /^g(br|tap|svc|ifb)\d+$/.test(name));
export const ownTables = (): string => must('nft', 'list', 'tables');
