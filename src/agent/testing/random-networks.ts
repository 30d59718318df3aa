/**
 * Networks under random operations: vms come, move and go, networks are made and deleted, others delete what is ours,
 * agents end and begin. After each burst the host is looked at from outside, and has exactly what the documents say:
 * interfaces by their aliases, ports in their bridges, services, tables, forwarding. The same seed does the same.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { NetworkSpec } from '#api';
import { systemClock } from '#lib';
import type { MachineFile } from '../machine/record.ts';
import { mortalPrograms } from './mortal-programs.ts';
import { must } from './net-guest.ts';
import { addresses, hostId, machineOn, ownTables, type Place, spec } from './network-place.ts';

const settleMs = 60_000;
const lookMs = 50;
const maxVms = 12;
/** Within so many calls of programs an agent that is to be killed is. */
const lastCalls = 40;
const lastSteps = 5;

/** mulberry32: 32 bits of state, the same numbers for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below) | 0;
  };
}

const all: readonly NetworkSpec[] = [
  spec(1, { type: 'nat', ipv4: addresses('10.75.1') }),
  spec(2, { type: 'nat', ipv4: addresses('10.75.2'), ipv6: { prefix: 'fd75:0:0:2::/64' } }),
  spec(3, { type: 'host-only', ipv4: addresses('10.75.3') }),
  spec(4, { type: 'internal', ipv4: addresses('10.75.4', { gateway: null }) }),
  spec(5, { type: 'internal' }),
];

export interface Progress {
  readonly onStep: (name: string) => void;
  readonly onBurst: (done: number) => void;
}

type Step = readonly [number, string, () => Promise<void> | void];

interface Link {
  readonly ifname: string;
  readonly ifalias?: string;
  readonly master?: string;
}

export class RandomNetworks {
  readonly #place: Place;
  readonly #random: (below: number) => number;
  #known: readonly NetworkSpec[] = all;
  readonly #plugged = new Set<string>();
  /** What an agent is asked for, each as often as its number says. */
  readonly #asked: readonly Step[] = [
    [6, 'a vm comes', () => this.#come()],
    [4, 'a vm goes', () => this.#go()],
    [3, 'a vm starts', () => this.#plug()],
    [2, 'a vm ends', () => this.#end()],
    [3, 'an adapter moves', () => this.#move()],
    [2, 'networks change', () => this.#change()],
  ];
  #counter = 0;

  constructor(place: Place, seed: number) {
    this.#place = place;
    this.#random = randomFrom(seed);
  }

  /** So many operations, in bursts of at most `burst`; answers how many of each there were. */
  async run(
    count: number,
    burst: number,
    { onStep, onBurst }: Progress = { onStep: () => undefined, onBurst: () => undefined },
  ): Promise<Readonly<Record<string, number>>> {
    const times: Record<string, number> = {};
    let done = 0;
    await this.#place.networks.configure(this.#known);
    while (done < count) {
      const many = Math.min(1 + this.#random(burst), count - done);
      const names: string[] = [];
      for (let at = 0; at < many; at += 1) {
        const name = await this.#step();
        names.push(name);
        onStep(name);
      }
      for (const name of names) times[name] = (times[name] ?? 0) + 1;
      done += many;
      await this.#settle(`after ${done} operations, at last ${names.join(', ')}`);
      onBurst(done);
    }
    this.#place.files = [];
    for (const id of this.#plugged) await this.#unplug(id);
    await this.#place.networks.configure([]);
    this.#place.networks.look();
    await this.#settle('at the end');
    return times;
  }

  async #step(): Promise<string> {
    const steps: readonly Step[] = [
      ...this.#asked,
      [2, 'an interface is deleted', () => this.#deleteLink()],
      [1, 'rules are flushed', () => this.#flush()],
      [1, 'a service is killed', () => this.#killService()],
      [1, 'an agent follows another', () => this.#restart()],
      [1, 'an agent is killed at one of its calls', () => this.#kill()],
    ];
    return this.#one(steps);
  }

  async #one(steps: readonly Step[]): Promise<string> {
    let at = this.#random(steps.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, name, work] of steps) {
      at -= weight;
      if (at >= 0) continue;
      await work();
      return name;
    }
    return 'nothing';
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[this.#random(from.length)];
  }

  #come(): void {
    const network = this.#pick(this.#known);
    if (network === undefined || this.#place.files.length >= maxVms) return;
    this.#counter += 1;
    const mac = `52:47:59:${[16, 8, 0].map((shift) => ((this.#counter >>> shift) & 255).toString(16).padStart(2, '0')).join(':')}`;
    const file = machineOn(network.id, `vm-${this.#counter}`, mac);
    this.#place.files = [...this.#place.files, file];
    this.#place.networks.look();
  }

  async #go(): Promise<void> {
    const file = this.#pick(this.#place.files);
    if (file === undefined) return;
    const { id } = file.definition;
    this.#place.files = this.#place.files.filter((one) => one !== file);
    if (this.#plugged.has(id)) await this.#unplug(id);
    this.#place.networks.look();
  }

  async #plug(): Promise<void> {
    const file = this.#pick(this.#place.files);
    if (file === undefined || this.#plugged.has(file.definition.id)) return;
    const { id, hardware } = file.definition;
    await this.#place.networks.plug(id, 1_900_100_007, hardware.adapters);
    this.#plugged.add(id);
  }

  async #end(): Promise<void> {
    const id = this.#pick([...this.#plugged]);
    if (id !== undefined) await this.#unplug(id);
  }

  async #unplug(id: string): Promise<void> {
    this.#plugged.delete(id);
    await this.#place.networks.unplug(id);
  }

  async #move(): Promise<void> {
    const file = this.#pick(this.#place.files);
    const network = this.#pick(this.#known);
    if (file === undefined || network === undefined) return;
    const adapters = file.definition.hardware.adapters.map((adapter) => ({
      ...adapter,
      attachment: { kind: 'network', network: network.id } as const,
    }));
    const { definition } = file;
    const moved: MachineFile = {
      ...file,
      definition: { ...definition, hardware: { ...definition.hardware, adapters } },
    };
    this.#place.files = this.#place.files.map((one) => (one === file ? moved : one));
    if (this.#plugged.has(definition.id))
      for (const adapter of adapters) await this.#place.networks.replug(definition.id, adapter);
    this.#place.networks.look();
  }

  /** What is in use stays. */
  async #change(): Promise<void> {
    const used = this.#used();
    this.#known = all.filter(({ id }) => used.has(id) || this.#random(2) === 0);
    await this.#place.networks.configure(this.#known);
  }

  /** Not a tap: its process has it open, and nobody can give it another one. */
  #deleteLink(): void {
    const link = this.#pick(links().filter(({ ifname }) => /^g(br|svc)\d/.test(ifname)));
    // It may be on its way out: with a service goes its cable.
    if (link !== undefined) spawnSync('ip', ['link', 'del', 'dev', link.ifname]);
  }

  #flush(): void {
    must('nft', 'flush', 'ruleset');
  }

  #killService(): void {
    const pid = this.#pick(this.#place.services());
    if (pid !== undefined) spawnSync('kill', ['-KILL', pid]);
  }

  async #restart(options: Parameters<Place['open']>[0] = {}): Promise<void> {
    await this.#place.networks[Symbol.asyncDispose]();
    const running = this.#place.files.filter(({ definition }) => this.#plugged.has(definition.id));
    await this.#place.open(options, running);
  }

  /** From some call on nothing of what it asks for is done, and what asked it hears no more of it. */
  async #kill(): Promise<void> {
    const calls = 1 + this.#random(lastCalls);
    const steps = 1 + this.#random(lastSteps);
    try {
      await this.#restart({ programs: await mortalPrograms(this.#place.folder, calls) });
      for (let step = 0; step < steps; step += 1) await this.#one(this.#asked);
    } catch {
      // It was killed over it.
    }
    await this.#restart();
    await this.#place.networks.configure(this.#known);
  }

  #used(): ReadonlySet<string> {
    return new Set(
      this.#place.files.flatMap(({ definition }) =>
        definition.hardware.adapters.flatMap(({ attachment }) =>
          attachment.kind === 'network' ? [attachment.network] : [],
        ),
      ),
    );
  }

  async #settle(when: string): Promise<void> {
    const untilMs = systemClock.now() + settleMs;
    for (;;) {
      const [is, should] = [this.#is(), this.#should()];
      if (JSON.stringify(is) === JSON.stringify(should)) return;
      if (systemClock.now() > untilMs) assert.deepEqual(is, should, when);
      await systemClock.sleep(lookMs);
    }
  }

  /** Interfaces with the networks that they are in, and the rest, as the documents say. */
  #should(): unknown {
    const used = all.filter(({ id }) => this.#used().has(id));
    const served = used.filter(({ ipv4 }) => ipv4 !== null);
    const ports = this.#place.files
      .filter(({ definition }) => this.#plugged.has(definition.id))
      .map(({ definition: { id, hardware } }) => {
        const [adapter] = hardware.adapters;
        const attachment = adapter?.attachment;
        return `adapter ${id}/0 in ${attachment?.kind === 'network' ? attachment.network : 'none'}`;
      });
    return {
      links: [
        ...used.map(({ id }) => `network ${id}`),
        ...served.map(({ id }) => `service ${id} in ${id}`),
        ...ports,
      ].sort(),
      services: served.length,
      tables: used.length > 0,
      forwarding: used.some(({ type }) => type === 'nat'),
      forwarding6: used.some(({ type, ipv6 }) => type === 'nat' && ipv6 !== null),
    };
  }

  #is(): unknown {
    const present = links();
    const networkOf = (master: string | undefined): string =>
      present.find(({ ifname }) => ifname === master)?.ifalias?.split(' ')[3] ?? 'none';
    return {
      links: present
        .filter(({ ifname }) => /^g(br|svc|tap|ifb|vx)\d/.test(ifname))
        .map(({ ifalias = '', master }) => {
          const [, host = 'nobody', kind, what] = ifalias.split(' ');
          if (host !== hostId) return `something of ${host}`;
          return kind === 'network' ? `network ${what}` : `${kind} ${what} in ${networkOf(master)}`;
        })
        .sort(),
      services: this.#place.services().length,
      tables: ownTables() !== '',
      forwarding: isOn('/proc/sys/net/ipv4/ip_forward'),
      forwarding6: isOn('/proc/sys/net/ipv6/conf/all/forwarding'),
    };
  }
}

const links = (): readonly Link[] =>
  JSON.parse(must('ip', '-json', 'link', 'show')) as readonly Link[];
const isOn = (path: string): boolean => readFileSync(path, 'utf8').trim() === '1';
