/** A CD image of a folder on a real host. Browsing it takes the machine that reads files, which is built first. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { diskWorkSchema } from '#api';
import { createIsoOfFolder } from '#images';
import { bareDefinition, byTester, QemuAgent, withoutQemu } from './testing/qemu-agent.ts';

describe('CD images', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  test('FMT-17 a CD image is created from a folder, attached to a vm that runs, browsed and read', async () => {
    const [folder, path] = [join(agent.shelf, 'content'), join(agent.shelf, 'made.iso')];
    const name = 'Ein Name, der länger ist als acht und drei.txt';
    await mkdir(join(folder, 'inner'), { recursive: true });
    await writeFile(join(folder, 'inner', name), 'on the CD');
    await createIsoOfFolder({ folder, path, label: 'MADE' });
    const drive = { bus: 'sata', controller: 0, position: 0, medium: null } as const;
    const id = await agent.create(bareDefinition({ opticalDrives: [drive] }));
    await agent.act(id, 'turn-on');
    const { live } = await agent.host.call('machine.medium', {
      id,
      generation: agent.generation(id),
      cause: byTester,
      place: 'sata0:0',
      medium: { kind: 'file', file: path },
      tray: 'ask',
      path: null,
    });
    assert.equal(live, true);
    const { files, inserted } = await agent.host.call('host.media', {});
    assert.ok(files.some((one) => one.path === path && one.drive === 'cd'));
    assert.deepEqual(inserted, [{ path, vmId: id, writes: false }]);
    const look = { file: path, partition: null, images: [] };
    const { fileSystems, folder: inner } = await agent.host.call('host.disk.files', {
      ...look,
      path: '/inner',
    });
    assert.deepEqual(
      fileSystems.map(({ label, readable }) => [label, readable]),
      [['MADE', true]],
    );
    assert.deepEqual(
      inner?.items.map((item) => [item.name, item.sizeBytes]),
      [[name, 9]],
    );
    const target = join(agent.shelf, 'read.qcow2');
    const work = { verb: 'convert', file: path, target, format: 'qcow2' } as const;
    await agent.host.call('host.disk.work', {
      id: crypto.randomUUID(),
      work: diskWorkSchema.parse(work),
      again: false,
    });
    const compare = ['compare', '-q', '-f', 'raw', '-F', 'qcow2', path, target];
    assert.equal(spawnSync('qemu-img', compare).status, 0);
    assert.ok((await readFile(path)).includes('on the CD'));
    await agent.act(id, 'turn-off');
  });
});
