/**
 * Vms of several hypervisors made of bytes, behind a real coordinator and the process that speaks with them: what is
 * done with several at once, and their consoles from a person's end to the hypervisor's. The tests build on each other.
 */
import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { libvirtFault } from '#libvirt';
import { ConsolePerson, refusal } from '../testing/console-peers.ts';
import { Hypervisors } from '../testing/hypervisors.ts';
import { Stage } from '../testing/stage.ts';

const types = { left: 'QEMU', middle: 'Xen', right: 'LXC' } as const;
type Name = keyof typeof types;
const names = Object.keys(types) as Name[];

let stage: Stage;
let hypervisors: Hypervisors;
let screens: Server;
const toScreens: Socket[] = [];
/** Those that have been asked to start their vm and have not done so. */
const starting = new Set<Name>();
const allStart = Promise.withResolvers<void>();
const portClosed = Promise.withResolvers<void>();
let portsOpened = 0;

before(async () => {
  stage = await Stage.open();
  hypervisors = await Hypervisors.open();
  const screen = join(hypervisors.folder, 'screen');
  screens = createServer((socket) => {
    toScreens.push(socket);
    socket.write('RFB 003.008\n');
  }).listen(screen);
  for (const name of names)
    await hypervisors.serve(name, [`on-${name}`], (fleet) => ({
      CONNECT_GET_TYPE: () => ({ type: types[name] }),
      CONNECT_GET_ALL_DOMAIN_STATS: (args, context) => {
        // As that driver of libvirt's, which has them for one domain at a time only.
        if (name === 'right') throw libvirtFault('NO_SUPPORT', 'it has no bulk statistics');
        return fleet.handlers.CONNECT_GET_ALL_DOMAIN_STATS?.(args, context) ?? { retStats: [] };
      },
      DOMAIN_CREATE: async (args, context) => {
        starting.add(name);
        if (starting.size === names.length) allStart.resolve();
        await allStart.promise;
        return (await fleet.handlers.DOMAIN_CREATE?.(args, context)) ?? {};
      },
      DOMAIN_GET_XML_DESC: () => ({
        xml: `<domain id="1"><devices><graphics type="vnc" socket="${screen}"/></devices></domain>`,
      }),
      DOMAIN_OPEN_CONSOLE: async (args, context) => {
        const opened = await fleet.handlers.DOMAIN_OPEN_CONSOLE?.(args, context);
        assert.ok(opened);
        portsOpened += 1;
        return {
          ret: opened.ret,
          run: (stream, signal) => opened.run(stream, signal).finally(portClosed.resolve),
        };
      },
    }));
  for (const name of names) await hypervisors.connect(stage, name);
});
after(async () => {
  await stage[Symbol.asyncDispose]();
  await hypervisors[Symbol.asyncDispose]();
  for (const socket of toScreens) socket.destroy();
  screens.close();
});

test('FED-01 connections to different hypervisors are open at once, and one command acts on vms of all in parallel', async () => {
  // Each of them starts its vm only when all have been asked to.
  const vms = names.map((name) => `on-${name}`);
  const done = await stage.act('POST', '/vms/bulk', { action: 'turn-on', vms });
  assert.equal(done.state, 'done', JSON.stringify(done.result));
  assert.deepEqual([...starting].toSorted(), names);
  for (const vm of vms) assert.equal(stage.vm(vm)?.state, 'running');
  for (const name of names) assert.equal(stage.host(name)?.status, 'ready');
  assert.deepEqual(
    vms.map((vm) => stage.vm(vm)?.hypervisor),
    Object.values(types),
  );
});

test(
  'people share one serial port of a foreign vm, which is let go when the last has left',
  { timeout: 20_000 },
  async () => {
    const one = await ConsolePerson.join(stage, '/vms/on-middle/serial');
    await one.sees('on-middle login: ');
    const other = await ConsolePerson.join(stage, '/vms/on-middle/serial');
    await other.sees('on-middle login: ');
    one.type('root');
    await Promise.all([one.sees('ROOT'), other.sees('ROOT')]);
    assert.equal(portsOpened, 1);
    await Promise.all([one.leave(), other.leave()]);
    await portClosed.promise;
    const again = await ConsolePerson.join(stage, '/vms/on-middle/serial');
    await again.sees('on-middle login: ');
    assert.equal(portsOpened, 2);
    await again.leave();
  },
);

test('the screen of a foreign vm is reached where its live definition says', async () => {
  const person = await ConsolePerson.join(stage, '/vms/on-middle/screen');
  await person.sees('RFB 003.008\n');
  person.type('RFB 003.008\n');
  toScreens.at(-1)?.write('\x01\x01');
  await person.sees('\x01\x01');
  await person.leave();
});

test('GRP-14 a container is a sub-kind of vm that shares the kernel of its host, and what only machines have is not offered', async () => {
  const [crate, machine] = [stage.vm('on-right'), stage.vm('on-middle')];
  assert.deepEqual([crate?.subKind, machine?.subKind], ['container', 'machine']);
  assert.match(crate?.technique ?? '', /shares the kernel of its host/);
  const filter = encodeURIComponent('subKind = container');
  const found = await stage.send('GET', `/vms?filter=${filter}`);
  const { items } = found.json as { items: { name: string }[] };
  assert.deepEqual(
    items.map(({ name }) => name),
    ['on-right'],
  );
  const { json } = await stage.send('GET', '/vms/on-right/actions');
  const { actions } = json as { actions: { action: string; unsupported?: boolean }[] };
  const lacking = actions.filter(({ unsupported }) => unsupported === true);
  for (const action of ['screen', 'type', 'reset', 'save', 'power-button', 'take-snapshot'])
    assert.ok(
      lacking.some((one) => one.action === action),
      action,
    );
  assert.ok(!lacking.some(({ action }) => action === 'turn-on' || action === 'serial'));
});

test('FED-07 what a driver has no console for is inactive with the reason', async () => {
  const { status, detail } = await refusal(stage.dial('/vms/on-right/screen'));
  assert.equal(status, 422);
  assert.match(detail, /libvirt's driver for LXC carries no screens/);
  const { json } = await stage.send('GET', '/vms/on-right/actions');
  const { actions } = json as { actions: { action: string; allowed: boolean; reason?: string }[] };
  const of = (wanted: string) => actions.find(({ action }) => action === wanted);
  assert.equal(of('serial')?.allowed, true);
  assert.deepEqual([of('screen')?.allowed, of('type')?.allowed], [false, false]);
  assert.match(of('screen')?.reason ?? '', /LXC carries no screens/);
});
