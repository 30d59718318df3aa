/** Vms that move between two hosts with agents, as they are: off, with snapshots, saved. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Page, Operation, Problem } from '#api';
import { miB, systemClock } from '#lib';
import { connectLibvirt, paramNumber, paramsByName } from '#libvirt';
import { withoutQemu } from '../../src/agent/testing/qemu-agent.ts';
import { storageOfHosts } from '../interop/libvirt/hosts-storage.ts';
import { virsh, whyNot, type Ran } from '../interop/libvirt/tools.ts';
import { bootableDisk, hashOf, MovingHosts } from './moving-hosts.ts';

const withoutVirsh = await whyNot('virsh');

suite('moves between hosts', { skip: withoutQemu, concurrency: 1 }, () => {
  let hosts: MovingHosts;
  before(async () => {
    hosts = await MovingHosts.open();
  });
  after(() => hosts?.[Symbol.asyncDispose]());

  void test('EVT-29 EVT-30 a vm that is off moves to another host with its files, and both hosts and the time are told', async () => {
    const file = await hosts.make('web');
    const before = hosts.vm('web');
    const hash = hashOf(join(hosts.folder('ada', 'web'), file));
    const ended = await hosts.move('web', 'bob');
    assert.equal(ended.state, 'done', JSON.stringify(ended.fault));
    await hosts.requireOn('bob', 'web');
    const path = join(hosts.folder('bob', 'web'), file);
    assert.equal(hashOf(path), hash);
    const { blocks } = statSync(path);
    assert.ok(blocks * 512 < 26 * 1024 ** 2, `${blocks * 512} bytes on the volume`);
    const { id, definition, folder } = hosts.vm('web');
    const kept = { id: before.id, definition: before.definition, folder: before.folder };
    assert.deepEqual({ id, definition, folder }, kept);
    const names = { from: 'ada', to: 'bob' };
    const [started, ...others] = await hosts.events('web', 'vm.migration.started');
    assert.deepEqual([started?.attributes, started?.target.kind, others], [names, 'vm', []]);
    const [completed, ...more] = await hosts.events('web', 'vm.migration.completed');
    const { durationSeconds, ...told } = completed?.attributes ?? {};
    const withoutGuest = { ...names, stoodMs: null, sentBytes: null };
    assert.deepEqual([told, completed?.target.kind, more], [withoutGuest, 'vm', []]);
    assert.ok(typeof durationSeconds === 'number' && durationSeconds > 0);
    await hosts.do('POST', '/vms/web/actions/turn-on');
    await hosts.do('POST', '/vms/web/actions/turn-off');
  });

  void test('GRP-10 the id of each thing stays when it is renamed, and that of a vm, which is its UUID, where it moves to another host', async () => {
    const { stage } = hosts;
    await hosts.make('kept');
    const made = async (path: string, body: object): Promise<string> => {
      const { status, json, text } = await stage.send('POST', path, { body });
      assert.equal(status, 200, text);
      return (json as { readonly id: string }).id;
    };
    const ids = {
      vms: hosts.vm('kept').id,
      hosts: hosts.vm('kept').hostId,
      folders: await made('/folders', { name: 'kept' }),
      teams: await made('/teams', { name: 'kept' }),
      networks: await made('/networks', { name: 'kept', type: 'internal' }),
    } as const;
    const rename = async (kind: keyof typeof ids, name: string): Promise<void> => {
      const path = `/${kind}/${ids[kind]}`;
      if (kind === 'vms') await hosts.do('PATCH', path, { name });
      else assert.equal((await stage.send('PATCH', path, { body: { name } })).status, 200, path);
    };
    for (const kind of Object.keys(ids) as (keyof typeof ids)[]) {
      await rename(kind, 'anew');
      // A folder is called by its path.
      const called = kind === 'folders' ? '%2Fanew' : 'anew';
      const { json } = await stage.send('GET', `/${kind}/${called}`);
      const { id, name } = json as { readonly id: string; readonly name: string };
      assert.deepEqual([id, name], [ids[kind], 'anew'], kind);
    }
    await rename('hosts', 'ada');
    const { uuid } = hosts.vm('anew');
    assert.equal(uuid, ids.vms);
    const ended = await hosts.move('anew', 'bob');
    assert.equal(ended.state, 'done', JSON.stringify(ended.fault));
    const { id, uuid: after, host } = hosts.vm('anew');
    assert.deepEqual([id, after, host], [ids.vms, uuid, 'bob']);
    await hosts.do('POST', '/vms/anew/actions/turn-on');
    const { stdout } = spawnSync('pgrep', ['-f', `qemu-system-.* -uuid ${uuid} `]);
    assert.match(String(stdout), /^\d+\n$/, 'what its guest reads');
    await hosts.do('POST', '/vms/anew/actions/turn-off');
  });

  void test('TPL-24 a disk with an installed system goes to another host and is attached there as it is, and whoever attaches it is told what two running copies need', async () => {
    const file = await hosts.make('origin');
    writeFileSync(join(hosts.folder('ada', 'origin'), file), bootableDisk('S'));
    const content = await hosts.download('ada', join(hosts.folder('ada', 'origin'), file));
    assert.equal(content.length, miB);
    const there = await hosts.upload('bob', 'system.raw', content);
    assert.equal(hashOf(there), hashOf(join(hosts.folder('ada', 'origin'), file)));
    const text = join(hosts.stage.folder, 'agent-bob', 'vms', 'said.txt');
    writeFileSync(text, '');
    chmodSync(text, 0o666);
    const ports = [{ kind: 'file', file: text }];
    const definition = {
      hardware: { machine: 'pc', firmware: { type: 'bios' }, serialPorts: ports },
    };
    const body = {
      name: 'elsewhere',
      host: 'bob',
      disk: { kind: 'none' },
      network: 'none',
      definition,
    };
    await hosts.do('POST', '/vms', { ...body, memoryBytes: 64 * miB });
    const attach = { kind: 'existing', file: there, format: 'raw', bus: 'ide' };
    const path = '/vms/elsewhere/disks';
    const plan = await hosts.stage.send('POST', `${path}?dryRun=true`, { body: attach });
    const warned =
      /system\.raw has an installed system: a vm that runs from it, or from another copy/;
    assert.match(plan.text, warned);
    const { result } = await hosts.do('POST', path, attach);
    assert.match(JSON.stringify(result?.['warnings']), warned);
    await hosts.do('POST', '/vms/elsewhere/actions/turn-on');
    // The system says so.
    while (!readFileSync(text, 'latin1').includes('S')) await systemClock.sleep(50);
    await hosts.do('POST', '/vms/elsewhere/actions/turn-off');
  });

  // What remains of NET-30 are the addresses of physical servers that are imported.
  void test('a clone, also a linked one, has new MAC addresses; a vm keeps its own where its files are moved and on another host', async () => {
    await hosts.make('macs', 'qcow2');
    const entered = '02:00:5e:10:00:30';
    await hosts.do('POST', '/vms/macs/adapters', { attachment: { kind: 'none' } });
    await hosts.do('POST', '/vms/macs/adapters', { mac: entered, attachment: { kind: 'none' } });
    const adaptersOf = (vm: string): readonly (readonly [string, string])[] =>
      hosts.vm(vm).definition.hardware.adapters.map(({ mac, macMode }) => [mac, macMode]);
    const own = adaptersOf('macs');
    assert.deepEqual(own.at(-1), [entered, 'static']);
    const known = new Set(own.map(([mac]) => mac));
    const clone = async (name: string, linked: boolean): Promise<void> => {
      await hosts.do('POST', '/vms/macs/clone', { name, linked });
      const fresh = adaptersOf(name);
      assert.equal(fresh.length, own.length);
      for (const [mac, mode] of fresh) {
        assert.deepEqual([known.has(mac), mode], [false, 'dynamic'], `${name}: ${mac}`);
        known.add(mac);
      }
    };
    await clone('twin', false);
    await hosts.do('POST', '/vms/macs/relocate', {
      path: join(hosts.stage.folder, 'agent-ada', 'vms', 'elsewhere'),
    });
    assert.deepEqual(adaptersOf('macs'), own);
    const ended = await hosts.move('macs', 'bob');
    assert.equal(ended.state, 'done', JSON.stringify(ended.fault));
    assert.deepEqual([hosts.vm('macs').host, adaptersOf('macs')], ['bob', own]);
    await hosts.do('POST', '/vms/macs/actions/turn-on');
    assert.deepEqual(adaptersOf('macs'), own);
    await hosts.do('POST', '/vms/macs/actions/turn-off');
    await clone('kid', true);
  });

  void test('MIG-11 a vm that runs goes on working on another host; the start of its move, a failure and the end are told with both hosts, durations, bytes and how long it stood still; one that is there already stays', async () => {
    const body = { host: 'ada' };
    await hosts.do('POST', '/vms/web/actions/turn-on');
    const before = hosts.vm('web');
    const plan = await hosts.stage.send('POST', '/vms/web/relocate?dryRun=true', { body });
    assert.match(plan.text, /web goes on working while it moves/);
    const names = { from: 'bob', to: 'ada' };
    // Both names that its folder may have are taken.
    const taken = ['web', `web-${before.id}`].map((name) => hosts.folder('ada', name));
    for (const folder of taken) {
      mkdirSync(folder);
      writeFileSync(join(folder, 'foreign'), 'kept');
    }
    const unlucky = await hosts.move('web', 'ada');
    assert.equal(unlucky.state, 'failed');
    const [failure] = await hosts.events('web', 'vm.migration.failed');
    const { reason, durationSeconds: after, ...failed } = failure?.attributes ?? {};
    assert.deepEqual(failed, names);
    assert.ok(typeof after === 'number' && /there is a folder for web/.test(String(reason)));
    assert.deepEqual([hosts.vm('web').host, hosts.vm('web').state], ['bob', 'running']);
    for (const folder of taken) rmSync(folder, { recursive: true });
    const { result } = await hosts.do('POST', '/vms/web/relocate', body);
    await hosts.requireOn('ada', 'web');
    const { state, status, definition } = hosts.vm('web');
    assert.deepEqual([state, status.startedAt], ['running', before.status.startedAt]);
    assert.deepEqual(definition, before.definition);
    const told = await hosts.events('web', 'vm.migration.completed');
    const { durationSeconds, ...last } = told[0]?.attributes ?? {};
    const { stoodMs, sentBytes } = result ?? {};
    assert.deepEqual(last, { ...names, stoodMs, sentBytes });
    const started = await hosts.events('web', 'vm.migration.started');
    const each = started.map(({ attributes }) => attributes);
    assert.deepEqual(
      each.filter(({ to }) => to === 'ada'),
      [names, names],
    );
    assert.ok(Number(durationSeconds) > 0 && Number(stoodMs) > 0 && Number(sentBytes) > miB);
    const same = await hosts.stage.send('POST', '/vms/web/relocate', { body });
    assert.match((same.json as Problem).detail, /web is on host ada already/);
    const here = { path: hosts.folder('ada', 'elsewhere') };
    const refused = await hosts.stage.send('POST', '/vms/web/relocate', { body: here });
    assert.equal(refused.status, 409);
    assert.match((refused.json as Problem).detail, /web is running/);
    assert.match((refused.json as Problem).hint ?? '', /move-disk/);
    await hosts.do('POST', '/vms/web/actions/turn-off');
  });

  void test('all that keeps a vm on its host is told together, before anything is changed', async () => {
    await hosts.make('stuck', 'qcow2');
    await symlink('/etc/hostname', join(hosts.folder('ada', 'stuck'), 'link'));
    const iso = join(hosts.stage.folder, 'agent-ada', 'vms', 'cd.iso');
    writeFileSync(iso, Buffer.alloc(1024 * 1024));
    const [drive] = hosts.vm('stuck').definition.hardware.opticalDrives;
    assert.ok(drive !== undefined);
    const place = `${drive.bus}${drive.controller}:${drive.position}`;
    await hosts.do('PUT', `/vms/stuck/media/${place}`, { kind: 'file', file: iso });
    const { status, json } = await hosts.stage.send('POST', '/vms/stuck/relocate', {
      body: { host: 'bob', path: '/etc' },
    });
    const codes = ((json as Problem).reasons ?? []).map(({ code }) => code).sort();
    assert.deepEqual([status, codes], [409, ['files-refused', 'medium-stays', 'place-forbidden']]);
    assert.equal(existsSync(hosts.folder('bob', 'stuck')), false);
    assert.deepEqual(await hosts.events('stuck', 'vm.migration.started'), []);
  });

  void test('EVT-42 a move that fails is told with the state of the vm, which is where it was, as it was', async () => {
    const file = await hosts.make('unlucky');
    const { id } = hosts.vm('unlucky');
    const path = join(hosts.folder('ada', 'unlucky'), file);
    const hash = hashOf(path);
    // Both names that its folder may have are taken.
    for (const taken of ['unlucky', `unlucky-${id}`]) {
      mkdirSync(hosts.folder('bob', taken), { recursive: true });
      writeFileSync(join(hosts.folder('bob', taken), 'foreign'), 'kept');
    }
    const ended = await hosts.move('unlucky', 'bob');
    assert.equal(ended.state, 'failed');
    const [failed, ...more] = await hosts.events('unlucky', 'vm.task-failed');
    const { reason, ...told } = failed?.attributes ?? {};
    assert.deepEqual(told, { operation: 'Move to another host', state: 'off' });
    assert.match(String(reason), /there is a folder for unlucky/);
    const [migration] = await hosts.events('unlucky', 'vm.migration.failed');
    const { durationSeconds, ...why } = migration?.attributes ?? {};
    assert.deepEqual(why, { from: 'ada', to: 'bob', reason });
    assert.ok(typeof durationSeconds === 'number');
    assert.deepEqual(more, []);
    assert.deepEqual(await hosts.events('unlucky', 'vm.migration.completed'), []);
    assert.deepEqual(readdirSync(hosts.folder('bob', 'unlucky')), ['foreign']);
    assert.deepEqual([hosts.vm('unlucky').host, hashOf(path)], ['ada', hash]);
    await hosts.do('POST', '/vms/unlucky/actions/turn-on');
    await hosts.do('POST', '/vms/unlucky/actions/turn-off');
  });

  void test('MIG-25 a move takes the whole folder, with undo disks, snapshots and saved state, and the vm starts there as it is', async () => {
    await hosts.make('kept', 'qcow2');
    await hosts.do('POST', '/vms/kept/snapshots', { name: 'first' });
    const undoDisks = { enabled: true, onTurnOff: 'keep' };
    await hosts.do('PATCH', '/vms/kept', { settings: { undoDisks } });
    await hosts.do('POST', '/vms/kept/actions/turn-on');
    await hosts.do('POST', '/vms/kept/actions/save');
    const before = hosts.vm('kept');
    const { undo, snapshots } = before.status;
    assert.deepEqual([undo === null, snapshots.count], [false, 1]);
    const files = (host: 'ada' | 'bob'): string[] => readdirSync(hosts.folder(host, 'kept')).sort();
    const there = files('ada');
    for (const end of ['.saved', '.saved.json', '.layers.json', 'kept.json'])
      assert.ok(
        there.some((name) => name.endsWith(end)),
        `${end} in ${there.join(', ')}`,
      );
    const ended = await hosts.move('kept', 'bob');
    assert.equal(ended.state, 'done', JSON.stringify(ended.fault));
    await hosts.requireOn('bob', 'kept');
    assert.deepEqual(files('bob'), there);
    const after = hosts.vm('kept');
    assert.deepEqual(
      [after.state, after.definition, after.status.undo?.since, after.status.snapshots],
      ['saved', before.definition, undo?.since, snapshots],
    );
    await hosts.do('POST', '/vms/kept/actions/restore');
    assert.equal(hosts.vm('kept').state, 'running');
    await hosts.do('POST', '/vms/kept/actions/turn-off');
    await hosts.do('POST', '/vms/kept/actions/turn-on');
    assert.equal(hosts.vm('kept').status.undo?.since, undo?.since);
    await hosts.do('POST', '/vms/kept/actions/turn-off');
    await hosts.do('POST', '/vms/kept/actions/commit-undo');
    await hosts.do('POST', '/vms/kept/snapshots/first/revert', {});
    await hosts.do('POST', '/vms/kept/actions/turn-on');
    await hosts.do('POST', '/vms/kept/actions/turn-off');
    await hosts.do('DELETE', '/vms/kept/snapshots/first');
  });

  storageOfHosts(() => hosts);

  /** An address of the coordinator's for libvirt's clients. */
  const address = (path: string): string =>
    `qemu+unix:///${path}?socket=${join(hosts.stage.folder, 'run/libvirt-sock')}`;
  const migrate = (...words: readonly string[]): Promise<Ran> =>
    virsh(address('all'), 'migrate', ...words);

  void test(
    'FED-46 a client of libvirt asks for a migration between two hosts, itself or peer to peer, and it is a move of Gantry',
    { skip: withoutVirsh },
    async () => {
      await using first = await connectLibvirt(address('host/ada'));
      await using second = await connectLibvirt(address('host/bob'));
      const told = await Promise.all(
        [first, second].map((client) => client.subscribe('DOMAIN_EVENT_CALLBACK_LIFECYCLE')),
      );
      await hosts.make('asked');
      const { id } = hosts.vm('asked');
      const offline = ['--offline', '--persistent', 'asked'];
      const direct = await migrate(...offline, address('host/bob'));
      assert.equal(direct.code, 0, direct.err);
      await hosts.requireOn('bob', 'asked');
      const byPeer = await migrate('--p2p', ...offline, 'gantry://ada/');
      assert.equal(byPeer.code, 0, byPeer.err);
      await hosts.requireOn('ada', 'asked');
      const asked = await hosts.stage.send('GET', '/operations?limit=100');
      const moves = (asked.json as Page<Operation>).items.filter(
        ({ action, target }) => action === 'vm.migrate' && target.id === id,
      );
      assert.deepEqual(
        moves.map(({ state, result }) => `${state} ${String(result?.['host'])}`).toSorted(),
        ['done ada', 'done bob'],
      );
      // Each of the two connections sees the vm come and go.
      const seen = await Promise.all(
        told.map(async (events) => {
          const lifecycle: number[] = [];
          for await (const { msg } of events) {
            if (msg.dom.uuid === id) lifecycle.push(msg.event);
            if (lifecycle.filter((event) => event === 1).length === 1) return lifecycle;
          }
          return lifecycle;
        }),
      );
      assert.deepEqual(
        seen.map((events) => [events[0], events.at(-1)]),
        [
          [0, 1],
          [0, 1],
        ],
      );
    },
  );

  void test('while a migration is under way it is the job of its domain', async () => {
    await using client = await connectLibvirt(address('all'));
    const { dom } = await client.call('DOMAIN_LOOKUP_BY_NAME', { name: 'asked' });
    const asked = { dom, dconnuri: 'gantry://bob/', params: [], cookie_in: Buffer.alloc(0) };
    const over = new AbortController();
    const move = client
      .call('DOMAIN_MIGRATE_PERFORM3_PARAMS', { ...asked, flags: 1024 | 2 })
      .finally(() => over.abort());
    const operations = new Set<number | undefined>();
    while (!over.signal.aborted) {
      const { params } = await client.call('DOMAIN_GET_JOB_STATS', { dom, flags: 0 });
      operations.add(paramNumber(paramsByName(params).get('operation')));
    }
    await move;
    assert.ok(operations.has(5), 'an outgoing migration');
    assert.equal((await client.call('DOMAIN_GET_JOB_STATS', { dom, flags: 0 })).type, 0);
  });

  void test(
    'a migration that cannot be is refused in one sentence, and the vm stays',
    { skip: withoutVirsh },
    async () => {
      const offline = ['--offline', '--persistent', 'asked'];
      const refused = [
        [[...offline, address('all')], /does not say to which host/],
        [['--p2p', ...offline, 'gantry://eve/'], /there is no host eve; hosts are named gantry:/],
        [['--p2p', ...offline, 'gantry://gw/host/bob'], /asked is on host bob already/],
        [
          ['--p2p', 'asked', 'gantry://ada/'],
          /domain is not running; one that is off goes with --off/,
        ],
        [['--p2p', '--dname', 'other', ...offline, 'gantry://ada/'], /keeps its name/],
      ] as const;
      for (const [words, reason] of refused) {
        const { code, err } = await migrate(...words);
        assert.deepEqual([code, reason.test(err)], [1, true], err);
      }
    },
  );

  void test(
    'FED-46 a vm that runs goes on working when a client asks for a migration, itself or peer to peer, live or not',
    { skip: withoutVirsh },
    async () => {
      await hosts.do('POST', '/vms/asked/actions/turn-on');
      const { startedAt } = hosts.vm('asked').status;
      const stillRuns = (host: 'ada' | 'bob'): void => {
        const { host: on, state, status } = hosts.vm('asked');
        assert.deepEqual([on, state, status.startedAt], [host, 'running', startedAt]);
      };
      const direct = await migrate('--live', '--bandwidth', '500', 'asked', address('host/ada'));
      assert.equal(direct.code, 0, direct.err);
      stillRuns('ada');
      const byPeer = await migrate('--p2p', 'asked', 'gantry://bob/');
      assert.equal(byPeer.code, 0, byPeer.err);
      stillRuns('bob');
      await hosts.do('POST', '/vms/asked/actions/turn-off');
    },
  );
});
