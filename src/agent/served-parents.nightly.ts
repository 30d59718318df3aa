/** What vms know of disks that are served is kept over moves, and found out where it is not known (docs/rfd/0041). */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { VmDefinition } from '#api';
import { QemuAgent, withoutQemu } from './testing/qemu-agent.ts';
import { rename, ServedMaker } from './testing/served-maker.ts';

describe('what vms know of disks that are served', { skip: withoutQemu }, () => {
  let agent: QemuAgent;
  let its: ServedMaker;

  before(async () => {
    agent = await QemuAgent.start();
    its = new ServedMaker(agent);
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  test('a vm whose record does not know yet what its disk is made of looks at its next start, and keeps to that', async () => {
    const { path, part } = await its.makeFlat();
    const id = await agent.create(its.define(its.served(path, 'vmdk')));
    const record = join(agent.process.folder, 'data', 'machines', `${id}.json`);
    await agent.restart(async () => {
      const told = JSON.parse(readFileSync(record, 'utf8')) as { layers: { served?: unknown } };
      assert.ok(told.layers.served);
      delete told.layers.served;
      writeFileSync(record, JSON.stringify(told));
    });
    await its.run(id);
    rename(path, basename(part), 'another-flat.vmdk');
    writeFileSync(join(agent.shelf, 'another-flat.vmdk'), readFileSync(part));
    assert.deepEqual(await agent.blockedCodes(id), ['disk-parent']);
  });

  test('a vm starts after its disks were moved with all that they are made of, and still keeps to that', async () => {
    const definition = its.define(its.served('flat.vmdk', 'vmdk'));
    const id = await agent.create(definition);
    const home = agent.folder(id);
    const base = await its.makeBase('vhd', home);
    const over = await its.makeOver(base, home);
    const { path: flat, part } = await its.makeFlat(home);
    const disks = [over, flat].map((path, position) => ({
      ...its.served(basename(path), path === flat ? 'vmdk' : 'vhd'),
      position,
    }));
    const [child, pieces] = disks;
    assert.ok(child !== undefined && pieces !== undefined);
    const configured = { ...definition, hardware: { ...definition.hardware, disks } };
    const configure = { definition: configured, definitionVersion: 2 };
    await agent.host.call('machine.configure', { ...its.call(id), ...configure });
    await its.run(id);
    const parent = join(agent.shelf, 'moved');
    mkdirSync(parent);
    chmodSync(parent, 0o755);
    const relocate = (
      next: VmDefinition,
      version: number,
      place: string | null,
      moves: readonly { from: string; to: string }[],
    ): Promise<unknown> =>
      agent.host.call('machine.relocate', {
        ...its.call(id),
        parent: place,
        definition: next,
        definitionVersion: version,
        disks: [...moves],
      });
    await relocate(configured, 3, parent, []);
    assert.equal(dirname(agent.folder(id)), parent);
    await its.run(id);
    const to = join(parent, 'apart.vmdk');
    const apart = {
      ...configured,
      hardware: { ...configured.hardware, disks: [child, { ...pieces, file: to }] },
    };
    await relocate(apart, 4, null, [{ from: pieces.file, to }]);
    await its.run(id);
    assert.ok(readdirSync(parent).includes(basename(part)));
    rename(to, basename(part), 'x-flat.vmdk');
    writeFileSync(join(parent, 'x-flat.vmdk'), readFileSync(join(parent, basename(part))));
    assert.deepEqual(await agent.blockedCodes(id), ['disk-parent']);
    rename(to, 'x-flat.vmdk', basename(part));
    utimesSync(join(agent.folder(id), basename(base)), new Date(), new Date(1_700_000_000_000));
    assert.deepEqual(await agent.blockedCodes(id), ['layer-changed']);
  });
});
