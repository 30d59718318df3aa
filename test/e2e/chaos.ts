/**
 * Chaos: a load of lifecycle actions on real machines while coordinator, agent and QEMU are killed with
 * -9 at random moments. From a seed, as far as real processes let it be.
 *
 * What must hold: no vm is lost, stuck or started twice; no operation that was accepted is forgotten;
 * afterwards every vm does what it is asked.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { finishedStates, vmStateFacts, type PowerAction, type Vm } from '#api';
import { isFault, systemClock, withDeadline } from '#lib';
import { findProgram } from '../../src/cli/system/processes.ts';
import type { Gantry } from './gantry.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly vms: number;
}

export interface ChaosResult {
  readonly kills: Readonly<Record<Victim, number>>;
  readonly accepted: number;
  readonly refused: number;
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
  { seed, durationMs, vms }: ChaosOptions,
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
      try {
        const operation = await gantry
          .client()
          .call('vm.act', { params: { vm, action }, body: {} });
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
  await checkAfterwards(gantry, names, accepted, seed);
  return { kills, accepted: accepted.size, refused };
}

async function checkAfterwards(
  gantry: Gantry,
  names: readonly string[],
  accepted: ReadonlySet<string>,
  seed: number,
): Promise<void> {
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
  for (const id of accepted) {
    const operation = await client.call('operation.show', { params: { operation: id } });
    assert.ok(
      finishedStates.includes(operation.state),
      `seed ${seed}: operation ${id} is ${operation.state}`,
    );
  }
  const vms = await list();
  assert.deepEqual(
    vms.map((vm) => vm.name).toSorted(),
    names.toSorted(),
    `seed ${seed}: a vm is lost`,
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
  for (const { name, state } of vms) {
    if (state === 'saved') await gantry.must('vm', 'discard', name, '--yes');
    else if (state !== 'off') await gantry.must('vm', 'turn-off', name, '--yes');
    await gantry.must('vm', 'turn-on', name);
    await gantry.must('vm', 'turn-off', name, '--yes');
    await gantry.must('vm', 'delete', name, '--yes');
  }
  assert.deepEqual(machinesOf(gantry), []);
}
