/** Shared folders with a real guest, the starter appliance: what it sees of the host, and what it never does. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  additionsFunctions,
  maxSharedFolders,
  profiles,
  vmDefinitionSchema,
  type SharedFolder,
} from '#api';
import { giB, isFault, miB, systemClock } from '#lib';
import { maxSharedFolders as slots } from '#qemu';
import {
  QemuAgent,
  bareDefinition,
  byTester,
  starterImage,
  withoutQemu,
} from './testing/qemu-agent.ts';
import { SerialSession } from './testing/serial-session.ts';

test('a definition has as many shared folders as a machine has places for', () => {
  assert.equal(maxSharedFolders, slots);
});

describe('shared folders', { skip: withoutQemu }, () => {
  let agent: QemuAgent;
  let id = '';
  let serial: SerialSession;
  /** Beside what is shared: nothing of it may ever be seen. */
  let outside = '';
  const path = (...names: string[]): string => join(agent.shelf, ...names);

  const call = (method: 'machine.share.add' | 'machine.share.remove', share: SharedFolder) =>
    agent.host.call(method, { id, generation: agent.generation(id), cause: byTester, share });
  const share = (slot: number, name: string, readOnly: boolean): SharedFolder => ({
    slot,
    name,
    hostPath: path(name),
    readOnly,
  });
  const openFolder = async (name: string): Promise<void> => {
    await mkdir(path(name));
    await chmod(path(name), 0o777);
  };

  before(async () => {
    const image = await starterImage();
    agent = await QemuAgent.start();
    outside = await mkdtemp(join(tmpdir(), 'go-'));
    await chmod(outside, 0o755);
    await writeFile(join(outside, 'secret'), 'OUTSIDE-7301\n');
    for (const name of ['data', 'docs']) await openFolder(name);
    await writeFile(path('docs', 'manual'), 'from the host\n');
    const definition = vmDefinitionSchema.parse({
      id: crypto.randomUUID(),
      name: 'shares-1',
      guestOs: 'gantry-starter',
      hardware: {
        ...profiles.modern.hardware,
        memory: { sizeBytes: 256 * miB },
        disks: [
          { bus: 'virtio', position: 0, file: 'disk.qcow2', format: 'qcow2', sizeBytes: giB },
        ],
        sharedFolders: [share(0, 'docs', true)],
      },
      settings: { heartbeat: { intervalSeconds: 1 } },
    });
    const imageFacts = { imagePath: image.path, imageFormat: 'qcow2' } as const;
    id = await agent.create(definition, [
      { kind: 'image', file: 'disk.qcow2', format: 'qcow2', sizeBytes: giB, ...imageFacts },
    ]);
    await agent.act(id, 'turn-on');
    serial = await SerialSession.open(agent, id, 'serial1');
    await serial.logIn('root', 'gantry');
    await agent.untilSample(id, 'a heartbeat', ({ heartbeat }) => heartbeat.state === 'good');
  });

  after(async () => {
    serial?.close();
    await agent?.[Symbol.asyncDispose]();
    if (outside !== '') await rm(outside, { recursive: true, force: true });
  });

  test('GA-28 the appliance mounts what its definition shares; the host keeps it read-only', async () => {
    await serial.untilCommand('cat /shared/docs/manual', /^from the host$/m);
    // The guest believes that it may write: it is the host that refuses.
    const text = await serial.command(
      'touch /shared/docs/new; echo x > /shared/docs/manual; rm /shared/docs/manual; chmod 777 /shared/docs/manual',
    );
    assert.equal(text.match(/Read-only file system/g)?.length, 4, text);
    assert.equal(await readFile(path('docs', 'manual'), 'utf8'), 'from the host\n');
  });

  test('GA-03 GA-04 the appliance has all functions of the additions, each seen by itself', async () => {
    const { additions } = await agent.untilSample(
      id,
      'functions',
      ({ additions: { functions } }) => functions['information'] === true,
    );
    const all = Object.keys(additionsFunctions).map((name) => [name, true]);
    assert.deepEqual(additions.functions, Object.fromEntries(all));
  });

  test('GA-28 a folder that is added while the vm runs is written from both sides', async () => {
    assert.deepEqual(await call('machine.share.add', share(1, 'data', false)), { live: true });
    await writeFile(path('data', 'to-guest'), 'hello guest\n');
    await serial.untilCommand('cat /shared/data/to-guest', /^hello guest$/m);
    await serial.command('echo hello host > /shared/data/to-host; sync');
    assert.equal(await readFile(path('data', 'to-host'), 'utf8'), 'hello host\n');
    await serial.command('head -c 3000000 /dev/urandom > /shared/data/large');
    const guestSum = await serial.untilCommand('md5sum < /shared/data/large', /[0-9a-f]{32}/);
    const sum = createHash('md5')
      .update(await readFile(path('data', 'large')))
      .digest('hex');
    assert.match(guestSum, new RegExp(sum));
    const { devices } = await agent.host.call('machine.hardware', { id });
    const shown = devices.filter(({ device }) => device === 'shared folder');
    assert.deepEqual(
      shown.map(({ position, model, resource }) => [position, model, resource]),
      [
        ['0', 'docs, read-only', path('docs')],
        ['1', 'data, writable', path('data')],
      ],
    );
    assert.ok(shown.every(({ address }) => address !== null));
    assert.ok(agent.events(id).includes('vm.device.added'));
  });

  test('GA-28 no link of the host leads the guest outside, absolute, relative or to a folder', async () => {
    await symlink(join(outside, 'secret'), path('data', 'absolute'));
    await symlink(join('..', '..', '..', join(outside, 'secret')), path('data', 'relative'));
    await symlink(outside, path('data', 'folder'));
    // Where its links lead to in the guest there is nothing of that name.
    const text = await serial.command(
      'cd /shared/data; cat absolute relative folder/secret ../../../..' +
        join(outside, 'secret') +
        '; ls folder/; echo more > folder/planted; cd /',
    );
    assert.doesNotMatch(text, /OUTSIDE/);
    await assert.rejects(stat(join(outside, 'planted')));
  });

  test('GA-28 what the guest links or marks to run as another user is neither on the host', async () => {
    await serial.command(
      `cd /shared/data; ln -s ${outside} planted-link; mknod planted-device c 1 3; ` +
        'cp /bin/busybox planted-program; chmod 6755 planted-program; sync; cd /',
    );
    for (const name of ['planted-link', 'planted-device', 'planted-program']) {
      const stats = await stat(path('data', name));
      assert.ok(stats.isFile(), name);
      assert.equal(stats.mode & 0o7000, 0, name);
    }
    await assert.rejects(stat(path('data', 'planted-link', 'secret')));
    // To the guest they are what it made.
    const text = await serial.command('ls -l /shared/data | grep planted');
    assert.match(text, /^lrwx.* planted-link -> /m);
    assert.match(text, /^c.* planted-device/m);
    assert.match(text, /^-rws.* planted-program/m);
  });

  test('GA-28 a folder that is swapped for a link in a race never lets the guest out', async () => {
    await mkdir(path('data', 'real'));
    await chmod(path('data', 'real'), 0o755);
    await writeFile(path('data', 'real', 'secret'), 'INSIDE-1044\n');
    await symlink(outside, path('data', 'link'));
    const done = new AbortController();
    const show = async (name: 'real' | 'link'): Promise<void> => {
      await rename(path('data', name), path('data', 'inner'));
      await systemClock.sleep(Math.random() * 4);
      await rename(path('data', 'inner'), path('data', name));
    };
    const swap = async (): Promise<number> => {
      let count = 0;
      for (; !done.signal.aborted; count += 1) {
        await show('real');
        await show('link');
      }
      return count;
    };
    const swaps = swap();
    // Until the guest has met the folder often, each time with the link soon before and after.
    const look = 'text=$(cat inner/secret; ls inner); echo "$text"';
    const count = 'case $text in *INSIDE*) met=$((met + 1)) ;; esac';
    serial.text = '';
    serial.write(
      `cd /shared/data; met=0; while [ $met -lt 60 ]; do ${look}; ${count}; done 2> /dev/null > /tmp/seen; ` +
        'cd /; sort /tmp/seen | uniq -c; echo all-$((40+2))\n',
    );
    const text = await serial.until(/all-42/);
    done.abort();
    assert.ok((await swaps) > 60);
    assert.match(text, /INSIDE-1044/);
    assert.doesNotMatch(text, /OUTSIDE/);
  });

  test('GA-28 only folders that the administrator listed are shared, and none of the host itself', async () => {
    const refuse = async (hostPath: string, code: string): Promise<void> => {
      await assert.rejects(
        call('machine.share.add', { slot: 3, name: 'more', hostPath, readOnly: true }),
        (error) => isFault(error) && error.reasons.some((reason) => reason.code === code),
        `${hostPath} is ${code}`,
      );
    };
    await refuse('/etc', 'share-outside');
    await refuse(outside, 'share-outside');
    await refuse(agent.process.folder, 'share-outside');
    await symlink(outside, path('way-out'));
    await refuse(path('way-out'), 'share-outside');
    await refuse(path('absent'), 'share-missing');
    await refuse(path('docs', 'manual'), 'share-missing');
    await mkdir(path('data', 'below'));
    await refuse(path('data', 'below'), 'share-nested');
    await refuse(agent.shelf, 'share-nested');
    await mkdir(path('closed'), { mode: 0o700 });
    if (process.getuid?.() === 0) await refuse(path('closed'), 'share-unreachable');
    const searchPath = [agent.shelf, agent.process.folder];
    const settings = { ...agent.coordinator.settings, searchPath };
    await agent.host.call('host.configure', { settings, eventScripts: false });
    await refuse(join(agent.process.folder, 'data'), 'share-private');
    await refuse(agent.process.folder, 'share-private');
  });

  test('GA-28 a vm with a folder that is gone does not start, and says which', async () => {
    await openFolder('passing');
    const other = await agent.create(
      bareDefinition({ sharedFolders: [share(0, 'passing', true)] }),
    );
    await rm(path('passing'), { recursive: true });
    assert.deepEqual(await agent.blockedCodes(other), ['share-missing']);
  });

  test('GA-28 an agent that is killed finds its shared folders as they were', async () => {
    await agent.process.stop('SIGKILL');
    agent.process.run();
    await agent.host.until('the next hello', () => agent.host.links === 2, 30_000);
    assert.equal(agent.host.reports.get(id)?.state, 'running');
    serial.close();
    serial = await SerialSession.open(agent, id, 'serial1');
    serial.write('\n');
    await writeFile(path('data', 'later'), 'still there\n');
    await serial.untilCommand('cat /shared/data/later', /^still there$/m);
    await agent.untilSample(id, 'a heartbeat', ({ heartbeat }) => heartbeat.state === 'good');
  });

  test('GA-28 a vm is saved and restored with its folders, mounted again where they were', async () => {
    await serial.command('umount /shared/docs; mkdir -p "/mnt/my docs"');
    await serial.command('mount -t 9p -o trans=virtio docs "/mnt/my docs"');
    await agent.act(id, 'save');
    await agent.until(id, 'saved');
    await agent.act(id, 'restore');
    serial.close();
    serial = await SerialSession.open(agent, id, 'serial1');
    serial.write('\n');
    await serial.untilCommand('cat "/mnt/my docs/manual"', /^from the host$/m);
    await serial.untilCommand('cat /shared/data/later', /^still there$/m);
  });

  test('GA-28 while the guest uses a folder it is neither taken away nor the vm saved', async () => {
    await agent.untilSample(id, 'a heartbeat', ({ heartbeat }) => heartbeat.state === 'good');
    await serial.command('cd /shared/data');
    const inUse = (error: unknown): boolean =>
      isFault(error, 'refused') && /data .*in use by the guest/.test(error.message);
    await assert.rejects(call('machine.share.remove', share(1, 'data', false)), inUse);
    await assert.rejects(agent.act(id, 'save'), inUse);
    await agent.until(id, 'running');
    // What was unmounted for it is back.
    await serial.untilCommand('cat "/mnt/my docs/manual"', /^from the host$/m);
    await serial.command('cd /');
  });

  test('GA-28 a folder is removed while the vm runs, and can be shared again under another name', async () => {
    assert.deepEqual(await call('machine.share.remove', share(1, 'data', false)), { live: true });
    await serial.untilCommand('ls /shared; cat /shared/data/later', /No such file/);
    const again = { ...share(1, 'data', true), name: 'archive' };
    assert.deepEqual(await call('machine.share.add', again), { live: true });
    await serial.untilCommand('cat /shared/archive/later', /^still there$/m);
    assert.match(await serial.command('touch /shared/archive/x'), /Read-only file system/);
    assert.ok(agent.events(id).includes('vm.device.removed'));
    // A name is mounted by one folder at a time: another one waits for the next start.
    const moved = { ...share(2, 'docs', true), name: 'archive' };
    assert.deepEqual(await call('machine.share.add', moved), { live: false });
    assert.deepEqual(await call('machine.share.remove', moved), { live: true });
    await serial.untilCommand('cat /shared/archive/later', /No such file/);
  });
});
