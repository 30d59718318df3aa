/** The guest of a vm under a libvirtd with its QEMU driver, asked and held still through the agent that this libvirtd knows. */
import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LinkResult } from '#api';
import { isFault, systemClock } from '#lib';
import { packArgs, paramNumber, paramsByName, paramString, unpackReturn } from '#libvirt';
import { Kept } from '../../../src/agent/foreign/testing/kept.ts';
import { starterImage } from '../../../src/agent/testing/qemu-agent.ts';
import { QemuRoom, withoutRoom } from './qemu-room.ts';

const domain = (disk: string, data: string): string => `<domain type='qemu'><name>guest</name>
<memory unit='MiB'>192</memory><vcpu>2</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>
<features><acpi/></features><devices>
<disk type='file'><driver name='qemu' type='qcow2'/><source file='${disk}'/><target dev='vda' bus='virtio'/></disk>
<disk type='file'><driver name='qemu' type='raw'/><source file='${data}'/><target dev='vdb' bus='virtio'/></disk>
<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
</devices></domain>`;

void test(
  'a guest of a libvirt host is held still and let go, and tells of itself when it is asked',
  { skip: withoutRoom },
  async (t) => {
    const room = await QemuRoom.open();
    t.after(() => room[Symbol.asyncDispose]());
    const { folder, address, told } = room;
    const disk = join(folder, 'disk.qcow2');
    await copyFile((await starterImage()).path, disk);
    const data = await room.makeDisk('data.raw', 'raw', '64M');
    const file = join(folder, 'guest.xml');
    await writeFile(file, domain(disk, data));
    await told(`define ${file}`);
    const kept = await Kept.open(address);
    t.after(() => kept[Symbol.asyncDispose]());
    const host = await kept.host();
    const id = [...host.records.keys()][0] ?? assert.fail('there is no vm');
    const freeze = (
      set: 'frozen' | 'thawed' | null,
      limitSeconds: number | null = null,
    ): Promise<LinkResult<'machine.freeze'>> =>
      host.call('machine.freeze', { id, set, mountPoints: [], limitSeconds });
    await told('start guest');
    const silent = (error: unknown): boolean =>
      isFault(error, 'unavailable') && /no guest agent of guest answers/.test(error.message);
    await assert.rejects(freeze(null), silent);
    const answers = async (): Promise<boolean> =>
      (await freeze(null).catch((error: unknown) => silent(error) || Promise.reject(error))) !==
      true;
    while (!(await answers())) await systemClock.sleep(500);
    assert.deepEqual(await freeze(null), { state: 'thawed', fileSystems: null, untilMs: null });
    // Nobody has asked: its agent was heard to come.
    await host.until('what it tells', () => (host.samples.get(id)?.guest ?? null) !== null, 20_000);
    const tells = host.samples.get(id)?.guest;
    assert.match(tells?.osName ?? '', /starter/);
    assert.deepEqual(tells?.users, []);
    assert.equal(tells.timezone, 'UTC');

    const run = async (line: string): Promise<void> => {
      const exec = { execute: 'guest-exec', arguments: { path: '/bin/sh', arg: ['-c', line] } };
      const { return: begun } = JSON.parse(
        await told(`qemu-agent-command guest '${JSON.stringify(exec)}'`),
      ) as { return: { pid: number } };
      const status = { execute: 'guest-exec-status', arguments: { pid: begun.pid } };
      for (;;) {
        const text = await told(`qemu-agent-command guest '${JSON.stringify(status)}'`);
        const { exited, exitcode } = (
          JSON.parse(text) as { return: { exited: boolean; exitcode?: number } }
        ).return;
        if (!exited) continue;
        assert.equal(exitcode, 0, line);
        return;
      }
    };
    await run('hostname renamed');
    await host.call('host.discover', {});
    const isRenamed = (): boolean => host.samples.get(id)?.guest?.hostName === 'renamed';
    await host.until('what is asked for anew', isRenamed, 20_000);
    await run('modprobe ext4; mke2fs /dev/vdb; mkdir -p /mnt; mount /dev/vdb /mnt');
    await assert.rejects(freeze('frozen', 60), (error) => isFault(error, 'unsupported'));
    const held = await freeze('frozen');
    assert.equal(held.state, 'frozen');
    const count = held.fileSystems ?? 0;
    assert.ok(count > 0);
    assert.equal((await freeze(null)).state, 'frozen');
    assert.deepEqual(await freeze('frozen'), { state: 'frozen', fileSystems: 0, untilMs: null });
    assert.deepEqual(await freeze('thawed'), {
      state: 'thawed',
      fileSystems: count,
      untilMs: null,
    });
    assert.equal((await freeze(null)).state, 'thawed');
    await host.call('machine.trim', { id, minimumBytes: 0 });
    // As the guest keeps it it is told again; one that is said becomes another.
    const said = '$6$saltsalt$sesame';
    const set = { id, user: 'root', password: said };
    await host.call('machine.password', { ...set, isEncrypted: true });
    await run('grep -q ^root:.6.saltsalt.sesame: /etc/shadow');
    await host.call('machine.password', { ...set, isEncrypted: false });
    await run('grep -q ^root:.[0-9a-z] /etc/shadow && ! grep -q sesame /etc/shadow');
    await assert.rejects(host.call('machine.password', { ...set, user: 'x', isEncrypted: false }));

    const dom = { name: 'guest', uuid: '00000000-0000-4000-8000-000000000000', id: 1 };
    const ask = async (types: number): Promise<ReturnType<typeof paramsByName>> => {
      const procedure = 'DOMAIN_GET_GUEST_INFO';
      const args = packArgs(procedure, { dom, types, flags: 0 }).toString('base64');
      const { ret } = await host.call('machine.ask', { id, procedure, args });
      return paramsByName(unpackReturn(procedure, Buffer.from(ret, 'base64')).params);
    };
    const all = await ask(0);
    assert.match(paramString(all.get('os.pretty-name')) ?? '', /starter/);
    assert.ok((paramNumber(all.get('fs.count')) ?? 0) > 0);
    assert.ok((paramNumber(all.get('disk.count')) ?? 0) > 0, 'also what Gantry does not ask');
    assert.deepEqual([...(await ask(8)).keys()], ['hostname']);
    const vcpus = 'DOMAIN_GET_GUEST_VCPUS';
    const packed = packArgs(vcpus, { dom, flags: 0 }).toString('base64');
    const { ret } = await host.call('machine.ask', { id, procedure: vcpus, args: packed });
    const { params } = unpackReturn(vcpus, Buffer.from(ret, 'base64'));
    assert.equal(paramString(paramsByName(params).get('online')), '0-1');
  },
);
