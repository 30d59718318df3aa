/** What a real guest sees of its machine, and how it fares as that is powered, saved and plugged into. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { miB, systemClock } from '#lib';
import { BootedGuest, serialNumber } from './testing/booted-guest.ts';
import { byTester, withoutQemu, type QemuAgent } from './testing/qemu-agent.ts';
import { RfbSession } from './testing/rfb-session.ts';
import { SerialSession } from './testing/serial-session.ts';

describe('a real guest', { skip: withoutQemu }, () => {
  let guest: BootedGuest;
  let agent: QemuAgent;
  let id = '';

  before(async () => {
    guest = await BootedGuest.boot();
    ({ agent, id } = guest);
  });

  after(async () => {
    await guest?.[Symbol.asyncDispose]();
  });

  test('HW-33 GA-23 SEC-10 EVT-21 the guest reads its identity, and of its host what it may', async () => {
    await guest.untilSample('host facts', ({ guest }) => guest !== null);
    const text = await guest.serial.untilCommand('gantry-guest', /host: carrier/);
    assert.match(text, /vm: guest-1/);
    assert.match(text, new RegExp(`uuid: ${id}`));
    for (const field of ['asset tag', 'chassis serial', 'board serial']) {
      assert.match(text, new RegExp(`${field}: ${serialNumber}`));
    }
  });

  test('SEC-09 of the disk of the host that holds its disk the guest sees nothing', async () => {
    const said = await guest.serial.untilCommand(
      'cat /sys/block/*/serial /sys/block/*/device/* 2>/dev/null; head -c 4 /dev/vda | od -c; mount; echo seen-$((40+2))',
      /seen-42/,
    );
    assert.match(said, /vda/, 'it has looked');
    const folder = agent.folder(id);
    const physical = [
      ...globSync('/sys/block/*/{serial,wwid}'),
      ...globSync('/sys/block/*/device/{serial,wwid,model}'),
    ]
      .map((path) => readFileSync(path, 'utf8').trim())
      .filter((text) => text.length > 3 && !/virtio|qemu/i.test(text));
    for (const secret of [folder, 'qcow2', 'QFI', ...physical])
      assert.ok(!said.includes(secret), secret);
  });

  test('HW-15 several watchers see the same port; one that only watches types nothing', async () => {
    const watcher = await SerialSession.open(agent, id, 'serial1', 'read-only');
    watcher.write('echo must-not-$((40+2))\n');
    await guest.serial.command('echo both-$((40+2))');
    await watcher.until(/both-42/);
    assert.doesNotMatch(watcher.text, /must-not/);
    watcher.close();
  });

  test('HW-30 a disk that is plugged in is there at once, and gone when it is taken out', async () => {
    const generation = agent.generation(id);
    const source = {
      kind: 'new',
      file: 'more.qcow2',
      format: 'qcow2',
      sizeBytes: 64 * miB,
    } as const;
    await agent.host.call('machine.disk.create', { id, generation, cause: byTester, source });
    const disk = {
      bus: 'virtio',
      controller: 0,
      position: 1,
      file: 'more.qcow2',
      format: 'qcow2',
      sizeBytes: 64 * miB,
      readOnly: false,
      shared: false,
      discard: true,
      cache: 'writeback',
      serial: 'MORE',
    } as const;
    const params = { id, generation, cause: byTester, disk };
    assert.deepEqual(await agent.host.call('machine.disk.attach', params), { live: true });
    await guest.serial.untilCommand(
      'cat /sys/block/vdb/size /sys/block/vdb/serial',
      /131072\s+MORE/,
    );
    assert.deepEqual(agent.host.reports.get(id)?.pending, []);
    assert.deepEqual(await agent.host.call('machine.disk.attach', params), { live: true });
    assert.deepEqual(await agent.host.call('machine.disk.detach', params), { live: true });
    await guest.serial.untilCommand('ls /sys/block/', /^(?!.*vdb).*vda.*$/s);
    await agent.untilEvent('vm.device.removed', id);
    assert.ok(agent.events(id).includes('vm.device.added'));
  });

  test('HW-07 a processor and memory are added while it runs; less of them waits', async () => {
    const { definition } = guest;
    const more = {
      ...definition,
      hardware: {
        ...definition.hardware,
        processor: { ...definition.hardware.processor, count: 2 },
        memory: { sizeBytes: 384 * miB, maxBytes: 1024 * miB },
      },
    };
    assert.deepEqual((await guest.define(more)).pending, []);
    await guest.serial.untilCommand('grep -c ^processor /proc/cpuinfo', /^2\s*$/m);
    const less = {
      ...more,
      hardware: { ...more.hardware, memory: { sizeBytes: 128 * miB, maxBytes: null } },
    };
    const { pending } = await guest.define(less);
    assert.ok(pending.includes('hardware/memory/size_bytes'));
    assert.deepEqual((await guest.define(more)).pending, []);
  });

  test('a CD is inserted, read and ejected while it runs', async () => {
    const file = `${agent.shelf}/cd.iso`;
    await writeFile(file, Buffer.concat([Buffer.from('the first sector'), Buffer.alloc(65536)]), {
      mode: 0o644,
    });
    const change = (medium: { kind: 'file'; file: string } | null) =>
      agent.host.call('machine.medium', {
        id,
        generation: agent.generation(id),
        cause: byTester,
        place: 'sata0:0',
        medium,
        tray: 'ask',
        path: null,
      });
    await guest.serial.command('modprobe sr_mod');
    assert.deepEqual(await change({ kind: 'file', file }), { live: true });
    await guest.serial.untilCommand(
      'dd if=/dev/sr0 bs=16 count=1 2>/dev/null; echo',
      /the first sector/,
    );
    assert.deepEqual(await change(null), { live: true });
    await agent.untilEvent('vm.media.ejected', id);
    assert.ok(agent.events(id).includes('vm.media.inserted'));
  });

  test('GA-26 wherever the pointer enters the screen, there the guest’s pointer is', async () => {
    const device = await guest.serial.untilCommand(
      `sed -n '/Tablet/,/^$/s/.*\\(event[0-9]*\\).*/node-\\1-/p' /proc/bus/input/devices`,
      /node-event\d+-/,
    );
    const node = `/dev/input/${/node-(event\d+)-/.exec(device)?.[1] ?? ''}`;
    const screen = await RfbSession.open(agent, id);
    const { width, height } = screen;
    // Each place far from the one before: the pointer left the screen and came in elsewhere.
    for (const [across, down] of [
      [0.25, 0.75],
      [0.9, 0.1],
    ] as const) {
      // Both axes and the end of the report, 24 bytes each (linux/input.h).
      guest.serial.text = '';
      guest.serial.write(
        `dd if=${node} of=/tmp/moves bs=24 count=3 2> /dev/null & ` +
          `until ls -l /proc/$!/fd | grep -q ${node}; do sleep 0.1; done; echo ready-$((40+2)); ` +
          'wait; od -An -v -tx1 -w24 /tmp/moves; echo seen-$((40+2))\n',
      );
      await guest.serial.until(/ready-42/);
      screen.point(Math.round(width * across), Math.round(height * down));
      const axes = absoluteAxes(await guest.serial.until(/seen-42[^]*[#$] $/));
      assert.ok(Math.abs((axes.get(0) ?? -1) - across) < 0.01, `x ${axes.get(0)}`);
      assert.ok(Math.abs((axes.get(1) ?? -1) - down) < 0.01, `y ${axes.get(1)}`);
    }
    screen.close();
  });

  test('a screenshot is a picture of the screen, and typed text arrives', async () => {
    const { png } = await agent.host.call('machine.screenshot', { id });
    assert.equal(Buffer.from(png, 'base64').subarray(1, 4).toString(), 'PNG');
    const type = (text: string) => agent.host.call('machine.type', { id, text, layout: 'us' });
    guest.serial.text = '';
    // A guest that is held up loses keys, as one with a real keyboard does: then it is tried again.
    for (let attempt = 1; !/Typed_42/.test(guest.serial.text); attempt += 1) {
      assert.ok(attempt <= 6, 'nothing that was typed arrived');
      await type('root\n');
      await systemClock.sleep(2_000);
      await type('gantry\n');
      await systemClock.sleep(3_000);
      await type('echo Typed_$((6*7)) > /dev/ttyS0\n');
      await guest.serial.until(/Typed_42/, 5_000).catch(() => undefined);
    }
    await agent.host.call('machine.keys', { id, keys: ['ctrl-c', 'ret'] });
  });

  test('VM-32 VM-33 GA-16 paused a guest stands still, in memory; resumed it goes on where it was', async () => {
    const pausedMs = 2000;
    const upTime = async (): Promise<number> => {
      const said = await guest.serial.untilCommand(
        'echo up-$(cut -d" " -f1 /proc/uptime)-',
        /up-[\d.]+-/,
      );
      return Number(/up-([\d.]+)-/.exec(said)?.[1]) * 1000;
    };
    await guest.configure({ time: { synchronise: false } });
    const corrected = guest.corrections();
    await guest.serial.command('marked=kept-$((6*7)); (while :; do sleep 1; done) & loop=$!');
    const beganMs = performance.now();
    const before = await upTime();
    const pid = agent.pid(id);
    assert.equal((await agent.act(id, 'pause')).state, 'paused');
    await systemClock.sleep(pausedMs);
    assert.equal((await agent.act(id, 'resume')).state, 'running');
    const lived = (await upTime()) - before;
    assert.ok(lived <= performance.now() - beganMs - pausedMs, `it lived ${lived} ms`);
    assert.equal(agent.pid(id), pid);
    await guest.serial.untilCommand('kill -0 $loop && echo $marked; kill $loop', /kept-42/);
    // So its clock is late, and that is shown while nobody is to set it.
    const isLate = (ms: number): boolean => ms < -pausedMs / 2;
    await guest.untilSample('late', ({ guest }) => isLate(guest?.clockOffsetMs ?? 0));
    assert.ok(isLate(await guest.readClockOffset()));
    assert.equal(guest.corrections(), corrected);
  });

  test('VM-34 VM-35 GA-10 GA-12 saved and restored it goes on exactly where it stopped, its clock is right', async () => {
    await guest.configure({ time: { synchronise: true } });
    await guest.serial.command('mkdir -p /tmp/kept; echo kept-in-memory > /tmp/kept/it');
    await guest.untilSample(
      'a clock that is right',
      ({ guest }) => Math.abs(guest?.clockOffsetMs ?? Infinity) <= 500,
    );
    const before = guest.corrections();
    assert.equal((await agent.act(id, 'save')).state, 'saved');
    assert.equal(agent.pid(id), undefined);
    assert.equal((await agent.act(id, 'restore')).state, 'running');
    await guest.reopen();
    await guest.serial.untilCommand('cat /tmp/kept/it', /kept-in-memory/);
    await agent.host.until('its clock was set', () => guest.corrections() > before);
    const offset = await guest.readClockOffset();
    assert.ok(Math.abs(offset) < 1_500, `${offset} ms`);
    assert.ok(!agent.events(id).includes('vm.heartbeat.lost'));
  });

  test('VM-29 the agent is killed: the guest goes on, is found again and answers', async () => {
    const pid = agent.pid(id);
    await agent.process.stop('SIGKILL');
    agent.process.run();
    await agent.host.until('the next hello', () => agent.host.links === 2, 30_000);
    assert.equal(agent.host.reports.get(id)?.state, 'running');
    assert.equal(agent.pid(id), pid);
    await guest.reopen();
    await guest.serial.untilCommand('echo alive-$((40+2))', /alive-42/);
    await guest.untilSample('a heartbeat', ({ heartbeat }) => heartbeat.state === 'good');
  });

  test('VM-43 its additions restart it: the guest ends cleanly and is up again, in the same process', async () => {
    const pid = agent.pid(id);
    guest.serial.text = '';
    await agent.act(id, 'reboot');
    await guest.serial.logIn('root', 'gantry');
    assert.match(
      guest.serial.text,
      /The system is going down|sent SIGTERM|Requesting system reboot|Restarting system/i,
    );
    assert.deepEqual([agent.host.reports.get(id)?.state, agent.pid(id)], ['running', pid]);
    const reset = agent.host.events.findLast(({ name }) => name === 'vm.state.reset');
    assert.equal(reset?.attributes['how'], 'reboot');
    await guest.untilSample('additions', ({ additions }) => additions.state === 'running');
  });

  test('VM-37 GA-17 the guest shuts down through its agent, and everything of it can be deleted', async () => {
    await guest.untilSample('a heartbeat', ({ heartbeat }) => heartbeat.state === 'good');
    assert.equal((await agent.act(id, 'shutdown', { timeoutSeconds: 60 })).state, 'off');
    const asked = agent.host.events.find(({ name }) => name === 'vm.shutdown.requested');
    assert.equal(asked?.attributes['means'], 'guest agent');
    const generation = agent.generation(id);
    const { kept } = await agent.host.call('machine.destroy', {
      id,
      generation,
      cause: byTester,
      keep: [],
    });
    assert.deepEqual(
      kept.map((path) => path.split('/').at(-1)),
      ['more.qcow2'],
    );
  });
});

/** Axes of a USB tablet by their number, from 0 to 1, out of a dump of struct input_event (linux/input.h). */
function absoluteAxes(dump: string): ReadonlyMap<number, number> {
  const evAbs = 3;
  const tabletMax = 0x7fff;
  const axes = new Map<number, number>();
  for (const line of dump.matchAll(/^(?: [0-9a-f]{2}){24}/gm)) {
    const event = Buffer.from(line[0].replaceAll(' ', ''), 'hex');
    if (event.readUInt16LE(16) !== evAbs) continue;
    axes.set(event.readUInt16LE(18), event.readInt32LE(20) / tabletMax);
  }
  return axes;
}
