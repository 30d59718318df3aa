/**
 * Chaos: a load of lifecycle actions on real machines while coordinator, agent and QEMU are killed with
 * -9 at random moments. From a seed, as far as real processes let it be.
 *
 * What must hold: no vm is lost, stuck or started twice; no operation that was accepted is forgotten;
 * afterwards every vm does what it is asked.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  finishedStates,
  vmStateFacts,
  type Client,
  type Operation,
  type PowerAction,
  type Vm,
} from '#api';
import { isFault, systemClock, withDeadline } from '#lib';
import { findProgram } from '../../src/cli/system/processes.ts';
import type { Gantry } from './gantry.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly vms: number;
  /** `all`: also snapshots, templates and copies, which take longer. Default: their power alone. */
  readonly deeds?: 'power' | 'all';
}

export interface ChaosResult {
  readonly kills: Readonly<Record<Victim, number>>;
  readonly accepted: number;
  readonly refused: number;
  /** How many operations ended so, by action and state. */
  readonly ends: Readonly<Record<string, number>>;
}

type Victim = 'coordinator' | 'agent' | 'qemu';

const victims: readonly Victim[] = ['coordinator', 'agent', 'qemu', 'qemu'];
const actions: readonly PowerAction[] = [
  'turn-on',
  'turn-on',
  'turn-off',
  'pause',
  'resume',
  'save',
  'restore',
  'reset',
  'restart',
  'discard',
  'hold',
  'release',
];

type Deed = (client: Client, vm: string, random: (below: number) => number) => Promise<Operation>;

const copyName = (random: (below: number) => number): string => `chaos-copy-${random(5)}`;
const aSnapshot = async (client: Client, vm: string): Promise<string> =>
  (await client.call('vm.snapshot.list', { params: { vm } })).items.at(-1)?.name ?? 'none';

/** What changes files of vms, most of it in several steps. */
const deeds: readonly Deed[] = [
  (client, vm) => client.call('vm.template.make', { params: { vm } }),
  (client, vm) => client.call('vm.template.end', { params: { vm } }),
  (client, vm, random) =>
    client.call('vm.clone', {
      params: { vm },
      body: { name: copyName(random), linked: random(2) === 0 },
    }),
  (client, _vm, random) => client.call('vm.delete', { params: { vm: copyName(random) } }),
  (client, _vm, random) => client.call('vm.flatten', { params: { vm: copyName(random) } }),
  (client, vm, random) =>
    client.call('vm.snapshot.take', { params: { vm }, body: { name: `s${random(4)}` } }),
  async (client, vm) =>
    client.call('vm.snapshot.delete', { params: { vm, snapshot: await aSnapshot(client, vm) } }),
  async (client, vm) =>
    client.call('vm.snapshot.revert', {
      params: { vm, snapshot: await aSnapshot(client, vm) },
      body: {},
    }),
];
const quietLimitMs = 120_000;

/** Mulberry32: small, seeded, good enough to choose by. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

interface Process {
  readonly pid: number;
  readonly vm: string;
}

/** QEMU processes of this installation with the name of their vm. */
function machinesOf(gantry: Gantry): readonly Process[] {
  const found: Process[] = [];
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      const vm = /guest=([\w-]+),/.exec(command)?.[1];
      if (
        vm !== undefined &&
        command.startsWith('/usr/bin/qemu-system') &&
        command.includes(gantry.data)
      )
        found.push({ pid: Number(name), vm });
    } catch {
      // it has ended meanwhile
    }
  }
  return found;
}

function twice(machines: readonly Process[]): readonly string[] {
  const names = machines.map((machine) => machine.vm);
  return names.filter((name, index) => names.indexOf(name) !== index);
}

/** Runs chaos over an installation that is up, then checks what must hold. */
export async function runChaos(
  gantry: Gantry,
  { seed, durationMs, vms, deeds: scope = 'power' }: ChaosOptions,
): Promise<ChaosResult> {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const names = Array.from({ length: vms }, (_, index) => `chaos-${index + 1}`);
  for (const name of names)
    await gantry.must('vm', 'create', name, '--memory', '32M', '--disk', '16M');
  const kills: Record<Victim, number> = { coordinator: 0, agent: 0, qemu: 0 };
  const accepted = new Set<string>();
  let refused = 0;
  const over = systemClock.now() + durationMs;

  const load = async (): Promise<void> => {
    while (systemClock.now() < over) {
      const [vm, action] = [pick(names), pick(actions)];
      const deed = scope === 'all' && random(2) === 0 ? pick(deeds) : undefined;
      try {
        const client = gantry.client();
        const operation =
          deed === undefined
            ? await client.call('vm.act', { params: { vm, action }, body: {} })
            : await deed(client, vm, random);
        accepted.add(operation.id);
      } catch (error) {
        if (!isFault(error) && !(error instanceof TypeError)) throw error;
        refused += 1;
      }
      await systemClock.sleep(50 + random(200));
    }
  };

  const kill = async (): Promise<void> => {
    while (systemClock.now() < over) {
      await systemClock.sleep(500 + random(2500));
      const victim = pick(victims);
      const pid =
        victim === 'qemu'
          ? pick(machinesOf(gantry))?.pid
          : findProgram(gantry.installation, victim);
      if (pid === undefined) continue;
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        continue;
      }
      kills[victim] += 1;
      if (victim !== 'qemu') await gantry.must('up', '--yes', '--no-vm');
    }
  };

  const guard = async (): Promise<void> => {
    while (systemClock.now() < over) {
      const double = twice(machinesOf(gantry));
      // a process that was just killed may be seen beside its successor for the moment of its end
      if (double.length > 0) {
        await systemClock.sleep(300);
        assert.deepEqual(twice(machinesOf(gantry)), [], `seed ${seed}: started twice`);
      }
      await systemClock.sleep(100);
    }
  };

  await Promise.all([load(), load(), kill(), guard()]);
  await gantry.must('up', '--yes', '--no-vm');
  const ends = await checkAfterwards(gantry, names, accepted, seed);
  return { kills, accepted: accepted.size, refused, ends };
}

async function checkAfterwards(
  gantry: Gantry,
  names: readonly string[],
  accepted: ReadonlySet<string>,
  seed: number,
): Promise<ChaosResult['ends']> {
  const client = gantry.client();
  const list = async (): Promise<readonly Vm[]> =>
    (await client.call('vm.list', { query: { filter: 'name : chaos-', limit: 1000 } })).items;
  await withDeadline(
    `seed ${seed}: all operations to end and all states to settle`,
    quietLimitMs,
    undefined,
    async (signal) => {
      for (;;) {
        const operations = await client.call(
          'operation.list',
          { query: { filter: 'state = pending OR state = running OR state = cancelling' } },
          signal,
        );
        const moving = (await list()).filter((vm) => !vmStateFacts[vm.state].stable);
        if (operations.total === 0 && moving.length === 0) return;
        await systemClock.sleep(200, signal);
      }
    },
  );
  const ends: Record<string, number> = {};
  for (const id of accepted) {
    const operation = await client.call('operation.show', { params: { operation: id } });
    const end = `${operation.action} ${operation.state}`;
    ends[end] = (ends[end] ?? 0) + 1;
    assert.ok(
      finishedStates.includes(operation.state),
      `seed ${seed}: operation ${id} is ${operation.state}`,
    );
  }
  const vms = await list();
  const isCopy = ({ name }: Vm): boolean => name.startsWith('chaos-copy-');
  assert.deepEqual(
    vms
      .filter((vm) => !isCopy(vm))
      .map((vm) => vm.name)
      .toSorted(),
    names.toSorted(),
    `seed ${seed}: a vm is lost`,
  );
  const folders = readdirSync(join(gantry.data, 'agent/vms'));
  assert.deepEqual(
    folders.toSorted(),
    vms.map(({ path }) => basename(path)).toSorted(),
    `seed ${seed}: a folder of no vm is left`,
  );
  const machines = machinesOf(gantry);
  for (const vm of vms) {
    const running = machines.filter((machine) => machine.vm === vm.name).length;
    assert.equal(
      running,
      vmStateFacts[vm.state].live ? 1 : 0,
      `seed ${seed}: ${vm.name} is ${vm.state} and has ${running} processes`,
    );
  }
  // Copies first: no template ends while some stand on it.
  for (const { name, state, template } of vms.toSorted(
    (one, other) => Number(isCopy(other)) - Number(isCopy(one)),
  )) {
    if (template) await gantry.must('vm', 'template', name, '--end');
    if (state === 'saved') await gantry.must('vm', 'discard', name, '--yes');
    else if (state !== 'off') await gantry.must('vm', 'turn-off', name, '--yes');
    await gantry.must('vm', 'turn-on', name);
    await gantry.must('vm', 'turn-off', name, '--yes');
    await gantry.must('vm', 'delete', name, '--yes');
  }
  assert.deepEqual(machinesOf(gantry), []);
  return ends;
}
