/**
 * Screen, keyboard and serial port over a libvirt connection, judged by QEMU itself: what is looked at and typed into
 * is the firmware of a vm without a disk, which has its say on both.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { WebSocket } from 'ws';
import type { PowerAction } from '#api';
import { isFault } from '#lib';
import { connectLibvirt } from '#libvirt';
import { Kept } from '../../../src/agent/foreign/testing/kept.ts';
import { qemuDriver, startQemuLibvirtd } from './qemu-daemon.ts';
import { virsh, whyNot } from './tools.ts';

const missing = await whyNot('libvirtd', 'virsh', 'qemu-system-x86_64');
const skip = missing === false && !existsSync(qemuDriver) ? `${qemuDriver} is missing` : missing;

const define = (screen: string): string =>
  `<domain type='qemu'><name>tiny</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type><bootmenu enable='yes' timeout='60000'/><bios useserial='yes'/></os>
<features><acpi/></features><devices><serial type='pty'/>
<graphics type='vnc' socket='${screen}' passwd='secret'/><video><model type='vga'/></video></devices></domain>`;
const cause = { actor: { kind: 'user', name: 'ann' }, correlationId: 'c' } as const;

/** What a stream has said. */
class Listener {
  readonly socket: WebSocket;
  said = '';
  readonly #kept: Kept;

  constructor(kept: Kept, socket: WebSocket) {
    this.#kept = kept;
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      this.said += data.toString('latin1');
      kept.wake();
    });
    socket.resume();
  }

  until(pattern: RegExp, limitMs?: number): Promise<void> {
    return this.#kept.until(String(pattern), () => pattern.test(this.said), limitMs);
  }
}

/** Five times at most. Errors: those of the last time. */
async function retry(work: () => Promise<void>): Promise<void> {
  for (let left = 4; left > 0; left -= 1)
    try {
      await work();
      return;
    } catch {
      // Once more.
    }
  await work();
}

void test(
  'screen, keys, pictures and serial port of a vm of QEMU are as those of our own',
  { skip },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'fc-'));
    t.after(() => rm(folder, { recursive: true }));
    const daemon = await startQemuLibvirtd();
    t.after(() => daemon[Symbol.asyncDispose]());
    const address = `qemu+unix:///system?socket=${daemon.socket}`;
    const file = join(folder, 'tiny.xml');
    await writeFile(file, define(join(folder, 'vnc')));
    const defined = await virsh(address, `define ${file}`);
    assert.equal(defined.code, 0, defined.err);
    const kept = await Kept.open(address);
    t.after(() => kept[Symbol.asyncDispose]());
    const host = await kept.host();
    const [id = ''] = host.records.keys();
    let streams = 0;
    const open = async (channel: 'screen' | 'serial1' | 'serial2'): Promise<Listener> => {
      streams += 1;
      const streamId = `s${streams}`;
      await host.call('stream.open', { streamId, id, channel, readOnly: false });
      return new Listener(kept, await kept.coordinator.stream(streamId));
    };
    await assert.rejects(open('serial1'), (error) => isFault(error, 'refused'));
    let generation = 0;
    const act = async (action: PowerAction): Promise<void> => {
      generation += 1;
      await host.call('machine.act', { id, generation, cause, action, request: {} });
    };
    await act('turn-on');

    const first = await open('serial1');
    // QEMU looks every second whether somebody is at the port; what is said meanwhile is gone.
    await retry(async () => {
      await act('reset');
      await first.until(/SeaBIOS[\s\S]*boot menu/i, 3_000);
    });
    // Somebody who comes later sees what was there before.
    const second = await open('serial1');
    await second.until(/SeaBIOS/);
    await assert.rejects(
      open('serial2'),
      (error) => isFault(error) && /serial1/.test(error.message),
    );
    await host.call('machine.keys', { id, keys: ['esc'] });
    await first.until(/Select boot device/i);

    const screen = await open('screen');
    await screen.until(/^RFB 003\.008\n/);
    screen.socket.send('RFB 003.008\n');
    // One way to prove who one is: none (RFC 6143 7.1.2).
    await kept.until('it asks nothing', () => screen.said.endsWith(String.fromCharCode(10, 1, 1)));

    const png = Buffer.from((await host.call('machine.screenshot', { id })).png, 'base64');
    assert.deepEqual([png.toString('latin1', 1, 4), png.readUInt32BE(16)], ['PNG', 720]);

    // When nobody is at it here, others may be.
    for (const { socket } of [first, second]) socket.close();
    await using other = await connectLibvirt(address);
    const { dom } = await other.call('DOMAIN_LOOKUP_BY_NAME', { name: 'tiny' });
    await retry(async () => {
      const args = { dom, dev_name: null, flags: 0 };
      await other.open('DOMAIN_OPEN_CONSOLE', args, { signal: AbortSignal.timeout(10_000) });
    });
  },
);
