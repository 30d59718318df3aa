/** A vm from one agent to another as its guest works, step by step, as a coordinator does it (docs/rfd/0042). */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { createWebSocketStream } from 'ws';
import type { LinkParams, LinkResult, MachineReport, VmDefinition } from '#api';
import { present } from '#lib';
import { byTester, type QemuAgent } from './qemu-agent.ts';

type Move = Pick<LinkParams<'machine.departure.send'>, 'id' | 'moveId'>;
type Channelled = LinkParams<'machine.departure.channel'>;

export class GuestMove {
  readonly here: QemuAgent;
  readonly there: QemuAgent;
  readonly move: Move;
  readonly #definition: VmDefinition;
  readonly #streams: Duplex[] = [];
  #begun: LinkResult<'machine.departure.begin'> | undefined;
  #generation: number;

  constructor(here: QemuAgent, there: QemuAgent, definition: VmDefinition) {
    this.here = here;
    this.there = there;
    this.#definition = definition;
    this.#generation = here.generation(definition.id);
    this.move = { id: definition.id, moveId: crypto.randomUUID() };
  }

  /** What stands against it on both hosts. */
  async plan(): Promise<readonly string[]> {
    const { id } = this.move;
    const leaving = await this.here.host.call('machine.departure.plan', { id, gathered: [] });
    const { storedBytes, guest } = leaving;
    const definition = this.#definition;
    const asked = { definition, parent: null, storedBytes, guest };
    const arriving = await this.there.host.call('machine.arrival.plan', asked);
    return [...leaving.reasons, ...arriving.reasons].map(({ code }) => code);
  }

  async depart(): Promise<LinkResult<'machine.departure.begin'>> {
    this.#begun = await this.here.host.call('machine.departure.begin', {
      ...this.move,
      generation: this.#generation,
      cause: byTester,
      to: 'there',
      gathered: [],
    });
    return this.#begun;
  }

  /** Files are there afterwards. */
  async carryFiles(): Promise<void> {
    const { files, fileName, record } = present(this.#begun, 'a departure');
    const asked = {
      ...this.move,
      definition: this.#definition,
      parent: null,
      files,
      fileName,
      record,
    };
    for (;;) {
      const { state, trouble } = await this.there.host.call('machine.arrival.begin', asked);
      if (state === 'complete') return;
      if (trouble !== null) throw new Error(trouble);
      await this.#join(
        (stream) => this.here.host.call('machine.departure.send', { ...this.move, ...stream }),
        (stream) => this.there.host.call('machine.arrival.receive', { ...this.move, ...stream }),
      );
    }
  }

  /** A process waits there, and all channels are joined; resolves when they are. */
  async wait(): Promise<void> {
    await this.there.host.call('machine.arrival.await', {
      ...this.move,
      ...this.#called(),
      definition: this.#definition,
      definitionVersion: 1,
    });
    for (const channel of present(this.#begun, 'a departure').channels) {
      const asked = (stream: { streamId: string }): Channelled => ({
        ...this.move,
        ...stream,
        channel,
      });
      const { ended } = await this.#dial(
        (stream) => this.here.host.call('machine.departure.channel', asked(stream)),
        (stream) => this.there.host.call('machine.arrival.channel', asked(stream)),
      );
      ended.catch(() => undefined);
    }
  }

  handOver(): Promise<LinkResult<'machine.departure.hand-over'>> {
    return this.here.host.call('machine.departure.hand-over', { ...this.move, cause: byTester });
  }

  async arrive(): Promise<MachineReport> {
    this.#generation += 1;
    this.there.goOnFrom(this.move.id, this.#generation);
    const { report } = await this.there.host.call('machine.arrival.end', {
      ...this.move,
      ...this.#called(),
      definition: this.#definition,
      definitionVersion: 1,
    });
    return report;
  }

  async clear(): Promise<void> {
    const { files, written } = present(this.#begun, 'a departure');
    const names = [...files.map(({ path }) => path), ...written];
    await this.here.host.call('machine.departure.end', { ...this.move, files: names });
  }

  /** In the order in which it is undone: there first. */
  async giveUp(): Promise<void> {
    await this.there.host.call('machine.arrival.cancel', this.move);
    await this.here.host.call('machine.departure.cancel', this.move);
  }

  /** All of it. */
  async run(): Promise<LinkResult<'machine.departure.hand-over'>> {
    await this.depart();
    await this.carryFiles();
    await this.wait();
    const handed = await this.handOver();
    await this.arrive();
    await this.clear();
    return handed;
  }

  /** What joins both hosts is lost. */
  cut(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  #called(): { generation: number; cause: typeof byTester } {
    return { generation: this.#generation, cause: byTester };
  }

  async #join(...asks: Parameters<GuestMove['askBoth']>): Promise<void> {
    const { ended } = await this.#dial(...asks);
    await ended.catch(() => undefined);
  }

  /** Both have dialled; resolves later with the end of it. */
  async #dial(
    ...asks: Parameters<GuestMove['askBoth']>
  ): Promise<{ readonly ended: Promise<unknown> }> {
    const [one, other] = await this.askBoth(...asks);
    this.#streams.push(one, other);
    one.on('error', () => undefined).pipe(other);
    other.on('error', () => undefined).pipe(one);
    // What has ended takes the other one with it, when that has what came before.
    one.once('close', () => other.end());
    other.once('close', () => one.destroy());
    return { ended: Promise.race([once(one, 'close'), once(other, 'close')]) };
  }

  async askBoth(
    here: (stream: { streamId: string }) => Promise<unknown>,
    there: (stream: { streamId: string }) => Promise<unknown>,
  ): Promise<[Duplex, Duplex]> {
    const dial = async (agent: QemuAgent, ask: typeof here): Promise<Duplex> => {
      const streamId = crypto.randomUUID();
      const [socket] = await Promise.all([agent.coordinator.stream(streamId), ask({ streamId })]);
      return createWebSocketStream(socket, { allowHalfOpen: false });
    };
    return await Promise.all([dial(this.here, here), dial(this.there, there)]);
  }
}
