/**
 * One course of actions on every driver: QEMU and the simulated one behind agents, QEMU behind libvirtd. Each hypervisor is on a machine of
 * its own, as far as the network goes, and is reached by its address alone; there are two of each.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Event, EventName, Operation, Page, Problem, Vm } from '#api';
import { miB, systemClock } from '#lib';
import { must, NetGuest } from '../../../src/agent/testing/net-guest.ts';
import { makeWire } from '../../../src/agent/testing/network-hosts.ts';
import { isInOwnNetwork } from '../../../src/agent/testing/own-network.ts';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { WiredHost } from '../../scenarios/wired-host.ts';
import { startQemuLibvirtd } from './qemu-daemon.ts';
import { withoutRoom } from './qemu-room.ts';
import { toldAt } from './qemu-room.ts';

const coordinatorAddress = '198.51.100.9';
const libvirtAddressOf = { left: '198.51.100.11', right: '198.51.100.12' } as const;
const images = '/var/lib/libvirt/images';

interface Driver {
  readonly from: string;
  readonly to: string;
  /**
   * In which state a vm is moved there: agents carry it while it stands still (docs/rfd/0030), libvirt as it runs (docs/rfd/0032), since
   * it copies no disks otherwise.
   */
  readonly moves: 'saved' | 'running';
}

const drivers: Readonly<Record<string, Driver>> = {
  qemu: { from: 'ada', to: 'bob', moves: 'saved' },
  simulated: { from: 'cyd', to: 'dan', moves: 'saved' },
  libvirt: { from: 'left', to: 'right', moves: 'running' },
};

/** In the order of the course. */
const expected: readonly string[] = [
  'vm.created',
  'vm.resource.memory',
  'vm.state.powered-on',
  'vm.state.suspended',
  'vm.state.resumed',
  'vm.migration.started',
  'vm.migration.completed',
  'vm.state.powered-off',
  'vm.deleted',
] satisfies readonly EventName[];

if (isInOwnNetwork(import.meta.filename))
  void suite('the same actions on every driver', { skip: withoutRoom, concurrency: 1 }, () => {
    let stage: Stage;
    const opened: AsyncDisposable[] = [];

    /** A hypervisor that others run, on a machine of its own. */
    const connect = async (name: keyof typeof libvirtAddressOf): Promise<void> => {
      const space = await NetGuest.make();
      opened.push({ [Symbol.asyncDispose]: async () => space[Symbol.dispose]() });
      const address = libvirtAddressOf[name];
      space.plug('wire');
      space.run('ip', 'address', 'add', `${address}/24`, 'dev', 'eth0');
      const daemon = await startQemuLibvirtd({ pid: space.pid, address });
      opened.push(daemon);
      const uri = `qemu+tcp://${address}/system`;
      await toldAt(uri, `pool-create-as vms dir --build --target ${images}`);
      const body = { address: uri, name, allowUnverified: true };
      const { status, text } = await stage.send('POST', '/hosts', { body });
      assert.equal(status, 200, text);
      await stage.until(() => stage.host(name)?.status === 'ready', `${name} is connected`);
    };

    before(async () => {
      makeWire('wire');
      must('ip', 'address', 'add', `${coordinatorAddress}/24`, 'dev', 'wire');
      stage = await Stage.open({ listen: coordinatorAddress });
      for (const name of ['ada', 'bob'] as const) opened.push(await WiredHost.join(stage, name));
      for (const name of ['cyd', 'dan'] as const)
        opened.push(await WiredHost.join(stage, name, 'simulated'));
      for (const name of ['left', 'right'] as const) await connect(name);
    });
    after(async () => {
      for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
      await stage?.[Symbol.asyncDispose]();
    });

    const perform = async (method: string, path: string, body?: object): Promise<Operation> => {
      const ended = await stage.act(method, path, body);
      assert.equal(ended.state, 'done', `${method} ${path}: ${JSON.stringify(ended.fault)}`);
      return ended;
    };
    /** What hypervisors do, each with the names of its attributes. */
    const eventsOf = async (id: string): Promise<readonly string[]> => {
      const filter = encodeURIComponent(`target.id = ${id} AND name : vm.`);
      const { json } = await stage.send('GET', `/events?filter=${filter}&sort=seq&limit=200`);
      return (json as Page<Event>).items
        .filter(({ name }) => expected.includes(name))
        .map(({ name, attributes }) => [name, ...Object.keys(attributes).sort()].join(' '));
    };
    const shown = (name: string): Vm => stage.vm(name) ?? assert.fail(`there is no ${name}`);

    /** Its part of its processors, and its memory on its host. */
    const untilMeasured = async (path: string): Promise<readonly [number, number]> => {
      for (let turn = 0; turn < 600; turn += 1) {
        const { status } = (await stage.send('GET', path)).json as Vm;
        const { cpuPercent, memoryBytes } = status;
        if (cpuPercent !== null && memoryBytes !== null && memoryBytes > 0)
          return [cpuPercent, memoryBytes];
        await systemClock.sleep(100);
      }
      return assert.fail(`${path} is not measured`);
    };

    void test('FED-10 EVT-11 a vm is created, modified, controlled, monitored, migrated and stopped by the same actions on every driver, on hypervisors of other machines, and what happens is told by the same events', async (t) => {
      const courses = new Map<string, string[]>();
      const told = new Map<string, readonly string[]>();
      for (const [driver, { from, to, moves }] of Object.entries(drivers)) {
        const actions: string[] = [];
        const did = async (method: string, where: string, body?: object): Promise<void> => {
          const { action } = await perform(method, where, body);
          actions.push(`${method} ${where.replace(driver, 'VM')}`);
          t.diagnostic(`${driver}: ${action}`);
        };
        const path = `/vms/${driver}`;
        const is = async (state: Vm['state']): Promise<void> =>
          stage.until(() => shown(driver).state === state, `${driver} is ${state}`, 30_000);
        assert.equal(stage.host(from)?.driver, driver);

        const disk = { kind: 'new', sizeBytes: 16 * miB, format: 'qcow2' };
        const made = { name: driver, host: from, memoryBytes: 64 * miB, network: 'none', disk };
        await did('POST', '/vms', made);
        const { id, host } = shown(driver);
        assert.equal(host, from);
        await did('PATCH', path, { hardware: { memory: { sizeBytes: 96 * miB } } });
        assert.equal(shown(driver).definition.hardware.memory.sizeBytes, 96 * miB);

        await did('POST', `${path}/actions/turn-on`, {});
        await is('running');
        await did('POST', `${path}/actions/pause`, {});
        await is('paused');
        await did('POST', `${path}/actions/resume`, {});
        await is('running');
        const figures = await untilMeasured(path);
        t.diagnostic(`${driver}: ${JSON.stringify(figures)}`);

        if (moves === 'saved') await perform('POST', `${path}/actions/save`, {});
        await did('POST', `${path}/relocate`, { host: to });
        assert.deepEqual([shown(driver).host, shown(driver).id], [to, id]);
        if (moves === 'saved') await perform('POST', `${path}/actions/restore`, {});
        await is('running');
        assert.equal(shown(driver).definition.hardware.disks[0]?.sizeBytes, 16 * miB);
        assert.equal(shown(driver).definition.hardware.memory.sizeBytes, 96 * miB);

        await did('POST', `${path}/actions/turn-off`, {});
        await is('off');
        await did('DELETE', path);
        assert.equal(stage.vm(driver), undefined);
        courses.set(driver, actions);
        told.set(driver, await eventsOf(id));
      }
      const [one, ...others] = courses.values();
      assert.equal(courses.size, 3);
      for (const other of others) assert.deepEqual(other, one);
      for (const [driver, events] of told) assert.deepEqual(events, told.get('qemu'), driver);
      const names = told.get('qemu')?.map((line) => line.split(' ')[0]);
      assert.deepEqual(names, expected);
    });

    void test('a simulated vm does not move to a host with QEMU, nor another vm to a simulated one, and it is said why', async () => {
      for (const [name, from, to] of [
        ['unreal', 'cyd', 'ada'],
        ['real', 'ada', 'cyd'],
      ] as const) {
        const disk = { kind: 'new', sizeBytes: 16 * miB, format: 'qcow2' };
        await perform('POST', '/vms', { name, host: from, network: 'none', disk });
        const body = { host: to };
        const { status, json } = await stage.send('POST', `/vms/${name}/relocate`, { body });
        const { reasons = [] } = json as Problem;
        assert.deepEqual([status, reasons.map(({ code }) => code)], [409, ['simulated']]);
        assert.equal(shown(name).host, from);
      }
    });
  });
