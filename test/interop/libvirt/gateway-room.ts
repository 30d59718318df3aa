/** A coordinator with two simulated hosts, h1 and h2, as libvirt's clients see it, and short words for them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Vm } from '#api';
import { isFault } from '#lib';
import { libvirtFacts, type Client } from '#libvirt';
import { Stage, type AgentProcess } from '../../../src/coordinator/testing/stage.ts';
import { virsh } from './tools.ts';

export class GatewayRoom implements AsyncDisposable {
  readonly stage: Stage;
  /** The agent of h2. */
  readonly second: AgentProcess;

  private constructor(stage: Stage, second: AgentProcess) {
    this.stage = stage;
    this.second = second;
  }

  /** Three vms on each host; answered on a free port, too. */
  static async open(): Promise<GatewayRoom> {
    const stage = await Stage.open({ libvirt: 'on' });
    const [, second] = await Promise.all([stage.addHost('h1', 3), stage.addHost('h2', 3)]);
    return new GatewayRoom(stage, second);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stage[Symbol.asyncDispose]();
  }

  address(path = 'all', socket = 'libvirt-sock'): string {
    return `gantry+unix:///${path}?socket=${join(this.stage.folder, 'run', socket)}`;
  }

  /** What virsh answers; fails where it does. */
  async say(...words: readonly string[]): Promise<string> {
    const { code, out, err } = await virsh(this.address(), ...words);
    assert.equal(code, 0, err);
    return out;
  }

  vms(): readonly Vm[] {
    const { inventory } = this.stage.coordinator;
    return [...inventory.documents('vm')].flatMap(({ id }) => inventory.vm(id) ?? []);
  }

  /** A vm of the host that is off now. */
  async offVm(host: string): Promise<Vm> {
    const vm = this.vms().find((one) => one.host === host);
    assert.ok(vm);
    if (vm.state !== 'off') await this.stage.act('POST', `/vms/${vm.id}/actions/turn-off`);
    return vm;
  }
}

export async function errorOf(call: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await call.catch((caught: unknown) => caught);
  assert.ok(isFault(error), 'a fault was expected');
  return libvirtFacts(error)?.name;
}

export async function lookUp(
  client: Client,
  name: string,
): Promise<{ name: string; uuid: string; id: number }> {
  return (await client.call('DOMAIN_LOOKUP_BY_NAME', { name })).dom;
}
