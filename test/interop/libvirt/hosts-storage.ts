/**
 * Storage of hosts with an agent as unmodified virsh and virt-install see it and work on it. A part of the tests on two hosts
 * (test/scenarios/moves-between-hosts.test.ts), since these take long to start.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AuditEntry, HostUpload, Page } from '#api';
import { miB } from '#lib';
import { until } from '../../../src/coordinator/access/testing/place.ts';
import type { MovingHosts } from '../../scenarios/moving-hosts.ts';
import { fill, tool } from './qemu-room.ts';
import { run, virsh, whyNot, type Ran } from './tools.ts';

const withoutVirsh = await whyNot('virsh');
const withoutInstall = await whyNot('virt-install');

export function storageOfHosts(find: () => MovingHosts): void {
  const address = (path: string): string =>
    `gantry+unix:///${path}?socket=${join(find().stage.folder, 'run/libvirt-sock')}`;
  const ask = (...words: readonly string[]): Promise<Ran> => virsh(address('all'), ...words);
  const say = async (...words: readonly string[]): Promise<string> => {
    const { code, out, err } = await ask(...words);
    assert.equal(code, 0, err);
    return out;
  };
  const folder = (host: string): string => join(find().stage.folder, `agent-${host}`, 'vms');

  void test(
    'pools are the folders for vms of all hosts, named after these',
    { skip: withoutVirsh },
    async () => {
      const names = (await say('pool-list', '--all', '--name'))
        .split('\n')
        .map((line) => line.trim());
      assert.deepEqual(names.filter(Boolean).toSorted(), ['default@ada', 'default@bob']);
      assert.match(await say('pool-list'), /default@ada +active +yes/);
      assert.equal((await say('pool-list', '--inactive')).trim(), '');
      const info = await say('pool-info', 'default@ada');
      assert.match(info, /State: +running\nPersistent: +yes\nAutostart: +yes\nCapacity: +[1-9]/);
      const xml = await say('pool-dumpxml', 'default@bob');
      assert.ok(xml.includes(`<path>${folder('bob')}</path>`), xml);
      const uuid = (await say('pool-uuid', 'default@bob')).trim();
      assert.equal((await say('pool-name', uuid)).trim(), 'default@bob');
      const alone = await virsh(address('host/bob'), 'pool-list', '--uuid', '--name');
      assert.deepEqual(alone.out.trim().split(/\s+/), [uuid, 'default']);
      assert.match(
        (await ask('pool-info', 'default')).err,
        /no storage pool with matching name 'default'/,
      );
      await say('pool-refresh', 'default@ada');
      const refused = [
        [['pool-start', 'default@ada'], /already active/],
        [['pool-destroy', 'default@ada'], /gantry host set HOST settings\.searchPath/],
        [['pool-define-as', 'more', 'dir', '--target', '/more'], /gantry host set HOST/],
      ] as const;
      for (const [words, reason] of refused) assert.match((await ask(...words)).err, reason);
    },
  );

  void test(
    'volumes are made, shown, resized, copied and deleted as disks of their host',
    { skip: withoutVirsh },
    async () => {
      const pool = 'default@ada';
      const path = join(folder('ada'), 'made.qcow2');
      await say('vol-create-as', pool, 'made.qcow2', '10M', '--format', 'qcow2');
      assert.ok(existsSync(path));
      assert.equal((await say('vol-path', 'made.qcow2', pool)).trim(), path);
      assert.equal((await say('vol-key', path)).trim(), `ada:${path}`);
      assert.equal((await say('vol-pool', `ada:${path}`)).trim(), pool);
      await say('vol-create-as', pool, 'full.img', '1M');
      assert.match(
        await say('vol-info', 'full.img', pool),
        /Capacity: +1\.00 MiB\nAllocation: +1\.00/,
      );
      const list = await say('vol-list', pool, '--details');
      assert.match(list, /made\.qcow2 +\S+made\.qcow2 +file +10\.00 MiB/);
      await say('vol-resize', 'made.qcow2', '20M', pool);
      assert.match(await say('vol-info', 'made.qcow2', pool), /Capacity: +20\.00 MiB/);
      await say('vol-clone', 'made.qcow2', 'copy.qcow2', '--pool', pool);
      const child = ['vol-create-as', pool, 'child.qcow2'];
      const parent = ['--format', 'qcow2', '--backing-vol', 'made.qcow2'];
      await say(...child, '40M', ...parent);
      assert.match(await say('vol-info', 'child.qcow2', pool), /Capacity: +40\.00 MiB/);
      const xml = await say('vol-dumpxml', 'child.qcow2', pool);
      assert.ok(xml.includes(`<backingStore>\n    <path>${path}</path>`), xml);
      assert.match(xml, /<format type='qcow2'\/>/);
      const refused = [
        [['vol-delete', 'made.qcow2', pool], /other disks are made from it/],
        [['vol-resize', 'copy.qcow2', '1M', pool], /shrink/],
        [['vol-create-as', pool, 'copy.qcow2', '1M'], /'copy\.qcow2' exists already/],
        [['vol-create-as', pool, '../out.img', '1M'], /no name of a volume/],
        [['vol-info', '../../agent.json', pool], /failed to get vol/],
        [
          ['vol-create-as', pool, 'x.iso', '1M', '--format', 'iso'],
          /a volume has no volume format iso/,
        ],
      ] as const;
      for (const [words, reason] of refused) assert.match((await ask(...words)).err, reason);
      for (const name of ['child.qcow2', 'made.qcow2', 'copy.qcow2', 'full.img'])
        await say('vol-delete', name, pool);
      assert.equal(existsSync(path), false);
      assert.equal((await say('vol-list', 'default@bob')).includes('made'), false);
      const { json } = await find().stage.send('GET', '/audit?limit=200');
      const asked = (json as Page<AuditEntry>).items.filter(
        ({ route }) => route === 'host.disk.work',
      );
      assert.ok(asked.length >= 9, 'every change stands in the audit trail');
    },
  );

  void test(
    'what is sent to a volume takes its place when all of it has come, with what was behind it in a raw one',
    { skip: withoutVirsh },
    async () => {
      const pool = 'default@ada';
      const { folder: own } = find().stage;
      const image = join(own, 'image.qcow2');
      const short = join(own, 'short.img');
      await tool('qemu-img', 'create', '-q', '-f', 'qcow2', image, '12M');
      await fill(image, 'qcow2', 7, '1M');
      await writeFile(short, Buffer.alloc(1_000_000, 9));
      await say('vol-create-as', pool, 'sent.qcow2', '1M', '--format', 'qcow2');
      await say('vol-upload', 'sent.qcow2', image, '--pool', pool);
      const sent = join(folder('ada'), 'sent.qcow2');
      assert.ok((await readFile(sent)).equals(await readFile(image)));
      assert.match(await say('vol-info', 'sent.qcow2', pool), /Capacity: +12\.00 MiB/);
      // With its length, without and with holes.
      await say('vol-create-as', pool, 'sent.img', '4M');
      const raw = join(folder('ada'), 'sent.img');
      await say('vol-upload', 'sent.img', short, '--pool', pool, '--length', '1000000');
      const all = Buffer.alloc(4 * miB);
      all.fill(9, 0, 1_000_000);
      assert.ok((await readFile(raw)).equals(all));
      const holes = join(own, 'holes.img');
      await writeFile(holes, Buffer.concat([Buffer.alloc(miB, 5), Buffer.alloc(4 * miB)]));
      await say('vol-upload', 'sent.img', holes, '--pool', pool, '--sparse');
      assert.ok((await readFile(raw)).equals(await readFile(holes)));
      const back = join(own, 'back.img');
      await say('vol-download', 'sent.img', back, '--pool', pool, '--sparse');
      assert.ok((await readFile(back)).equals(await readFile(holes)));
      const { blocks } = await stat(back);
      assert.ok(blocks * 512 < 2 * miB, 'zeros are no bytes here');
      const refused = [
        [['vol-upload', 'sent.img', short, '--pool', pool], /holds data after/],
        [['vol-upload', 'sent.img', short, '--pool', pool, '--length', '7'], /7 bytes/],
        [
          ['vol-upload', 'sent.qcow2', short, '--pool', pool, '--offset', '512'],
          /from its beginning/,
        ],
      ] as const;
      for (const [words, reason] of refused) assert.match((await ask(...words)).err, reason);
      assert.ok((await readFile(raw)).equals(await readFile(holes)), 'it is as it was');
      // In the middle, and behind the end.
      await say('vol-create-as', pool, 'amid.img', '1M');
      const amid = Buffer.alloc(3_000_000);
      for (const [offset, length] of [
        [512, miB],
        [2_000_000, amid.length],
      ] as const) {
        await say('vol-upload', 'amid.img', short, '--pool', pool, '--offset', String(offset));
        amid.fill(9, offset, offset + 1_000_000);
        const there = await readFile(join(folder('ada'), 'amid.img'));
        assert.ok(there.subarray(0, length).equals(amid.subarray(0, length)), `from ${offset} on`);
        assert.ok(there.subarray(length).every((byte) => byte === 0));
      }
      await say('vol-delete', 'amid.img', pool);
      // Somebody goes away half-way.
      const pipe = join(own, 'pipe');
      await tool('mkfifo', pipe);
      const words = ['-q', '-c', address('all'), 'vol-upload', 'sent.img', pipe, '--pool', pool];
      const leaving = spawn('virsh', words, { stdio: 'ignore' });
      await using far = await open(pipe, 'w');
      await far.write(Buffer.alloc(9 * miB, 1));
      const uploads = async (): Promise<readonly HostUpload[]> =>
        ((await find().stage.send('GET', '/hosts/ada/uploads')).json as { items: HostUpload[] })
          .items;
      await until('a part has come', async () =>
        (await uploads()).some(({ state, receivedBytes }) => state === 'open' && receivedBytes > 0),
      );
      leaving.kill('SIGKILL');
      await until('nothing is under way', async () =>
        (await uploads()).every(({ state }) => state === 'done'),
      );
      assert.ok((await readFile(raw)).equals(await readFile(holes)), 'it is as it was');
      await say(
        'vol-create-as',
        pool,
        'child.qcow2',
        '12M',
        '--format',
        'qcow2',
        '--backing-vol',
        sent,
      );
      assert.match(
        (await ask('vol-upload', 'sent.qcow2', image, '--pool', pool)).err,
        /other disks are made from it/,
      );
      for (const name of ['child.qcow2', 'sent.qcow2', 'sent.img'])
        await say('vol-delete', name, pool);
      assert.ok((await uploads()).every(({ state }) => state === 'done'));
    },
  );

  void test(
    'virt-install puts a disk into the pool of a host, and the vm is there, also on a connection that is about all',
    { skip: withoutInstall },
    async () => {
      const words =
        '--memory 64 --vcpus 1 --import --osinfo generic --graphics none --network none --noautoconsole';
      for (const [path, pool, name] of [
        ['host/bob', 'default', 'one'],
        ['all', 'default@bob', 'two'],
      ] as const) {
        const disk = ['--disk', `pool=${pool},size=0.01`];
        const connection = ['--connect', address(path), '--name', name];
        const { code, err } = await run('virt-install', [
          ...connection,
          ...disk,
          ...words.split(' '),
        ]);
        assert.equal(code, 0, err);
        const vm = find().vm(name);
        assert.deepEqual([vm.host, vm.state], ['bob', 'running']);
        const file = join(folder('bob'), `${name}.img`);
        assert.equal(vm.definition.hardware.disks[0]?.file, file);
        assert.match(
          (await ask('vol-delete', `${name}.img`, 'default@bob')).err,
          new RegExp(`uses it: ${name}`),
        );
        await say('destroy', name);
      }
    },
  );
}
