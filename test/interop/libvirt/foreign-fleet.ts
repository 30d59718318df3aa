/**
 * Hypervisors of others and a host with an agent, named own, behind one coordinator, and short words for them. The
 * hypervisors are libvirtd's test driver, which keeps its vms in memory.
 */
import assert from 'node:assert/strict';
import type { Event, Host, Operation, Page, Vm } from '#api';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { startLibvirtd, type Libvirtd } from './daemon.ts';
import { virsh, type Ran } from './tools.ts';

export class ForeignFleet implements AsyncDisposable {
  readonly stage: Stage;
  readonly #daemons: Map<string, Libvirtd>;

  private constructor(stage: Stage, daemons: Map<string, Libvirtd>) {
    this.stage = stage;
    this.#daemons = daemons;
  }

  /** With a daemon for each name, none of which is connected yet. */
  static async open(...names: readonly string[]): Promise<ForeignFleet> {
    const [stage, ...daemons] = await Promise.all([
      Stage.open(),
      ...names.map(async (name) => [name, await startLibvirtd()] as const),
    ]);
    await stage.addHost('own', 3);
    return new ForeignFleet(stage, new Map(daemons));
  }

  address(name: string): string {
    return `test+unix:///default?socket=${this.#daemons.get(name)?.socket ?? ''}`;
  }

  /** Has the daemon gone, as a host that fails. */
  async lose(name: string): Promise<void> {
    await this.#daemons.get(name)?.[Symbol.asyncDispose]();
    this.#daemons.delete(name);
  }

  ask(host: string, ...words: readonly string[]): Promise<Ran> {
    return virsh(this.address(host), ...words);
  }

  /** What another tool does on a host. */
  async elsewhere(host: string, words: string): Promise<void> {
    const { code, err } = await this.ask(host, words);
    assert.equal(code, 0, err);
  }

  /** Connects it, and answers when its vms are there. */
  async add(name: string): Promise<Host> {
    const { stage } = this;
    const body = { address: this.address(name), name };
    const { status, json, text } = await stage.send('POST', '/hosts', { body });
    assert.equal(status, 200, text);
    await stage.until(() => stage.host(name)?.status === 'ready', `${name} is connected`);
    return json as Host;
  }

  async list<T>(path: string): Promise<Page<T>> {
    return (await this.stage.send('GET', path)).json as Page<T>;
  }

  /** The one vm that it has. */
  async vmOf(host: string): Promise<Vm> {
    const { items } = await this.list<Vm>(`/vms?filter=${encodeURIComponent(`host = ${host}`)}`);
    assert.equal(items.length, 1);
    return items[0] ?? assert.fail('there is no vm');
  }

  async act(vm: Vm, action: string): Promise<Operation> {
    const done = await this.stage.act('POST', `/vms/${vm.id}/actions/${action}`, {});
    assert.equal(done.state, 'done', JSON.stringify(done.fault));
    return done;
  }

  /** Oldest first. */
  async eventsOf(vm: Vm): Promise<readonly Event[]> {
    const { items } = await this.list<Event>(
      `/events?filter=${encodeURIComponent(`target.id = ${vm.id}`)}&limit=200`,
    );
    return items.toSorted((a, b) => a.seq - b.seq);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stage[Symbol.asyncDispose]();
    for (const daemon of this.#daemons.values()) await daemon[Symbol.asyncDispose]();
  }
}
