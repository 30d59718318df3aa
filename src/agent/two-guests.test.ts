/** Two real guests side by side: what one does is nothing to the other. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventCatalogue, profiles, vmDefinitionSchema, type Disk, type EventName } from '#api';
import { giB, miB } from '#lib';
import { FrozenVolume } from './testing/frozen-volume.ts';
import {
  bareDefinition,
  byTester,
  QemuAgent,
  starterImage,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';
import { SerialSession } from './testing/serial-session.ts';

async function boot(
  agent: QemuAgent,
  name: string,
  imagePath: string,
  more: readonly Disk[] = [],
): Promise<string> {
  const disk = { file: 'disk.qcow2', format: 'qcow2', sizeBytes: giB } as const;
  const definition = vmDefinitionSchema.parse({
    id: crypto.randomUUID(),
    name,
    hardware: {
      ...profiles.modern.hardware,
      memory: { sizeBytes: 128 * miB, maxBytes: null },
      disks: [{ ...disk, bus: 'virtio', position: 0 }, ...more],
    },
  });
  const id = await agent.create(definition, [
    { ...disk, kind: 'image', imagePath, imageFormat: 'qcow2' },
  ]);
  await agent.act(id, 'turn-on');
  return id;
}

/** Sizes that no other disk has. */
const slowBytes = 24 * miB;
const quorumBytes = 20 * miB;

async function open(agent: QemuAgent, id: string): Promise<SerialSession> {
  const serial = await SerialSession.open(agent, id, 'serial1');
  await serial.logIn('root', 'gantry');
  return serial;
}

describe('two real guests', { skip: withoutQemu }, () => {
  let agent: QemuAgent;
  let ids: readonly [string, string];
  let volume: FrozenVolume | string;
  let serials: readonly [SerialSession, SerialSession];

  before(async () => {
    const { path } = await starterImage();
    agent = await QemuAgent.start();
    volume = FrozenVolume.mount(join(agent.shelf, 'volume'));
    const slow: Disk[] = [];
    if (typeof volume === 'object') {
      const file = join(volume.path, 'slow.raw');
      writeFileSync(file, '');
      truncateSync(file, slowBytes);
      slow.push({ ...testDisk(file), format: 'raw', sizeBytes: slowBytes, position: 1 });
    }
    const quorum: Disk = {
      ...testDisk(join(agent.shelf, 'quorum.raw')),
      format: 'raw',
      sizeBytes: quorumBytes,
      bus: 'scsi',
      shared: true,
      cache: 'none',
    };
    writeFileSync(quorum.file, '');
    truncateSync(quorum.file, quorumBytes);
    ids = await Promise.all([
      boot(agent, 'wild', path, [...slow, quorum]),
      boot(agent, 'calm', path, [quorum]),
    ]);
    serials = await Promise.all([open(agent, ids[0]), open(agent, ids[1])]);
  });

  after(async () => {
    for (const serial of serials ?? []) serial.close();
    if (typeof volume === 'object') volume[Symbol.dispose]();
    await agent?.[Symbol.asyncDispose]();
  });

  test('HOST-18 nobody without privileges reads the memory of a vm: not another vm’s account, not nobody', (t) => {
    if (process.getuid?.() !== 0) {
      t.skip('all run under one account');
      return;
    }
    const [wild, calm] = ids.map((id) => agent.pid(id) ?? 0);
    const uidOf = (pid: number): string =>
      /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
    assert.notEqual(uidOf(wild ?? 0), uidOf(calm ?? 0));
    const memory = `/proc/${calm}/mem`;
    const touch = (uid: string, how: string) =>
      spawnSync('setpriv', ['--reuid', uid, '--regid', uid, '--clear-groups', 'sh', '-c', how]);
    for (const uid of [uidOf(wild ?? 0), '65534']) {
      assert.notEqual(touch(uid, `: <${memory}`).status, 0, `${uid} reads`);
      assert.notEqual(touch(uid, `: >>${memory}`).status, 0, `${uid} writes`);
      assert.equal(touch(uid, 'true').status, 0);
    }
  });

  test('DISK-61 a SCSI disk that is shared is a disk of both running vms, and each reads what the other has just written', async () => {
    const place = await findDisk(serials[0], quorumBytes);
    assert.equal(await findDisk(serials[1], quorumBytes), place);
    for (const turn of [0, 1, 2, 3]) {
      const [writer, reader] = turn % 2 === 0 ? serials : serials.toReversed();
      assert.ok(writer && reader);
      await writer.untilCommand(
        `echo vote-of-$((${turn}+10)) | dd of=${place} bs=512 conv=sync,fsync,notrunc && echo written-$((${turn}+40))`,
        new RegExp(`written-${turn + 40}`),
      );
      // What the guest itself has kept of it is its own affair, as on any shared disk.
      await reader.untilCommand(
        `echo 3 >/proc/sys/vm/drop_caches; head -c 10 ${place}`,
        new RegExp(`vote-of-${turn + 10}`),
      );
    }
  });

  test('HOST-15 a disk that stalls delays neither another guest nor any management, nor its own guest’s processor', async (t) => {
    if (typeof volume === 'string') {
      t.skip(volume);
      return;
    }
    const [wild, calm] = serials;
    const disk = await findDisk(wild, slowBytes);
    volume.freeze(60);
    wild.text = '';
    wild.write(`(dd if=/dev/zero of=${disk} bs=4k count=1 conv=fsync; echo written-$((40+2))) &\n`);
    await wild.untilCommand('echo alive-$((40+2))', /alive-42/);
    await calm.untilCommand('echo alive-$((40+2))', /alive-42/);
    assert.equal((await agent.act(ids[1], 'pause')).state, 'paused');
    assert.equal((await agent.act(ids[1], 'resume')).state, 'running');
    for (const id of ids) {
      await agent.host.call('machine.hardware', { id });
      await agent.host.call('machine.screenshot', { id });
    }
    await calm.untilCommand(
      'dd if=/dev/zero of=/tmp/x bs=4k count=1 && sync; echo wrote-$((40+2))',
      /wrote-42/,
    );
    assert.doesNotMatch(wild.text, /written-42/, 'the disk stands still meanwhile');
    volume.thaw();
    await wild.until(/written-42/);
    assert.equal(agent.host.reports.get(ids[0])?.state, 'running');
  });

  test('HW-44 one CD image is in both running vms at once, read by both and written by neither', async () => {
    const file = join(agent.shelf, 'both.iso');
    const text = 'read by both';
    writeFileSync(file, Buffer.concat([Buffer.from(text), Buffer.alloc(2048 * 64)]), {
      mode: 0o666,
    });
    const before = readFileSync(file);
    for (const [index, id] of ids.entries()) {
      const serial = serials[index];
      assert.ok(serial);
      const generation = agent.generation(id);
      const medium = { kind: 'file', file } as const;
      const change = {
        id,
        generation,
        cause: byTester,
        place: 'sata0:0',
        path: null,
        tray: 'ask',
      } as const;
      await agent.host.call('machine.medium', { ...change, medium });
      await serial.command('modprobe sr_mod');
      await serial.untilCommand(
        `head -c ${text.length} /dev/sr0; echo over | dd of=/dev/sr0 2>&1; echo tried-$((40+2))`,
        new RegExp(`${text}[^]*tried-42`),
      );
    }
    assert.deepEqual(readFileSync(file), before);
    const open = ids.map((id) => flagsOf(agent.pid(id) ?? 0, file));
    assert.deepEqual(open, ['read-only', 'read-only']);
  });

  test('a disk that its host has no space for pauses its guest, which goes on where there is some again', async (t) => {
    if (typeof volume === 'string') {
      t.skip(volume);
      return;
    }
    const [wild] = serials;
    const disk = await findDisk(wild, slowBytes);
    const filler = join(volume.path, 'filler');
    assert.throws(() => writeFileSync(filler, Buffer.alloc(FrozenVolume.sizeBytes)), /ENOSPC/);
    wild.text = '';
    wild.write(
      `dd if=/dev/zero of=${disk} bs=1M seek=2 count=1 conv=fsync && echo stored-$((40+2))\n`,
    );
    await agent.untilEvent('vm.disk-error', ids[0]);
    await agent.until(ids[0], 'paused');
    const told = agent.host.events.find(({ name }) => name === 'vm.disk-error');
    assert.deepEqual(told?.attributes, {
      device: 'virtio0:1',
      operation: 'write',
      reason: 'No space left on device',
    });
    assert.doesNotMatch(wild.text, /stored-42/);
    rmSync(filler);
    // The whole volume is smaller than what a host keeps free.
    await agent.act(ids[0], 'resume', { force: true });
    await wild.until(/stored-42/);
  });

  test('HOST-14 a guest that spins and one that crashes leave a second one and the host answering', async () => {
    const [wild, calm] = serials;
    wild.write('while :; do :; done &\n');
    await calm.untilCommand('echo alive-$((40+2))', /alive-42/);
    wild.text = '';
    wild.write('\necho c > /proc/sysrq-trigger\n');
    await wild.until(/Kernel panic|sysrq: Trigger a crash/);
    await calm.untilCommand('echo alive-$((50+2))', /alive-52/);
    const { findings } = await agent.host.call('host.diagnose', {});
    assert.ok(findings.length > 0, 'the host answers');
    assert.equal(agent.host.reports.get(ids[1])?.state, 'running');
    assert.deepEqual(
      agent.events(ids[1]).filter((name) => /crash|reset|powered-off|lost/.test(name)),
      [],
    );
  });

  test('VM-84 each kind of failure is an error event of its own', async (t) => {
    if (typeof volume === 'string') {
      t.skip(volume);
      return;
    }
    // Once each: a guest may have several writes under way when its disk is full.
    const errors = (id: string): string[] => [
      ...new Set(
        agent
          .events(id)
          .filter((name) => ['error', 'critical'].includes(eventCatalogue[name as EventName].type)),
      ),
    ];
    await agent.untilEvent('vm.guest-error', ids[0]);
    assert.deepEqual(errors(ids[0]), ['vm.disk-error', 'vm.guest-error']);
    assert.deepEqual(errors(await failToStart({}, 'spoilt')), [
      'vm.configuration-error',
      'vm.start-failed',
    ]);
    const serialPorts = [{ kind: 'device' as const, device: '/dev/ttyNONE' }];
    assert.deepEqual(errors(await failToStart({ serialPorts })), [
      'vm.device-not-available',
      'vm.start-failed',
    ]);
    const id = await agent.create(bareDefinition());
    await agent.act(id, 'turn-on');
    const state = join(agent.folder(id), `${agent.host.reports.get(id)?.name ?? ''}.saved`);
    mkdirSync(state);
    await assert.rejects(agent.act(id, 'save'));
    assert.deepEqual(errors(id), ['vm.save-failed']);
    rmSync(state, { recursive: true });
    await agent.act(id, 'save');
    truncateSync(state, 1024);
    await assert.rejects(agent.act(id, 'restore'));
    assert.deepEqual(errors(id), ['vm.save-failed', 'vm.restore-failed']);
  });

  async function failToStart(
    change: Parameters<typeof bareDefinition>[0],
    file: 'whole' | 'spoilt' = 'whole',
  ): Promise<string> {
    const id = await agent.create(bareDefinition(change));
    const [name = ''] = readdirSync(agent.folder(id)).filter((one) => one.endsWith('.json'));
    if (file === 'spoilt') writeFileSync(join(agent.folder(id), name), '{}');
    await assert.rejects(agent.act(id, 'turn-on'));
    return id;
  }
});

/** How a process has opened a file: the lowest bits of its flags (proc_pid_fdinfo(5)). */
function flagsOf(pid: number, file: string): string {
  const modes = readdirSync(`/proc/${pid}/fd`)
    .filter((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === file)
    .map((fd) => /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1]);
  if (modes.length === 0) return 'not open';
  return modes.every((flags) => (Number.parseInt(flags ?? '', 8) & 3) === 0)
    ? 'read-only'
    : 'other';
}

/** As the guest calls it. */
async function findDisk(serial: SerialSession, sizeBytes: number): Promise<string> {
  const found = /block\/([sv]d[a-z])\/size/;
  const said = await serial.untilCommand(
    `grep -lx ${sizeBytes / 512} /sys/block/[sv]d*/size`,
    found,
  );
  return `/dev/${found.exec(said)?.[1] ?? ''}`;
}
