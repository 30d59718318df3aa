/**
 * Power actions by the dozen while agent and processes are killed at random moments. Seeded: a run that
 * fails says its seed, and GANTRY_CHAOS_SEED runs it again. GANTRY_CHAOS_SECONDS makes it longer.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { vmStateFacts, type MachineReport, type PowerAction } from '#api';
import { isFault, systemClock } from '#lib';
import { Chance } from './drivers/simulated/chance.ts';
import { bareDefinition, QemuAgent, withoutQemu } from './testing/qemu-agent.ts';

const seed = process.env['GANTRY_CHAOS_SEED'] ?? String(Date.now());
const seconds = Number(process.env['GANTRY_CHAOS_SECONDS'] ?? 12);
const machines = 3;

const actions: readonly [PowerAction, ...PowerAction[]] = [
  'turn-on',
  'turn-on',
  'turn-on',
  'pause',
  'resume',
  'save',
  'save',
  'restore',
  'restore',
  'discard',
  'reset',
  'restart',
  'turn-off',
];

class Chaos {
  readonly agent: QemuAgent;
  readonly chance: Chance;
  readonly ids: string[] = [];
  readonly counts = new Map<string, number>();
  #step = 0;

  constructor(agent: QemuAgent, chance: Chance) {
    this.agent = agent;
    this.chance = chance;
  }

  /** One after the other on each machine, as its operations do; what is refused or cut off is as good. */
  async drive(id: string, untilMs: number): Promise<void> {
    while (Date.now() < untilMs) {
      this.#step += 1;
      const action = this.chance.pick(actions, 'action', id, this.#step);
      try {
        await this.agent.act(id, action, {});
        this.#count(`${action} done`);
      } catch (error) {
        assert.ok(isFault(error), String(error));
        this.#count(`${action} ${error.code}`);
        // A bug would be one of these.
        const isBug = ['internal', 'corrupt', 'invalid'].includes(error.code);
        assert.ok(!isBug, `${action}: ${error.message} ${JSON.stringify(error.facts)}`);
        await systemClock.sleep(this.chance.between(5, 60, 'pause', id, this.#step));
      }
    }
  }

  async disturb(untilMs: number): Promise<void> {
    for (let blow = 0; Date.now() < untilMs; blow += 1) {
      await systemClock.sleep(this.chance.between(50, 900, 'wait', blow));
      const what = this.chance.pick(['agent', 'process', 'process', 'link'], 'blow', blow);
      this.#count(`blow ${what}`);
      if (what === 'link') await this.#cutLink();
      else if (what === 'process') this.#killProcess(blow);
      else await this.agent.restart();
    }
  }

  async #cutLink(): Promise<void> {
    const links = this.agent.host.links;
    this.agent.coordinator.cut();
    await this.agent.host.until('the link comes back', () => this.agent.host.links > links, 60_000);
  }

  #killProcess(blow: number): void {
    const id = this.ids[Math.floor(this.chance.draw('victim', blow) * this.ids.length)] ?? '';
    const pid = this.agent.pid(id);
    if (pid === undefined) return;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself in between.
    }
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}

test(
  'VM-29 VM-85 VM-86 EVT-10 no vm is lost, stuck or started twice, whoever is killed and when',
  { skip: withoutQemu },
  async (t) => {
    t.diagnostic(`seed ${seed}`);
    await using agent = await QemuAgent.start();
    const chaos = new Chaos(agent, new Chance(seed));
    for (let n = 0; n < machines; n += 1) chaos.ids.push(await agent.create(bareDefinition()));
    const untilMs = Date.now() + seconds * 1000;
    const work = [...chaos.ids.map((id) => chaos.drive(id, untilMs)), chaos.disturb(untilMs)];
    await Promise.all(work).catch((error: unknown) => {
      t.diagnostic(agent.process.output.slice(-4000));
      for (const id of chaos.ids) {
        for (const path of globSync(`${agent.folder(id)}/*`)) {
          const head = readFileSync(path).subarray(0, 8).toString('hex');
          t.diagnostic(`${path}: ${statSync(path).size} bytes, ${head}`);
        }
      }
      throw error;
    });
    for (const [what, count] of chaos.counts) t.diagnostic(`${what}: ${count}`);
    await agent.host.until(
      'every machine comes to rest',
      () => chaos.ids.every((id) => isStable(agent.host.reports.get(id))),
      30_000,
    );
    for (const id of chaos.ids) {
      const report = agent.host.reports.get(id);
      const isLive = report !== undefined && vmStateFacts[report.state].live;
      // A process that ends is told within moments.
      for (let turn = 0; turn < 40 && (agent.pid(id) !== undefined) !== isLive; turn += 1) {
        await systemClock.sleep(50);
      }
      const now = agent.host.reports.get(id);
      const state = now?.state ?? 'unknown';
      assert.equal(agent.pid(id) !== undefined, vmStateFacts[state].live, state);
      const saved = globSync(`${agent.folder(id)}/*.saved`);
      assert.equal(saved.length, state === 'saved' ? 1 : 0, `${state}: ${saved.join()}`);
      assert.deepEqual(globSync(`${agent.folder(id)}/*.part`), []);
      await recoverToRunning(agent, id, now);
    }
    const seqs = agent.host.events.map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      seqs.map((_, index) => index + 1),
    );
  },
);

function isStable(report: MachineReport | undefined): boolean {
  return report !== undefined && vmStateFacts[report.state].stable;
}

/** Whatever it has been through, it can be used. */
async function recoverToRunning(
  agent: QemuAgent,
  id: string,
  report: MachineReport | undefined,
): Promise<void> {
  if (report?.state === 'saved') await agent.act(id, 'discard');
  else await agent.act(id, 'turn-off');
  assert.equal((await agent.act(id, 'turn-on')).state, 'running');
  assert.equal((await agent.act(id, 'turn-off')).state, 'off');
  assert.equal(agent.pid(id), undefined);
}
