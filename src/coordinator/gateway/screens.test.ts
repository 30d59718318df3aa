/** Ports of screens on loopback, and who may connect to them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { createInventory, type MemoryInventory } from '../inventory/memory-inventory.ts';
import { holdClock } from '../inventory/testing/clock.ts';
import { hostData, idOf, report, vmData, Writer } from '../inventory/testing/documents.ts';
import { findOwner, loopback, requireOwner } from './loopback-owner.ts';
import { Screens } from './screens.ts';

function make(): { inventory: MemoryInventory; writer: Writer } {
  const inventory = createInventory({ clock: holdClock() });
  const writer = new Writer(inventory);
  writer.put('host', idOf('h1'), hostData('h1'));
  writer.put('vm', idOf('web'), vmData('web'));
  writer.put('status', idOf('web'), { report: report('web') });
  inventory.setConnection(idOf('h1'), { connected: true, reason: null, lastSeenAt: null });
  return { inventory, writer };
}

test('a vm keeps its port until it goes off, and whoever looks then is let go', async () => {
  const { inventory, writer } = make();
  const shown: string[] = [];
  await using screens = new Screens({
    inventory,
    show: async (vmId, viewer) => {
      shown.push(vmId);
      viewer.write('RFB');
    },
  });
  const port = await screens.portOf(idOf('web'));
  assert.ok(port);
  assert.equal(await screens.portOf(idOf('web')), port);
  const viewer = connect({ host: '127.0.0.1', port });
  await once(viewer, 'data');
  assert.deepEqual(shown, [idOf('web')]);
  writer.put('status', idOf('web'), { report: report('web', { state: 'off' }) });
  await once(viewer, 'close');
  const late = connect({ host: '127.0.0.1', port });
  const [refused] = (await once(late, 'error')) as [NodeJS.ErrnoException];
  assert.equal(refused.code, 'ECONNREFUSED');
});

test('only programs of the own account and of root are let in', async (t) => {
  const { inventory } = make();
  const judged: boolean[] = [];
  const show = async (_vmId: string, viewer: Socket): Promise<void> => {
    judged.push(
      await requireOwner(
        [loopback, viewer.remotePort ?? 0],
        [loopback, viewer.localPort ?? 0],
      ).then(
        () => true,
        () => false,
      ),
    );
    viewer.end('!');
  };
  await using screens = new Screens({ inventory, show });
  const port = (await screens.portOf(idOf('web'))) ?? 0;
  const own = connect({ host: '127.0.0.1', port });
  await once(own, 'data');
  own.destroy();
  assert.deepEqual(judged, [true]);
  if (process.getuid?.() !== 0) {
    t.diagnostic('another account takes root');
    return;
  }
  const program = `exec 3<>/dev/tcp/127.0.0.1/${port}; read -n1 -u3 answer; [ "$answer" = '!' ]`;
  const nobody = 65_534;
  const other = spawn('/bin/bash', ['-c', program], { uid: nobody, cwd: '/', stdio: 'ignore' });
  const [code] = (await once(other, 'exit')) as [number];
  assert.equal(code, 0);
  assert.deepEqual(judged, [true, false]);
});

test('a socket that nobody has any more is not root’s', () => {
  const line = (state: string, account: number): string =>
    `   0: 0100007F:9C40 0100007F:1F90 ${state} 00000000:00000000 00:00000000 00000000 ${account} 0 1234 1`;
  const [own, other] = [
    ['127.0.0.1', 40_000],
    ['127.0.0.1', 8080],
  ] as const;
  assert.equal(findOwner(line('01', 1000), own, other), 1000);
  assert.equal(findOwner(line('06', 0), own, other), undefined);
  assert.equal(findOwner(line('01', 1000), other, own), undefined);
});
