/** A linked clone asked for again, as by a coordinator that has lost the answer, at each place where the first call may have ended. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { machineId } from '#foreign';
import { hostId, Kept } from '../../../src/agent/foreign/testing/kept.ts';
import { QemuRoom, tool, withoutRoom } from './qemu-room.ts';

const cause = { actor: { kind: 'user', name: 'ann' }, correlationId: 'c' } as const;

void test(
  'a linked clone that is asked for again is made once, on the same files, whatever was there of it',
  { skip: withoutRoom },
  async (t) => {
    const room = await QemuRoom.open();
    t.after(() => room[Symbol.asyncDispose]());
    const { folder, address, told } = room;
    const base = await room.makeDisk('web.raw', 'raw', '8M');
    await told(`pool-create-as vms dir --target ${folder}`);
    const xml = join(folder, 'web.xml');
    await writeFile(
      xml,
      `<domain type='qemu'><name>web</name><memory unit='MiB'>64</memory><os><type>hvm</type></os><devices>
<disk type='file'><driver name='qemu' type='raw'/><source file='${base}'/><target dev='vda' bus='virtio'/></disk>
</devices></domain>`,
    );
    await told(`define ${xml}`);
    const kept = await Kept.open(address);
    t.after(() => kept[Symbol.asyncDispose]());
    const host = await kept.host();
    const id = [...host.records.keys()][0] ?? '';
    const { definition: source } = (await host.call('machine.look', { id })).record;
    const uuid = '11111111-2222-4333-8444-999999999999';
    const file = join(folder, 'copy.qcow2');
    const disks = source.hardware.disks.map((disk) => ({
      ...disk,
      file,
      format: 'qcow2' as const,
    }));
    const definition = {
      ...source,
      id: machineId(hostId, uuid),
      name: 'copy',
      hardware: { ...source.hardware, disks },
      extensions: { libvirt: { name: 'copy', uuid } },
    };
    const machine = { id, generation: 0, cause };
    const ask = async (): Promise<void> => {
      await host.call('machine.clone', {
        ...machine,
        definition,
        definitionVersion: 1,
        parent: null,
        disks: [{ from: base, to: file }],
        linked: { snapshotId: null },
      });
    };
    const now = async (name: string): Promise<string> =>
      / (\/\S+)/.exec(await told(`domblklist ${name}`))?.[1] ?? '';
    const standsOnBase = async (): Promise<void> => {
      for (const name of ['web', 'copy']) {
        const out = await tool('qemu-img', 'info', '--output=json', await now(name));
        const { 'backing-filename': below, 'backing-filename-format': format } = JSON.parse(
          out,
        ) as Record<string, string>;
        // What a guest has written is never asked for its format.
        assert.deepEqual([below, format], [base, 'raw'], name);
      }
    };

    // Two at once: the second one waits for the first.
    await Promise.all([ask(), ask()]);
    await standsOnBase();
    const above = await now('web');
    // All was done, and the answer lost.
    await ask();
    assert.equal(await now('web'), above);
    await standsOnBase();
    // It was ended before the volume was made.
    await told('vol-delete copy.qcow2 --pool vms');
    await ask();
    await standsOnBase();
    // It was ended after the vm went on in another file.
    await told('vol-delete copy.qcow2 --pool vms; undefine copy');
    await ask();
    assert.equal(await now('web'), above);
    await standsOnBase();
  },
);
