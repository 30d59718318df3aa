/** The agent with a real guest, the starter appliance; one file because it is booted once for all these tests. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import {
  profiles,
  vmDefinitionSchema,
  type GuestHealth,
  type MachineSample,
  type VmDefinition,
} from '#api';
import { giB, isFault, miB, systemClock } from '#lib';
import { additionsVersion } from '#images';
import {
  QemuAgent,
  bareDefinition,
  byTester,
  starterImage,
  withoutQemu,
} from './testing/qemu-agent.ts';
import { RfbSession } from './testing/rfb-session.ts';
import { SerialSession } from './testing/serial-session.ts';

const serialNumber = '0544-5904-3417-7151-3013-2390-69';

describe('a real guest', { skip: withoutQemu }, () => {
  let agent: QemuAgent;
  let id = '';
  /** A vm with nothing to boot from. */
  let empty = '';
  let serial: SerialSession;

  before(async () => {
    const image = await starterImage();
    agent = await QemuAgent.start('--name', 'carrier');
    const definition = vmDefinitionSchema.parse({
      id: crypto.randomUUID(),
      name: 'guest-1',
      guestOs: 'gantry-starter',
      hardware: {
        ...profiles.modern.hardware,
        memory: { sizeBytes: 256 * miB, maxBytes: 1024 * miB },
        processor: { ...profiles.modern.hardware.processor, count: 1, maxCount: 2 },
        bios: { chassis: { assetTag: serialNumber, serialNumber }, baseBoard: { serialNumber } },
        disks: [
          { bus: 'virtio', position: 0, file: 'disk.qcow2', format: 'qcow2', sizeBytes: giB },
        ],
        adapters: [
          {
            slot: 0,
            model: 'virtio',
            mac: '52:47:59:00:00:01',
            attachment: { kind: 'user', forwards: [{ hostPort: 0, guestPort: 80 }] },
          },
        ],
      },
      settings: {
        guestInformation: { shareHostFacts: true },
        heartbeat: { intervalSeconds: 1, missedLimit: 3 },
      },
    });
    empty = await agent.create(
      bareDefinition(
        { adapters: [] },
        { settings: { heartbeat: { intervalSeconds: 1, missedLimit: 3, bootSeconds: 5 } } },
      ),
    );
    await agent.act(empty, 'turn-on');
    id = await agent.create(definition, [
      {
        kind: 'image',
        file: 'disk.qcow2',
        format: 'qcow2',
        sizeBytes: giB,
        imagePath: image.path,
        imageFormat: 'qcow2',
      },
    ]);
    // Looked for from before on: on a quiet machine it lasts a moment.
    const booting = untilHealth('booting');
    await agent.act(id, 'turn-on');
    await booting;
    serial = await SerialSession.open(agent, id, 'serial1');
    await serial.logIn('root', 'gantry');
  });

  after(async () => {
    serial?.close();
    await agent?.[Symbol.asyncDispose]();
  });

  const untilHealth = (health: GuestHealth, vm = id): Promise<MachineSample> =>
    agent.untilSample(vm, `${vm} ${health}`, ({ guestHealth }) => guestHealth === health);

  const corrections = (): number =>
    agent.events(id).filter((name) => name === 'vm.clock.corrected').length;

  /** From outside: what the guest’s clock says, less what this machine’s says. */
  const readClockOffset = async (): Promise<number> => {
    const beforeMs = Date.now();
    const said = await serial.untilCommand('echo at-$(date +%s)-', /at-\d+-/);
    const guestMs = Number(/at-(\d+)-/.exec(said)?.[1]) * 1000 + 500;
    return guestMs - (beforeMs + Date.now()) / 2;
  };

  test('GA-07 GA-25 GA-34 GA-35 the guest agent is found, shows life and tells of its guest', async () => {
    const sample = await agent.untilSample(
      id,
      'a heartbeat and an address',
      ({ heartbeat, guest }) => heartbeat.state === 'good' && (guest?.addresses.length ?? 0) > 0,
    );
    assert.equal(sample.additions.state, 'running');
    assert.ok(sample.guest?.addresses.includes('10.0.2.15'));
    assert.match(sample.guest?.osName ?? '', /starter/);
    assert.equal(sample.guest?.hostName, 'guest-1');
    assert.equal(sample.guest?.timezone, 'UTC');
    assert.ok((sample.guest?.memoryTotalBytes ?? 0) > 100 * miB);
    assert.equal(sample.additions.functions['shutdown'], true);
    assert.equal(sample.guestHealth, 'working');
  });

  test('GA-09 every heartbeat is counted', async () => {
    const beats = async (least: number): Promise<number> => {
      const holds = ({ heartbeat }: MachineSample): boolean => heartbeat.beats >= least;
      const sample = await agent.untilSample(id, `${least} heartbeats`, holds);
      return sample.heartbeat.beats;
    };
    const first = await beats(1);
    assert.ok((await beats(first + 1)) > first);
  });

  test('HW-33 GA-23 SEC-10 EVT-21 the guest reads its identity, and of its host what it may', async () => {
    await agent.untilSample(id, 'host facts', ({ guest }) => guest !== null);
    const text = await serial.untilCommand('gantry-guest', /host: carrier/);
    assert.match(text, /vm: guest-1/);
    assert.match(text, new RegExp(`uuid: ${id}`));
    for (const field of ['asset tag', 'chassis serial', 'board serial']) {
      assert.match(text, new RegExp(`${field}: ${serialNumber}`));
    }
  });

  test('SEC-09 of the disk of the host that holds its disk the guest sees nothing', async () => {
    const said = await serial.untilCommand(
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
    await serial.command('echo both-$((40+2))');
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
    await serial.untilCommand('cat /sys/block/vdb/size /sys/block/vdb/serial', /131072\s+MORE/);
    assert.deepEqual(agent.host.reports.get(id)?.pending, []);
    assert.deepEqual(await agent.host.call('machine.disk.attach', params), { live: true });
    assert.deepEqual(await agent.host.call('machine.disk.detach', params), { live: true });
    await serial.untilCommand('ls /sys/block/', /^(?!.*vdb).*vda.*$/s);
    await agent.untilEvent('vm.device.removed', id);
    assert.ok(agent.events(id).includes('vm.device.added'));
  });

  test('HW-07 a processor and memory are added while it runs; less of them waits', async () => {
    const { definition } = await onlyRecord(agent, id);
    const more = {
      ...definition,
      hardware: {
        ...definition.hardware,
        processor: { ...definition.hardware.processor, count: 2 },
        memory: { sizeBytes: 384 * miB, maxBytes: 1024 * miB },
      },
    };
    const configure = (changed: VmDefinition, definitionVersion: number) =>
      agent.host.call('machine.configure', {
        id,
        generation: agent.generation(id),
        cause: byTester,
        definition: changed,
        definitionVersion,
      });
    assert.deepEqual((await configure(more, 2)).report.pending, []);
    await serial.untilCommand('grep -c ^processor /proc/cpuinfo', /^2\s*$/m);
    const less = {
      ...more,
      hardware: { ...more.hardware, memory: { sizeBytes: 128 * miB, maxBytes: null } },
    };
    const { report } = await configure(less, 3);
    assert.ok(report.pending.includes('hardware/memory/size_bytes'));
    assert.deepEqual((await configure(more, 4)).report.pending, []);
  });

  test('GA-16 the clock’s offset is measured while it is not set; GA-12 switched on, it is set', async () => {
    const setTime = (version: number, time: object) => configure(agent, id, version, { time });
    const offset = (what: string, holds: (offsetMs: number) => boolean) =>
      agent.untilSample(id, what, ({ guest }) => {
        const clock = guest?.clockOffsetMs ?? null;
        return clock !== null && holds(clock);
      });
    await setTime(5, { synchronise: false });
    const before = corrections();
    await serial.command('date -s @$(( $(date +%s) + 7200 ))');
    await setTime(6, { synchronise: false });
    await offset('a clock two hours ahead', (clock) => Math.abs(clock - 7_200_000) < 60_000);
    assert.equal(corrections(), before);
    await setTime(7, { synchronise: true });
    await agent.host.until('a correction', () => corrections() > before, 30_000);
    await offset('a clock that is right', (clock) => Math.abs(clock) < 60_000);
  });

  test('GA-13 GA-14 the domain of a guest is recognised, and that it is a domain controller', async () => {
    const found = (wanted: boolean) =>
      agent.untilSample(id, 'the role', ({ guest }) => guest?.domainController === wanted);
    await found(false);
    await serial.command('mkdir -p /etc/samba; echo default_realm = LAB.TEST > /etc/krb5.conf');
    await serial.command(
      "printf '[global]\\nserver role = active directory domain controller\\n' > /etc/samba/smb.conf",
    );
    await configure(agent, id, 8, {});
    await found(true);
    assert.equal(agent.host.samples.get(id)?.guest?.domain, 'lab.test');
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
        path: null,
      });
    await serial.command('modprobe sr_mod');
    assert.deepEqual(await change({ kind: 'file', file }), { live: true });
    await serial.untilCommand('dd if=/dev/sr0 bs=16 count=1 2>/dev/null; echo', /the first sector/);
    assert.deepEqual(await change(null), { live: true });
    await agent.untilEvent('vm.media.ejected', id);
    assert.ok(agent.events(id).includes('vm.media.inserted'));
  });

  test('GA-26 wherever the pointer enters the screen, there the guest’s pointer is', async () => {
    const device = await serial.untilCommand(
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
      serial.text = '';
      serial.write(
        `dd if=${node} of=/tmp/moves bs=24 count=3 2> /dev/null & ` +
          `until ls -l /proc/$!/fd | grep -q ${node}; do sleep 0.1; done; echo ready-$((40+2)); ` +
          'wait; od -An -v -tx1 -w24 /tmp/moves; echo seen-$((40+2))\n',
      );
      await serial.until(/ready-42/);
      screen.point(Math.round(width * across), Math.round(height * down));
      const axes = absoluteAxes(await serial.until(/seen-42[^]*[#$] $/));
      assert.ok(Math.abs((axes.get(0) ?? -1) - across) < 0.01, `x ${axes.get(0)}`);
      assert.ok(Math.abs((axes.get(1) ?? -1) - down) < 0.01, `y ${axes.get(1)}`);
    }
    screen.close();
  });

  test('a screenshot is a picture of the screen, and typed text arrives', async () => {
    const { png } = await agent.host.call('machine.screenshot', { id });
    assert.equal(Buffer.from(png, 'base64').subarray(1, 4).toString(), 'PNG');
    const type = (text: string) => agent.host.call('machine.type', { id, text, layout: 'us' });
    serial.text = '';
    // A guest that is held up loses keys, as one with a real keyboard does: then it is tried again.
    for (let attempt = 1; !/Typed_42/.test(serial.text); attempt += 1) {
      assert.ok(attempt <= 6, 'nothing that was typed arrived');
      await type('root\n');
      await systemClock.sleep(2_000);
      await type('gantry\n');
      await systemClock.sleep(3_000);
      await type('echo Typed_$((6*7)) > /dev/ttyS0\n');
      await serial.until(/Typed_42/, 5_000).catch(() => undefined);
    }
    await agent.host.call('machine.keys', { id, keys: ['ctrl-c', 'ret'] });
  });

  test('VM-32 VM-33 GA-16 paused a guest stands still, in memory; resumed it goes on where it was', async () => {
    const pausedMs = 2000;
    const upTime = async (): Promise<number> => {
      const said = await serial.untilCommand(
        'echo up-$(cut -d" " -f1 /proc/uptime)-',
        /up-[\d.]+-/,
      );
      return Number(/up-([\d.]+)-/.exec(said)?.[1]) * 1000;
    };
    await configure(agent, id, 10, { time: { synchronise: false } });
    const corrected = corrections();
    await serial.command('marked=kept-$((6*7)); (while :; do sleep 1; done) & loop=$!');
    const beganMs = performance.now();
    const before = await upTime();
    const pid = agent.pid(id);
    assert.equal((await agent.act(id, 'pause')).state, 'paused');
    await systemClock.sleep(pausedMs);
    assert.equal((await agent.act(id, 'resume')).state, 'running');
    const lived = (await upTime()) - before;
    assert.ok(lived <= performance.now() - beganMs - pausedMs, `it lived ${lived} ms`);
    assert.equal(agent.pid(id), pid);
    await serial.untilCommand('kill -0 $loop && echo $marked; kill $loop', /kept-42/);
    // So its clock is late, and that is shown while nobody is to set it.
    const isLate = (ms: number): boolean => ms < -pausedMs / 2;
    await agent.untilSample(id, 'late', ({ guest }) => isLate(guest?.clockOffsetMs ?? 0));
    assert.ok(isLate(await readClockOffset()));
    assert.equal(corrections(), corrected);
  });

  test('GA-12 after a pause the clock is set by the next beat', async () => {
    const pausedMs = 2000;
    await configure(agent, id, 11, { time: { synchronise: true } });
    const isRight = ({ guest }: MachineSample): boolean =>
      Math.abs(guest?.clockOffsetMs ?? Infinity) <= 500;
    await agent.untilSample(id, 'a clock that is right', isRight);
    const before = corrections();
    await agent.act(id, 'pause');
    await systemClock.sleep(pausedMs);
    await agent.act(id, 'resume');
    await agent.host.until('a correction', () => corrections() > before);
    const told = agent.host.events.findLast(({ name }) => name === 'vm.clock.corrected');
    assert.ok(Number(told?.attributes['offsetMs']) < -pausedMs / 2);
    await agent.untilSample(id, 'a clock that is right', isRight);
    const offset = await readClockOffset();
    assert.ok(Math.abs(offset) < 1_500, `${offset} ms`);
  });

  test('VM-34 VM-35 GA-10 GA-12 saved and restored it goes on exactly where it stopped, its clock is right', async () => {
    await serial.command('mkdir -p /tmp/kept; echo kept-in-memory > /tmp/kept/it');
    const before = corrections();
    assert.equal((await agent.act(id, 'save')).state, 'saved');
    assert.equal(agent.pid(id), undefined);
    assert.equal((await agent.act(id, 'restore')).state, 'running');
    serial.close();
    serial = await SerialSession.open(agent, id, 'serial1');
    await serial.untilCommand('cat /tmp/kept/it', /kept-in-memory/);
    await agent.host.until('its clock was set', () => corrections() > before);
    const offset = await readClockOffset();
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
    serial.close();
    serial = await SerialSession.open(agent, id, 'serial1');
    await serial.untilCommand('echo alive-$((40+2))', /alive-42/);
    await agent.untilSample(id, 'a heartbeat', ({ heartbeat }) => heartbeat.state === 'good');
  });

  test('GA-08 GA-11 EVT-65 a guest agent that stops answering is missed, and welcomed back', async () => {
    const beat = (): number => Date.parse(agent.host.samples.get(id)?.heartbeat.lastAt ?? '');
    const before = beat();
    await serial.command('kill -STOP $(cat /run/qemu-ga.pid)');
    const stoppedMs = Date.now();
    await agent.untilEvent('vm.heartbeat.lost', id, 40_000);
    assert.equal(agent.host.reports.get(id)?.state, 'running');
    // Its kernel still refuses who comes through the forward.
    await agent.untilSample(
      id,
      'a guest that works without its agent',
      ({ heartbeat, guestHealth }) => heartbeat.state === 'missed' && guestHealth === 'working',
    );
    await serial.command('kill -CONT $(cat /run/qemu-ga.pid)');
    await agent.untilEvent('vm.heartbeat.regained', id, 40_000);
    const told = agent.host.events.filter(({ name }) => name.startsWith('vm.heartbeat.'));
    const [lost, regained] = told.slice(-2);
    assert.deepEqual([lost?.name, regained?.name], ['vm.heartbeat.lost', 'vm.heartbeat.regained']);
    const lastMs = Date.parse(String(lost?.attributes['lastAt']));
    assert.ok(lastMs >= before && lastMs <= stoppedMs, `${before} ${lastMs} ${stoppedMs}`);
    assert.equal(lost?.attributes['missed'], 3);
    assert.equal(regained?.attributes['lastAt'], lost?.attributes['lastAt']);
    assert.ok(Date.parse(regained?.time ?? '') > lastMs + 2_000);
  });

  test('GA-11 a guest whose agent was taken away, or that has none, is told from one that hangs', async () => {
    await untilHealth('without-additions', empty);
    await serial.command('kill $(cat /run/gantry/guest-agent/pid); killall qemu-ga; echo gone');
    await agent.act(id, 'save');
    await agent.act(id, 'restore');
    serial.close();
    serial = await SerialSession.open(agent, id, 'serial1');
    await untilHealth('without-additions');
    await serial.command('qemu-ga -d -p /dev/virtio-ports/org.qemu.guest_agent.0');
    await untilHealth('working');
  });

  test('GA-19 GA-22 EVT-66 older additions are told, go on with what they know, and the rest is named', async () => {
    await serial.command(`echo '{"version":"0.9.0"}' > /usr/share/gantry/additions.json`);
    await serial.command('kill $(cat /run/gantry/guest-agent/pid)');
    await serial.command('killall qemu-ga; while pidof qemu-ga; do sleep 0.1; done');
    await serial.command(
      'qemu-ga -d -f /run/qemu-ga.pid -t /run -m virtio-serial ' +
        '-p /dev/virtio-ports/org.qemu.guest_agent.0 -b guest-set-time,guest-get-fsinfo,guest-exec',
    );
    const old = await agent.untilSample(
      id,
      'older additions',
      ({ additions, guest }) => additions.state === 'outdated' && guest?.fileSystems.length === 0,
    );
    assert.equal(old.additions.version, '0.9.0');
    assert.match(String(old.additions.functions['time']), /does not know guest-set-time/);
    assert.equal(old.additions.functions['shutdown'], true);
    assert.ok(old.guest?.addresses.includes('10.0.2.15'));
    const outdated = () => agent.host.events.filter(({ name }) => name === 'vm.additions.outdated');
    const versions = { installed: '0.9.0', shipped: additionsVersion };
    await agent.untilEvent('vm.additions.outdated', id);
    assert.deepEqual(outdated().at(-1)?.attributes, versions);
    const times = outdated().length;
    // Told once, and again at every start.
    await agent.act(id, 'save');
    assert.equal(outdated().length, times);
    await agent.act(id, 'restore');
    serial.close();
    serial = await SerialSession.open(agent, id, 'serial1');
    await agent.host.until('the event again', () => outdated().length === times + 1, 40_000);
    assert.deepEqual(outdated().at(-1)?.attributes, versions);
    const { beats } = old.heartbeat;
    await agent.untilSample(id, 'a heartbeat', ({ heartbeat }) => heartbeat.beats > beats);
    await assert.rejects(agent.act(id, 'update-additions'), (error) => {
      assert.ok(isFault(error, 'unsupported'));
      assert.match(error.message, /does not offer guest-exec/);
      return true;
    });
  });

  test('VM-43 its additions restart it: the guest ends cleanly and is up again, in the same process', async () => {
    const pid = agent.pid(id);
    serial.text = '';
    await agent.act(id, 'reboot');
    await serial.logIn('root', 'gantry');
    assert.match(
      serial.text,
      /The system is going down|sent SIGTERM|Requesting system reboot|Restarting system/i,
    );
    assert.deepEqual([agent.host.reports.get(id)?.state, agent.pid(id)], ['running', pid]);
    const reset = agent.host.events.findLast(({ name }) => name === 'vm.state.reset');
    assert.equal(reset?.attributes['how'], 'reboot');
    await agent.untilSample(id, 'additions', ({ additions }) => additions.state === 'running');
  });

  test('GA-21 additions are updated in the running guest, and its version is seen to change', async () => {
    await serial.command(`echo '{"version":"0.9.0"}' > /usr/share/gantry/additions.json`);
    await configure(agent, id, 12, {});
    await agent.untilSample(id, 'outdated', ({ additions }) => additions.state === 'outdated');
    await agent.act(id, 'update-additions');
    await agent.untilEvent('vm.additions.updated', id);
    const updated = agent.host.events.find(({ name }) => name === 'vm.additions.updated');
    assert.deepEqual(updated?.attributes, { from: '0.9.0', to: additionsVersion });
    const sample = await agent.untilSample(
      id,
      'the additions of the host',
      ({ additions }) => additions.state === 'running',
    );
    assert.equal(sample.additions.version, additionsVersion);
    assert.match(await serial.command('gantry-guest additions'), new RegExp(additionsVersion));
    await serial.untilCommand('ls /usr/local/bin /run/gantry', /gantry-guest/);
    assert.doesNotMatch(await serial.command('ls /run/gantry'), /additions\s/);
  });

  test('VM-83 GA-18 GA-35 a guest that hangs is reset where that is asked for, and has no additions until it is heard again', async () => {
    await configure(agent, id, 13, { failure: { reaction: 'reset', maxRepetitions: 1 } });
    await agent.untilSample(id, 'additions', ({ additions }) => additions.state === 'running');
    const pid = agent.pid(id);
    await serial.command('kill -STOP $(cat /run/qemu-ga.pid)');
    serial.text = '';
    const booting = untilHealth('booting');
    await agent.untilEvent('vm.failure-reaction', id, 40_000);
    const [reaction] = agent.host.events.filter(({ name }) => name === 'vm.failure-reaction');
    assert.deepEqual(reaction?.attributes, { reaction: 'reset', repetition: 1, limit: 1 });
    const resets = (): number =>
      agent.host.events.filter(
        ({ name, attributes }) => name === 'vm.state.reset' && attributes['how'] === 'reset',
      ).length;
    await agent.host.until('its reset', () => resets() === 1);
    assert.equal(agent.pid(id), pid);
    await booting;
    await assert.rejects(agent.act(id, 'shutdown'), (error) => {
      assert.ok(isFault(error, 'refused'));
      assert.match(error.message, /no guest additions have answered/);
      return true;
    });
    await agent.untilSample(id, 'no additions', ({ additions }) => additions.state === 'none');
    await serial.logIn('root', 'gantry');
    await agent.untilSample(id, 'additions', ({ additions }) => additions.state === 'running');
  });

  test('VM-37 GA-17 the guest shuts down through its agent, and everything of it can be deleted', async () => {
    await agent.untilSample(id, 'a heartbeat', ({ heartbeat }) => heartbeat.state === 'good');
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

/** Other settings, by which the guest is looked at again. */
async function configure(
  agent: QemuAgent,
  id: string,
  definitionVersion: number,
  settings: object,
): Promise<void> {
  const { definition } = await onlyRecord(agent, id);
  await agent.host.call('machine.configure', {
    id,
    generation: agent.generation(id),
    cause: byTester,
    definition: { ...definition, settings: { ...definition.settings, ...settings } },
    definitionVersion,
  });
}

async function onlyRecord(agent: QemuAgent, id: string) {
  const { machines } = await agent.host.call('host.discover', {});
  const record = machines.find(({ definition }) => definition.id === id);
  if (!record) throw new Error('no record');
  return record;
}
