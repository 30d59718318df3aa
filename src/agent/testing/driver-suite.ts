/**
 * The conformance suite of drivers: the same promises over the link, whatever carries the vm. It knows nothing but the link
 * (docs/rfd/0024), so that hosts with an agent and connections to other people's hypervisors take the same tests. What a
 * driver lacks it must refuse with the reason that it tells among its facts; then the rest of that test is skipped with this
 * reason. The tests build on each other, on one vm with one disk whose guest never answers.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test, type TestContext } from 'node:test';
import type { RawData } from 'ws';
import {
  diskSchema,
  type Ability,
  type DiskSource,
  type LinkMethod,
  type LinkParams,
  type MachineReport,
  type PowerAction,
  type VmActionRequest,
  type VmDefinition,
} from '#api';
import { isFault, miB } from '#lib';
import type { FakeCoordinator, FakeHost } from './fake-coordinator.ts';

export interface DriverWorld extends AsyncDisposable {
  readonly coordinator: FakeCoordinator;
  readonly host: FakeHost;
  /**
   * A vm that this driver can make, with one new disk; its id and whatever the driver needs to know of it are the world's
   * choice.
   */
  readonly wanted: { readonly definition: VmDefinition; readonly disk: DiskSource };
  /** Where the peer behind it tells no figures of vms that run: why. */
  readonly whyNoFigures?: string;
}

const cause = { actor: { kind: 'user', name: 'ann' }, correlationId: 'suite' } as const;
const starts: readonly PowerAction[] = ['turn-on', 'hold', 'restore', 'restart'];
const limitMs = 60_000;

/** `title` names the driver. Opened once; its end is awaited. */
export function driverSuite(
  title: string,
  open: () => Promise<DriverWorld>,
  skip: string | false,
): void {
  void describe(`the driver ${title}`, { skip, concurrency: 1 }, () => {
    let world: DriverWorld | undefined;
    let person: Person | undefined;
    before(async () => {
      world = await open();
      person = new Person(world);
    });
    after(async () => {
      await world?.[Symbol.asyncDispose]();
    });
    for (const [promise, keep] of Object.entries(promises))
      void test(promise, async (context) => {
        assert.ok(person !== undefined);
        await keep(person, context);
      });
  });
}

/** Somebody who works with one vm of the world. */
class Person {
  readonly world: DriverWorld;
  readonly id: string;
  generation = 0;
  version = 1;

  constructor(world: DriverWorld) {
    this.world = world;
    this.id = world.wanted.definition.id;
  }

  get host(): FakeHost {
    return this.world.host;
  }

  get machine(): {
    readonly id: string;
    readonly generation: number;
    readonly cause: typeof cause;
  } {
    return { id: this.id, generation: this.generation, cause };
  }

  async act(action: PowerAction, request: VmActionRequest = {}): Promise<string> {
    if (starts.includes(action)) this.generation += 1;
    const params = { ...this.machine, action, request };
    return (await this.host.call('machine.act', params)).report.state;
  }

  async definition(): Promise<VmDefinition> {
    return (await this.host.call('machine.look', { id: this.id })).record.definition;
  }

  async configure(change: (hardware: VmDefinition['hardware']) => object): Promise<MachineReport> {
    const base = await this.definition();
    const hardware = { ...base.hardware, ...change(base.hardware) };
    this.version += 1;
    const definition = { ...base, hardware };
    const to = { ...this.machine, definition, definitionVersion: this.version };
    // A host with an agent is told what shall be, and has no use for what it was made from.
    const isForeign = this.host.hello?.driver === 'libvirt';
    return (await this.host.call('machine.configure', isForeign ? { ...to, base } : to)).report;
  }

  #heard = 0;
  /** Resolves when these are told, by whom, in this order; what else is told between them is the driver's affair. */
  async hears(...wanted: readonly string[]): Promise<void> {
    for (const one of wanted) {
      const find = (): number =>
        this.host.events.findIndex(
          ({ vmId, name, actor }, index) =>
            index >= this.#heard && vmId === this.id && `${name} ${actor.name}` === `vm.${one}`,
        );
      await this.host.until(`it hears ${one}`, () => find() >= 0, limitMs);
      this.#heard = find() + 1;
    }
  }

  lack(ability: Ability): string | undefined {
    return this.host.hello?.facts.missing[ability];
  }

  /**
   * True where the driver has the ability. Where it has not, the call is refused with the reason that is told, and the test is
   * skipped with it.
   */
  async has<M extends LinkMethod>(
    context: TestContext,
    ability: Ability,
    method: M,
    params: () => LinkParams<M>,
  ): Promise<boolean> {
    const reason = this.lack(ability);
    if (reason === undefined) return true;
    await assert.rejects(
      this.host.call(method, params()),
      (error) =>
        (isFault(error, 'unsupported') || isFault(error, 'refused')) &&
        `${error.message} ${String(error.cause ?? '')}`.includes(reason),
      `${method} is refused with: ${reason}`,
    );
    context.skip(reason);
    return false;
  }
}

type Promise_ = (person: Person, context: TestContext) => Promise<void>;

const promises: Readonly<Record<string, Promise_>> = {
  async 'tells what it is, and a reason for each ability that it lacks'({ host }) {
    const { facts, driver } = host.hello ?? assert.fail('it has not said hello');
    assert.ok(driver.length > 0 && facts.hypervisor.name.length > 0);
    assert.ok(facts.memoryTotalBytes > 0 && facts.processor.threads > 0);
    for (const reason of Object.values(facts.missing)) assert.ok(reason.length > 10, reason);
    const { findings } = await host.call('host.diagnose', {});
    assert.ok(findings.length > 0);
    const probed = await host.call('host.probe', {});
    assert.equal(probed.facts.hypervisor.name, facts.hypervisor.name);
  },

  async 'makes a vm once, however often it is asked, and lists it'({ host, machine, id, world }) {
    const { definition, disk } = world.wanted;
    const plan = await host.call('machine.plan', { definition, disks: [disk] });
    assert.deepEqual([plan.ok, plan.reasons], [true, []]);
    const wish = { ...machine, definition, definitionVersion: 1, disks: [disk] };
    for (let again = 0; again < 2; again += 1) {
      const { report } = await host.call('machine.create', wish);
      assert.deepEqual([report.id, report.state, report.name], [id, 'off', definition.name]);
    }
    const { machines } = await host.call('host.discover', {});
    const found = machines.filter(({ report }) => report.id === id);
    assert.equal(found.length, 1);
    const hardware = found[0]?.definition.hardware;
    assert.equal(hardware?.memory.sizeBytes, definition.hardware.memory.sizeBytes);
    assert.equal(hardware.processor.count, definition.hardware.processor.count);
    assert.equal(hardware.disks.length, 1);
  },

  async 'knows no vm that is not there'({ host, generation }) {
    const id = '00000000-0000-4000-8000-00000000dead';
    const absent = (error: unknown): boolean => isFault(error, 'not-found');
    const machine = { id, generation, cause };
    const act = { ...machine, action: 'turn-on', request: {} } as const;
    await assert.rejects(host.call('machine.act', act), absent);
    await assert.rejects(host.call('machine.look', { id }), absent);
  },

  async 'modifies a vm that is off'(person) {
    const memory = { sizeBytes: 96 * miB, maxBytes: null };
    const report = await person.configure(() => ({ memory }));
    assert.deepEqual(report.pending, []);
    assert.equal((await person.definition()).hardware.memory.sizeBytes, 96 * miB);
    await person.configure(() => ({ memory: person.world.wanted.definition.hardware.memory }));
    const back = (await person.definition()).hardware.memory.sizeBytes;
    assert.equal(back, person.world.wanted.definition.hardware.memory.sizeBytes);
  },

  async 'turns it on and off, and is done where it is so already'(person) {
    const { id, host } = person;
    const check = await host.call('machine.check', { id, action: 'turn-on', request: {} });
    assert.deepEqual([check.ok, check.reasons], [true, []]);
    for (const [action, state] of [
      ['turn-on', 'running'],
      ['turn-off', 'off'],
      ['turn-off', 'off'],
      ['turn-on', 'running'],
    ] as const)
      assert.equal(await person.act(action), state, action);
    await person.hears('state.powered-on ann', 'state.powered-off ann', 'state.powered-on ann');
    assert.equal(host.reports.get(id)?.state, 'running');
  },

  async 'refuses what was meant for a vm before its last start'({ host, machine, generation }) {
    const older = { ...machine, generation: generation - 1, action: 'pause', request: {} } as const;
    await assert.rejects(host.call('machine.act', older), (error) => isFault(error, 'stale'));
    assert.equal(host.reports.get(machine.id)?.state, 'running');
  },

  async 'pauses and resumes it'(person, context) {
    const pause = () => ({ ...person.machine, action: 'pause', request: {} }) as const;
    if (!(await person.has(context, 'pause', 'machine.act', pause))) return;
    assert.equal(await person.act('pause'), 'paused');
    assert.equal(await person.act('resume'), 'running');
    await person.hears('state.suspended ann', 'state.resumed ann');
  },

  async 'saves its memory, restores it, and discards it'(person, context) {
    const save = () => ({ ...person.machine, action: 'save', request: {} }) as const;
    if (!(await person.has(context, 'save', 'machine.act', save))) return;
    assert.equal(await person.act('save'), 'saved');
    assert.equal(await person.act('restore'), 'running');
    assert.equal(await person.act('save'), 'saved');
    assert.equal(await person.act('discard'), 'off');
    assert.equal(await person.act('turn-on'), 'running');
    await person.hears('state.saved ann', 'state.restored ann', 'state.saved ann');
    await person.hears('state.discarded ann', 'state.powered-on ann');
  },

  async 'resets it in place, and starts it anew'(person, context) {
    const reset = () => ({ ...person.machine, action: 'reset', request: {} }) as const;
    if (!(await person.has(context, 'reset', 'machine.act', reset))) return;
    assert.equal(await person.act('reset'), 'running');
    assert.equal(await person.act('restart'), 'running');
    await person.hears('state.reset ann', 'state.reset ann');
  },

  async 'interrupts its guest where nothing can be masked'(person, context) {
    const interrupt = () => ({ ...person.machine, action: 'nmi', request: {} }) as const;
    if (!(await person.has(context, 'nmi', 'machine.act', interrupt))) return;
    assert.equal(await person.act('nmi'), 'running');
    await person.hears('nmi.injected ann');
  },

  async 'asks its guest to shut down, and does what was said where the time is over'(person) {
    const request = { timeoutSeconds: 1, onTimeout: 'turn-off' } as const;
    const { guestRequests } = person.host.hello?.facts ?? assert.fail('it has not said hello');
    // Additions of ours are not in this guest.
    const action = guestRequests === 'hypervisor' ? 'shutdown' : 'power-button';
    assert.equal(await person.act(action, request), 'off');
    assert.equal(await person.act('turn-on'), 'running');
  },

  async 'holds it before its first instruction'(person, context) {
    const hold = () => ({ ...person.machine, action: 'hold', request: {} }) as const;
    if (!(await person.has(context, 'hold', 'machine.act', hold))) return;
    await person.act('turn-off');
    assert.equal(await person.act('hold'), 'paused');
    assert.equal(await person.act('release'), 'running');
  },

  async 'measures it while it runs'({ host, id, world }, context) {
    if (world.whyNoFigures !== undefined) {
      context.skip(world.whyNoFigures);
      return;
    }
    const measured = (): boolean => {
      const { memoryBytes, cpuPercent } = host.samples.get(id) ?? {};
      return (memoryBytes ?? 0) > 0 || typeof cpuPercent === 'number';
    };
    await host.until('it is measured', measured, limitMs);
  },

  async 'lets memory that is set while it runs wait for the next start'(person) {
    const sizeBytes = 128 * miB;
    const report = await person.configure(() => ({ memory: { sizeBytes, maxBytes: null } }));
    assert.ok(
      report.pending.some((path) => path.startsWith('hardware/memory/')),
      report.pending.join(' '),
    );
    assert.equal((await person.definition()).hardware.memory.sizeBytes, sizeBytes);
    await person.act('turn-off');
    assert.equal(await person.act('turn-on'), 'running');
    await person.host.until(
      'nothing is pending',
      () => person.host.reports.get(person.id)?.pending.length === 0,
      limitMs,
    );
  },

  async 'shows its screen, as a picture and to a viewer'(person, context) {
    const { host, id, world } = person;
    if (!(await person.has(context, 'screenshot', 'machine.screenshot', () => ({ id })))) return;
    const png = Buffer.from((await host.call('machine.screenshot', { id })).png, 'base64');
    assert.equal(png.toString('latin1', 1, 4), 'PNG');
    const streamId = crypto.randomUUID();
    const stream = { streamId, id, channel: 'screen', readOnly: false } as const;
    if (!(await person.has(context, 'screen', 'stream.open', () => stream))) return;
    const [socket] = await Promise.all([
      world.coordinator.stream(streamId),
      host.call('stream.open', stream),
    ]);
    const greeted = once(socket, 'message');
    socket.resume();
    const [greeting] = (await greeted) as [RawData];
    assert.match((greeting as Buffer).toString('latin1'), /^RFB 003\./);
    socket.close();
  },

  async 'hands it keys and text'(person, context) {
    const { host, id } = person;
    const keys = { id, keys: ['ctrl-alt-del'] };
    if (!(await person.has(context, 'keyboard', 'machine.keys', () => keys))) return;
    await host.call('machine.keys', keys);
    await host.call('machine.type', { id, text: 'Hello\n', layout: 'us' });
  },

  async 'gives it a disk, at once where it can'(person) {
    const { host, machine, world } = person;
    const file = 'more.qcow2';
    const { sizeBytes } = world.wanted.disk;
    const source = { kind: 'new', file, format: 'qcow2', sizeBytes } as const;
    const { disk: made } = await host.call('machine.disk.create', { ...machine, source });
    assert.equal(made.sizeBytes, sizeBytes);
    const place = { bus: 'virtio', position: 1 };
    const disk = diskSchema.parse({ ...place, file: made.file, format: 'qcow2', sizeBytes });
    const given = await host.call('machine.disk.attach', { ...machine, disk });
    assert.equal(given.live, person.lack('disk-hotplug') === undefined);
    await person.act('turn-off');
    const taken = await host.call('machine.disk.detach', { ...machine, disk });
    assert.equal(taken.live, false);
    await host.call('machine.disk.delete', { ...machine, file: made.file });
    await person.act('turn-on');
  },

  async 'takes snapshots, goes back to them and deletes them'(person, context) {
    const { host } = person;
    const wish = () => ({
      ...person.machine,
      snapshot: {
        id: crypto.randomUUID(),
        name: 'before',
        description: 'of the suite',
        author: 'ann',
        exclude: [],
        memory: true,
        quiesce: false,
      },
    });
    if (!(await person.has(context, 'snapshot', 'machine.snapshot.take', wish))) return;
    const first = wish();
    for (let again = 0; again < 2; again += 1) {
      const { report } = await host.call('machine.snapshot.take', first);
      assert.deepEqual(
        report.snapshots.map(({ name, description, present }) => [name, description, present]),
        [['before', 'of the suite', true]],
      );
    }
    await person.act('turn-off');
    const snapshotId =
      host.reports.get(person.id)?.snapshots[0]?.id ?? assert.fail('there is none');
    const at = { ...person.machine, snapshotId };
    const back = await host.call('machine.snapshot.revert', { ...at, memory: 'leave' });
    assert.equal(back.report.state, 'off');
    for (let again = 0; again < 2; again += 1) {
      const { report } = await host.call('machine.snapshot.delete', at);
      assert.deepEqual(report.snapshots, []);
    }
    await person.hears('snapshot.taken ann', 'snapshot.reverted ann', 'snapshot.deleted ann');
  },

  async 'deletes it with its disk, and knows it no more'(person) {
    const { host, id } = person;
    if (host.reports.get(id)?.state !== 'running') await person.act('turn-on');
    const gone = () => ({ ...person.machine, keep: [] });
    await assert.rejects(host.call('machine.destroy', gone()), (error) =>
      isFault(error, 'refused'),
    );
    await person.act('turn-off');
    const { deleted } = await host.call('machine.destroy', gone());
    assert.ok(
      deleted.some((file) => file.includes('suite')),
      deleted.join(' '),
    );
    await assert.rejects(host.call('machine.look', { id }), (error) => isFault(error, 'not-found'));
  },
};
