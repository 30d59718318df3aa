/** What stands against a start on a real host, and what makes it go away. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { plainPort } from '#api';
import type { VmDefinition } from '#api';
import { isFault, miB } from '#lib';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

describe('start checks on a real host', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });

  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  test('VM-64 VM-74 everything that blocks a start is said at once', async () => {
    const definition = bareDefinition({
      machine: 'pc',
      disks: [testDisk('gone.qcow2'), { ...testDisk('/etc/passwd'), position: 1, format: 'raw' }],
      opticalDrives: [
        { bus: 'ide', controller: 1, position: 0, medium: { kind: 'file', file: 'none.iso' } },
      ],
      floppy: { medium: { kind: 'image', image: 'no-such-image' }, readOnly: false },
      serialPorts: [{ kind: 'device', device: '/dev/ttyNONE' }],
      processor: {
        count: 1,
        maxCount: null,
        coresPerSocket: 1,
        threadsPerCore: 1,
        model: 'NoSuchModel',
        hideHypervisor: false,
      },
    });
    const id = await agent.create(definition);
    assert.deepEqual(
      new Set(await agent.blockedCodes(id)),
      new Set([
        'processor-model',
        'disk-missing',
        'disk-outside',
        'medium-missing',
        'device-missing',
      ]),
    );
    assert.equal(agent.pid(id), undefined);
    assert.deepEqual(agent.events(id), [
      'vm.floppy.mount-failed',
      'vm.device-not-available',
      'vm.start-failed',
    ]);
  });

  test('HW-22 a host that cannot draw in three dimensions says so, and so does a start that asks for it', async () => {
    const { facts } = await agent.host.call('host.probe', {});
    const why = facts.missing.acceleration3d;
    const id = await agent.create(
      bareDefinition({
        graphics: { adapter: 'virtio', videoMemoryBytes: 64 * miB, acceleration3d: true },
      }),
    );
    if (why === undefined) {
      assert.equal((await agent.act(id, 'turn-on')).state, 'running');
      await agent.act(id, 'turn-off');
      return;
    }
    assert.match(why, /virtio|egl|graphics processor/);
    assert.deepEqual(await agent.blockedCodes(id), ['acceleration3d']);
  });

  test('VM-73 a host device that is missing is done without, once, when that is said', async () => {
    const definition = bareDefinition({
      serialPorts: [{ kind: 'device', device: '/dev/ttyNONE' }],
    });
    const id = await agent.create(definition);
    assert.deepEqual(await agent.blockedCodes(id), ['device-missing']);
    assert.equal((await agent.act(id, 'turn-on', { without: ['/dev/ttyNONE'] })).state, 'running');
    await agent.act(id, 'turn-off');
  });

  test('a port that is taken blocks the start and is named; a free one is found', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const hostPort = typeof address === 'object' && address ? address.port : 0;
    const forwards = [
      { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort, guestPort: 80 },
    ] as const;
    const adapter = (ports: VmDefinition['hardware']['adapters'][number]['attachment']) =>
      bareDefinition({
        adapters: [
          {
            slot: 0,
            model: 'virtio',
            mac: '52:47:59:00:00:09',
            macMode: 'static',
            link: 'up',
            attachment: ports,
            optional: false,
            ...plainPort,
          },
        ],
      });
    const user = { kind: 'user', restrict: false, bootFile: null } as const;
    const taken = await agent.create(adapter({ ...user, forwards: [...forwards] }));
    assert.deepEqual(await agent.blockedCodes(taken), ['port-in-use']);
    server.close();
    const free = await agent.create(
      adapter({ ...user, forwards: [{ ...forwards[0], hostPort: 0 }] }),
    );
    const report = await agent.act(free, 'turn-on');
    assert.ok((report.forwards[0]?.hostPort ?? 0) > 0);
    await agent.act(free, 'turn-off');
  });

  test('VM-72 an adapter that cannot be plugged in blocks the start; an optional one starts unplugged, with a warning', async (context) => {
    const server = createServer();
    context.after(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const hostPort = typeof address === 'object' && address ? address.port : 0;
    const forwards = [
      { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort, guestPort: 80 },
    ] as const;
    const definition = (optional: 'optional' | 'needed') =>
      bareDefinition({
        adapters: [
          {
            slot: 0,
            model: 'virtio',
            mac: '52:47:59:00:00:0a',
            macMode: 'static',
            ...plainPort,
            link: 'up',
            attachment: { kind: 'user', restrict: false, bootFile: null, forwards: [...forwards] },
            optional: optional === 'optional',
          },
        ],
      });
    const needed = await agent.create(definition('needed'));
    assert.deepEqual(await agent.blockedCodes(needed), ['port-in-use']);
    const id = await agent.create(definition('optional'));
    const check = await agent.host.call('machine.check', { id, action: 'turn-on', request: {} });
    assert.deepEqual([check.ok, check.warnings.map(({ code }) => code)], [true, ['port-in-use']]);
    assert.match(
      check.warnings[0]?.text ?? '',
      /network adapter 0, which is optional, is unplugged/,
    );
    const report = await agent.act(id, 'turn-on');
    assert.deepEqual([report.state, report.forwards], ['running', []]);
    assert.ok(report.pending.includes('hardware/adapters/0/attachment/kind'));
    server.close();
    await agent.act(id, 'turn-off');
    assert.equal((await agent.act(id, 'turn-on')).forwards[0]?.hostPort, hostPort);
    await agent.act(id, 'turn-off');
  });

  test('VM-76 a disk of a running vm is not given to a second one, unless both share it, and then no state of them is saved', async () => {
    const path = join(agent.shelf, 'common.qcow2');
    const one = await agent.create(bareDefinition({ disks: [testDisk(path)] }), [newDisk(path)]);
    const two = await agent.create(bareDefinition({ disks: [testDisk(path)] }));
    await agent.act(one, 'turn-on');
    assert.deepEqual(await agent.blockedCodes(two), ['disk-in-use']);
    await agent.act(one, 'turn-off');
    assert.equal((await agent.act(two, 'turn-on')).state, 'running');
    await agent.act(two, 'turn-off');
    const raw = join(agent.shelf, 'shared.raw');
    const sharedDisk = { ...testDisk(raw), format: 'raw', shared: true } as const;
    const three = await agent.create(bareDefinition({ disks: [sharedDisk] }), [
      { kind: 'new', file: raw, format: 'raw', sizeBytes: 64 * miB },
    ]);
    const four = await agent.create(bareDefinition({ disks: [sharedDisk] }));
    await agent.act(three, 'turn-on');
    assert.equal((await agent.act(four, 'turn-on')).state, 'running');
    for (const request of [
      agent.act(three, 'save'),
      agent.act(three, 'power-button', { timeoutSeconds: 1, onTimeout: 'save' }),
    ])
      await assert.rejects(request, (error) => {
        assert.ok(isFault(error, 'refused'));
        assert.match(error.message, /shares its disk at virtio0:0, which other vms go on writing/);
        return true;
      });
    assert.equal(agent.host.reports.get(three)?.state, 'running');
    for (const id of [three, four]) await agent.act(id, 'turn-off');
  });

  test('VM-71 a configuration file that was spoilt blocks the start, with the setting, until it is written anew', async () => {
    const id = await agent.create(bareDefinition({}));
    const [name = ''] = readdirSync(agent.folder(id)).filter((one) => one.endsWith('.json'));
    const path = join(agent.folder(id), name);
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, whole.replace(/"sizeBytes": *\d+/, '"sizeBytes": "much"'));
    assert.deepEqual(await agent.blockedCodes(id), ['configuration-invalid']);
    const told = agent.host.events.find((event) => event.name === 'vm.configuration-error');
    assert.equal(told?.attributes['path'], 'definition/hardware/memory/sizeBytes');
    writeFileSync(path, whole);
    assert.equal((await agent.act(id, 'turn-on')).state, 'running');
    await agent.act(id, 'turn-off');
  });

  test('a configuration file that a newer version wrote blocks the start and is not added, and stays as it is', async () => {
    const id = await agent.create(bareDefinition({}));
    const [name = ''] = readdirSync(agent.folder(id)).filter((one) => one.endsWith('.json'));
    const path = join(agent.folder(id), name);
    const newer = readFileSync(path, 'utf8')
      .replace(/"format": *1/, '"format": 2')
      .replace('"definition": {', '"definition": { "yetToCome": true,');
    writeFileSync(path, newer);
    const isNewer = (error: unknown): boolean =>
      isFault(error) &&
      /written by a newer version of Gantry/.test(error.message) &&
      /update Gantry on this host/.test(error.hint ?? '');
    await assert.rejects(agent.act(id, 'turn-on'), isNewer);
    const generation = agent.generation(id);
    await agent.host.call('machine.forget', { id, generation, cause: byTester });
    await assert.rejects(
      agent.host.call('machine.adopt', { file: path, cause: byTester }),
      isNewer,
    );
    const { machines } = await agent.host.call('host.discover', {});
    assert.ok(!machines.some(({ report }) => report.id === id));
    assert.equal(readFileSync(path, 'utf8'), newer);
  });

  test('VM-69 a write-protected disk blocks, unless it is attached as read-only', async () => {
    const id = await agent.create(bareDefinition({ disks: [testDisk('fixed.qcow2')] }), [
      newDisk('fixed.qcow2'),
    ]);
    chmodSync(join(agent.folder(id), 'fixed.qcow2'), 0o400);
    assert.deepEqual(await agent.blockedCodes(id), ['disk-write-protected']);
    const { machines } = await agent.host.call('host.discover', {});
    const record = machines.find(({ report }) => report.id === id);
    assert.ok(record);
    const definition = {
      ...record.definition,
      hardware: {
        ...record.definition.hardware,
        disks: [{ ...testDisk('fixed.qcow2'), readOnly: true }],
      },
    };
    const generation = agent.generation(id);
    await agent.host.call('machine.configure', {
      id,
      generation,
      cause: byTester,
      definition,
      definitionVersion: 2,
    });
    assert.equal((await agent.act(id, 'turn-on')).state, 'running');
    await agent.act(id, 'turn-off');
  });

  test('VM-64 VM-65 VM-66 VM-67 VM-78 VM-80 what the host cannot give blocks a start', async () => {
    const { facts } = agent.host.hello ?? {};
    assert.ok(facts);
    const cores = cpus().length;
    const make = (sizeBytes: number, count: number, cpuReservePercent: number) =>
      agent.create(
        bareDefinition(
          {
            memory: { sizeBytes, maxBytes: null },
            processor: {
              count,
              maxCount: null,
              coresPerSocket: 1,
              threadsPerCore: 1,
              model: 'host',
              hideHypervisor: false,
            },
          },
          { resources: { cpuReservePercent } },
        ),
      );
    const codes = async (id: string): Promise<string[]> => {
      const params = { id, action: 'turn-on', request: {} } as const;
      const { ok, reasons } = await agent.host.call('machine.check', params);
      assert.equal(ok, false);
      for (const { text, remedy } of reasons) assert.ok(text !== '' && remedy !== '');
      const asked = reasons.map(({ code }) => code);
      assert.deepEqual(asked, await agent.blockedCodes(id), 'it is the same check');
      assert.equal(agent.pid(id), undefined);
      return asked;
    };
    const total = facts.memoryTotalBytes - (facts.memoryTotalBytes % miB);
    await assert.rejects(make(total + miB, 1, 0), /the host has/);
    assert.deepEqual(await codes(await make(total - miB, cores + 1, 0)), [
      'memory-free',
      'processors',
    ]);
    const greedy = await make(64 * miB, cores, 100);
    assert.equal((await agent.act(greedy, 'turn-on')).state, 'running');
    assert.deepEqual(await codes(await make(64 * miB, 1, 100)), ['processor-reserve']);
    const { settings, eventScripts } = agent.coordinator;
    await agent.host.call('host.configure', {
      settings: { ...settings, maxRunningVms: 1 },
      eventScripts,
    });
    assert.deepEqual(await codes(await make(64 * miB, 1, 0)), ['running-limit']);
    await agent.host.call('host.configure', { settings, eventScripts });
    await agent.act(greedy, 'turn-off');
  });

  test('HW-43 a writable floppy image is held by one vm; the second is told by whom', async () => {
    const file = join(agent.shelf, 'floppy.img');
    writeFileSync(file, Buffer.alloc(1_474_560), { mode: 0o666 });
    chmodSync(file, 0o666);
    const withFloppy = (): VmDefinition =>
      bareDefinition({
        machine: 'pc',
        opticalDrives: [],
        floppy: { medium: null, readOnly: false },
      });
    const [one, two] = [await agent.create(withFloppy()), await agent.create(withFloppy())];
    for (const id of [one, two]) await agent.act(id, 'turn-on');
    const insert = (id: string, path = file) =>
      agent.host.call('machine.medium', {
        id,
        generation: agent.generation(id),
        cause: byTester,
        place: 'floppy',
        medium: { kind: 'file', file: path },
        tray: 'ask',
        path: null,
      });
    assert.deepEqual(await insert(one), { live: true });
    const holder = agent.host.reports.get(one)?.name ?? '';
    await assert.rejects(insert(two), new RegExp(`held for writing by ${holder}`));
    for (const makeLink of [symlinkSync, linkSync]) {
      const name = join(agent.shelf, `${makeLink.name}.img`);
      makeLink(file, name);
      await assert.rejects(insert(two, name), new RegExp(`held for writing by ${holder}`));
      rmSync(name);
    }
    const { files, inserted } = await agent.host.call('host.media', {});
    assert.ok(files.some(({ path, drive }) => path === file && drive === 'floppy'));
    assert.deepEqual(inserted, [{ path: file, vmId: one, writes: true }]);
    for (const id of [one, two]) await agent.act(id, 'turn-off');
  });

  test('a QEMU of the vm that nobody knows keeps what it uses when a start is refused; who only names the vm refuses none', async () => {
    const id = await agent.create(bareDefinition());
    const folder = join(agent.process.folder, 'run', id.replaceAll('-', ''));
    mkdirSync(folder);
    writeFileSync(join(folder, 'monitor'), '');
    const endless = [process.execPath, '-e', 'setInterval(() => 0, 60_000)'] as const;
    const strays = [
      spawn('qemu-system-x86_64', ['-S', '-display', 'none', '-nodefaults', '-uuid', id]),
      spawn(endless[0], [...endless.slice(1), id]),
    ] as const;
    try {
      await Promise.all(strays.map((stray) => once(stray, 'spawn')));
      await assert.rejects(
        agent.act(id, 'turn-on'),
        (error) =>
          isFault(error, 'refused') && error.message.includes(`already (${strays[0].pid})`),
      );
      assert.deepEqual(readdirSync(folder), ['monitor']);
      const ended = once(strays[0], 'exit');
      strays[0].kill('SIGKILL');
      await ended;
      await agent.act(id, 'turn-on');
      await agent.act(id, 'turn-off');
      assert.equal(strays[1].exitCode, null);
    } finally {
      for (const stray of strays) stray.kill('SIGKILL');
    }
  });
});
