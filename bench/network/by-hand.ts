/** The same two machines by the bare QEMU, with a bridge and taps made by hand and dnsmasq, on a host of their own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NetGuest } from '../../src/agent/testing/net-guest.ts';
import { SerialSession } from '../../src/agent/testing/serial-session.ts';
import type { BareQemu } from '../bare-qemu.ts';
import { LeaseFile } from './lease-file.ts';
import type { Guest, Pair } from './pair.ts';

const hostAddress = '10.99.0.1';
const range = '10.99.0.100,10.99.0.150';

export async function startBarePair(bare: readonly [BareQemu, BareQemu]): Promise<Pair> {
  await using made = new AsyncDisposableStack();
  const host = made.use(await NetGuest.make());
  const folder = mkdtempSync(join(tmpdir(), 'gn-'));
  made.defer(() => rmSync(folder, { recursive: true, force: true }));
  const inside = ['nsenter', `--net=/proc/${host.pid}/ns/net`, '--'] as const;
  host.run('ip', 'link', 'set', 'dev', 'lo', 'up');
  host.run('ip', 'link', 'add', 'name', 'hand', 'type', 'bridge', 'forward_delay', '0');
  host.run('ip', 'address', 'add', `${hostAddress}/24`, 'dev', 'hand');
  host.run('ip', 'link', 'set', 'dev', 'hand', 'up');
  const leases = join(folder, 'leases');
  const service = spawn(inside[0], [
    ...inside.slice(1),
    'dnsmasq',
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--user=root',
    '--port=0',
    '--interface=hand',
    '--bind-interfaces',
    '--no-ping',
    `--dhcp-range=${range}`,
    `--dhcp-leasefile=${leases}`,
    `--pid-file=${join(folder, 'pid')}`,
  ]);
  const served = once(service, 'exit');
  made.defer(async () => {
    service.kill();
    await served;
  });
  const boot = async (qemu: BareQemu, tap: string): Promise<Guest> => {
    host.run('ip', 'tuntap', 'add', 'dev', tap, 'mode', 'tap');
    host.run('ip', 'link', 'set', 'dev', tap, 'master', 'hand', 'up');
    const given = new LeaseFile(leases);
    const begin = performance.now();
    const change = (word: string): string => word.replaceAll(/\bgtap\d+\b/g, tap);
    const machine = made.use(await qemu.start({ within: inside, change, groups: 'own' }));
    const serial = SerialSession.over(connect(machine.serial));
    const address = await given.next();
    const addressMs = performance.now() - begin;
    await serial.logIn('root', 'gantry');
    return { serial, address, addressMs };
  };
  const one = await boot(bare[0], 'hand1');
  const two = await boot(bare[1], 'hand2');
  const stack = made.move();
  return {
    one,
    two,
    hostAddress,
    onHost: inside,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
