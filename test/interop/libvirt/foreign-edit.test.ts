/** Definitions of a libvirt connection's vms changed where they are, judged by virsh. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault, type FaultCode } from '#lib';
import { diskSchema, placeName, type VmDefinition } from '#api';
import { Kept } from '../../../src/agent/foreign/testing/kept.ts';
import { startLibvirtd } from './daemon.ts';
import { virsh, whyNot } from './tools.ts';

const skip = await whyNot('libvirtd', 'virsh');
const cause = { actor: { kind: 'user', name: 'ann' }, correlationId: 'c' } as const;
const generation = 1;

void test(
  'a definition is changed there, what it has no word for stays, and what others changed meanwhile is not undone',
  { skip },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'fe-'));
    t.after(() => rm(folder, { recursive: true }));
    const daemon = await startLibvirtd();
    t.after(() => daemon[Symbol.asyncDispose]());
    const address = `test+unix:///default?socket=${daemon.socket}`;
    const elsewhere = async (words: string): Promise<void> => {
      const { code, err } = await virsh(address, words);
      assert.equal(code, 0, err);
    };
    const kept = await Kept.open(address);
    t.after(() => kept[Symbol.asyncDispose]());
    const host = await kept.host();
    const file = join(folder, 'edit.xml');
    const uuid = '11111111-2222-4333-8444-777777777777';
    await writeFile(
      file,
      `<domain type='test'><name>edit</name><uuid>${uuid}</uuid><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<metadata><app:note xmlns:app='urn:app'>kept</app:note></metadata><os><type>hvm</type><boot dev='hd'/></os>
<cputune><shares>7</shares></cputune><devices>
<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
<interface type='network'><mac address='52:54:00:00:00:09'/><source network='default'/><model type='virtio'/></interface>
</devices></domain>`,
    );
    await elsewhere(`define ${file}`);
    const record = () =>
      [...host.records.values()].find(({ definition }) => definition.name === 'edit');
    await host.until('it is read', () => record()?.definition.hardware.adapters.length === 1);
    const { definition: base } = record() ?? assert.fail();
    const { id, hardware } = base;
    const machine = { id, generation, cause };
    const change = (definition: VmDefinition, from = base) =>
      host.call('machine.configure', { ...machine, definition, definitionVersion: 1, base: from });
    const dump = async (): Promise<string> => (await virsh(address, 'dumpxml edit')).out;
    const before = await dump();
    await change(base);
    assert.equal(await dump(), before);

    const wanted: VmDefinition = {
      ...base,
      description: "is Gantry's own",
      settings: { ...base.settings, start: { ...base.settings.start, onHostStart: 'always' } },
      hardware: {
        ...hardware,
        processor: { ...hardware.processor, count: 2, maxCount: 4 },
        memory: { sizeBytes: 96 * 1024 ** 2, maxBytes: 128 * 1024 ** 2 },
        firmware: { ...hardware.firmware, bootOrder: ['cd', 'disk'] },
      },
    };
    await elsewhere(`define ${file}; desc edit --config --title theirs`);
    await change(wanted);
    const { record: seen } = await host.call('machine.look', { id });
    assert.deepEqual(
      [seen.definition.hardware, seen.definition.settings.start.onHostStart],
      [wanted.hardware, 'always'],
    );
    const after = await dump();
    for (const kept of ['urn:app', '<shares>7</shares>', '<title>theirs</title>'])
      assert.ok(after.includes(kept), kept);
    assert.match((await virsh(address, 'dominfo edit')).out, /Autostart: +enable/);
    // Asked for again by somebody who has lost the answer.
    await change(wanted);
    assert.equal(await dump(), after);

    const refused = (code: FaultCode, pattern: RegExp) => (error: unknown) =>
      isFault(error, code) && pattern.test(`${error.message} ${String(error.cause)}`);
    const more = { ...hardware.processor, count: 3, maxCount: 4 };
    await assert.rejects(
      change({ ...base, hardware: { ...hardware, processor: more } }),
      refused('stale', /processor\/count/),
    );
    await assert.rejects(
      change({ ...wanted, hardware: { ...wanted.hardware, tpm: true } }, wanted),
      refused('unsupported', /hardware\/tpm/),
    );
    assert.equal(base.resources.cpuWeight, 7);
    const share = { ...wanted.resources, cpuReservePercent: 50 };
    await assert.rejects(
      change({ ...wanted, resources: share }, wanted),
      refused('unsupported', /resources\/cpu_reserve_percent is nothing/),
    );
    assert.equal(await dump(), after);

    const disk = diskSchema.parse({
      bus: 'virtio',
      position: 1,
      file: '/srv/data.raw',
      format: 'raw',
      sizeBytes: 0,
    });
    const medium = { kind: 'file', file: '/srv/a.iso' } as const;
    const [drive] = seen.definition.hardware.opticalDrives;
    const place = placeName(drive ?? assert.fail());
    const [adapter] = seen.definition.hardware.adapters;
    assert.ok(adapter);
    const lab = { ...adapter, attachment: { kind: 'foreign', name: 'bridge br7' } } as const;
    const nowhere = { ...lab, attachment: { kind: 'foreign', name: 'network nowhere' } } as const;
    await assert.rejects(
      host.call('machine.adapter.change', { ...machine, adapter: nowhere }),
      refused('not-found', /has no network nowhere/),
    );
    const inserted = { ...machine, place, medium, path: null, tray: 'ask' } as const;
    for (let again = 0; again < 2; again += 1) {
      assert.deepEqual(await host.call('machine.disk.attach', { ...machine, disk }), {
        live: false,
      });
      await host.call('machine.medium', inserted);
      await host.call('machine.adapter.change', { ...machine, adapter: lab });
    }
    const { record: changed } = await host.call('machine.look', { id });
    const now = changed.definition.hardware;
    assert.deepEqual(
      [now.disks[0]?.file, now.opticalDrives[0]?.medium, now.adapters[0]?.attachment],
      ['/srv/data.raw', medium, lab.attachment],
    );
    await assert.rejects(
      host.call('machine.disk.detach', { ...machine, disk: { ...disk, file: '/srv/other' } }),
      refused('stale', /data\.raw is at virtio0:1/),
    );
    await host.call('machine.disk.detach', { ...machine, disk });
    await host.call('machine.adapter.detach', { ...machine, adapter: lab });
    assert.doesNotMatch(await dump(), /data\.raw|<interface/);

    await elsewhere('start edit');
    await host.until('it runs', () => host.reports.get(id)?.state === 'running');
    const { record: running } = await host.call('machine.look', { id });
    const grown: VmDefinition = {
      ...running.definition,
      hardware: {
        ...running.definition.hardware,
        processor: { ...running.definition.hardware.processor, count: 4, maxCount: null },
        memory: { sizeBytes: 128 * 1024 ** 2, maxBytes: null },
        clock: { base: 'localtime', offsetSeconds: 0 },
      },
    };
    const { report } = await change(grown, running.definition);
    assert.deepEqual(report.pending, ['hardware/clock/base']);
    await elsewhere('destroy edit; undefine edit');
    await host.until('it is gone', () => record() === undefined);
  },
);
