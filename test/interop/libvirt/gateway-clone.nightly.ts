/** Clones made by an unmodified virt-clone through the gateway, on a host with an agent: real disks, and guests that boot from them. */
import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Event, Page } from '#api';
import { miB } from '#lib';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { run, virsh, whyNot } from './tools.ts';

const skip = await whyNot('virsh', 'virt-install', 'qemu-img', 'qemu-system-x86_64');

let opened: Stage | undefined;
before(async () => {
  if (skip !== false) return;
  opened = await Stage.open();
  await opened.addQemuHost('h1');
});
after(() => opened?.[Symbol.asyncDispose]());

function stage(): Stage {
  assert.ok(opened);
  return opened;
}

function address(path: string): string {
  return `qemu+unix:///${path}?socket=${join(stage().folder, 'run/libvirt-sock')}`;
}

async function say(path: string, words: string): Promise<string> {
  const { code, out, err } = await virsh(address(path), ...words.split(' '));
  assert.equal(code, 0, err);
  return out.trim();
}

/** A guest of one sector that turns its machine off: PM1a_CNT of QEMU's boards for PCs is at 0x604, and 0x2000 is S5. */
const offSector = Buffer.alloc(512);
offSector.write('ba0406b80020eff4ebfd', 'hex');
offSector.writeUInt16LE(0xaa55, 510);

/** An original with that guest on a disk in its own folder. */
async function makeOriginal(name: string, format: 'raw' | 'qcow2'): Promise<string> {
  const made = { name, memoryBytes: 64 * miB, network: 'none' };
  const disk = { kind: 'new', format, sizeBytes: 8 * miB };
  const { state, fault } = await stage().act('POST', '/vms', { ...made, disk });
  assert.equal(state, 'done', JSON.stringify(fault));
  const file = await diskOf('host/h1', name);
  const plain = join(stage().folder, 'plain');
  writeFileSync(plain, offSector);
  truncateSync(plain, 8 * miB);
  const filled = await run('qemu-img', ['convert', '-n', '-O', format, plain, file]);
  assert.equal(filled.code, 0, filled.err);
  return file;
}

async function diskOf(path: string, name: string): Promise<string> {
  return / (\/\S+)$/m.exec(await say(path, `domblklist ${name}`))?.[1] ?? '';
}

async function clone(path: string, original: string, ...words: string[]): Promise<void> {
  const asked = ['--connect', address(path), '--original', original, '--auto-clone', ...words];
  const { code, out, err } = await run('virt-clone', asked);
  assert.equal(code, 0, out + err);
}

async function startAndSeeItEnd(path: string, name: string): Promise<void> {
  await say(path, `start ${name}`);
  await stage().until(() => stage().vm(name)?.state === 'off', `${name} turns itself off`, 60_000);
  const { json } = await stage().send('GET', '/events?limit=500');
  const ended = (json as Page<Event>).items.find(
    (event) => event.name === 'vm.state.powered-off' && event.target.name === name,
  );
  assert.equal(ended?.attributes['cause'], 'guest');
}

for (const [format, path] of [
  ['qcow2', 'host/h1'],
  ['raw', 'all'],
] as const)
  void test(
    `virt-clone copies a vm with a ${format} disk, and the copy boots from a file in its own folder`,
    { skip },
    async () => {
      const [original, copy] = [`${format}-one`, `${format}-two`];
      const source = await makeOriginal(original, format);
      await clone(path, original, '--name', copy);
      const file = await diskOf(path, copy);
      assert.equal(dirname(file), stage().vm(copy)?.path);
      const same = await run('qemu-img', ['compare', '-f', format, '-F', format, source, file]);
      assert.equal(same.code, 0, same.out + same.err);
      const [disk] = stage().vm(copy)?.definition.hardware.disks ?? [];
      assert.deepEqual([disk?.format, disk?.sizeBytes], [format, 8 * miB]);
      assert.notEqual(await say(path, `domuuid ${copy}`), await say(path, `domuuid ${original}`));
      await startAndSeeItEnd(path, copy);
      // Where the first one is, nothing is left of the second, and it is as it was.
      assert.equal(await diskOf(path, original), source);
      assert.doesNotMatch(
        await say(path, 'vol-list default@h1'),
        new RegExp(`${original}/${copy}`),
      );
      // The name that virt-clone chooses by itself; the pool of the folder is known by now.
      await clone(path, original);
      assert.equal(
        dirname(await diskOf(path, `${original}-clone`)),
        stage().vm(`${original}-clone`)?.path,
      );
    },
  );

void test(
  'a domain is defined before its disk is there, which then starts it',
  { skip },
  async () => {
    const folder = dirname(dirname(await makeOriginal('early', 'raw')));
    const file = join(folder, 'late.raw');
    const xml = join(stage().folder, 'late.xml');
    writeFileSync(
      xml,
      `<domain type='qemu'><name>late</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><devices>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${file}'/><target dev='vda' bus='virtio'/></disk>
</devices></domain>`,
    );
    await say('host/h1', `define ${xml}`);
    const { err } = await virsh(address('host/h1'), 'start', 'late');
    assert.match(err, /late\.raw/);
    await say('host/h1', 'vol-create-as default late.raw 8M');
    assert.equal(stage().vm('late')?.definition.hardware.disks[0]?.sizeBytes, 8 * miB);
    assert.equal(readFileSync(file).length, 8 * miB);
    writeFileSync(file, offSector, { flag: 'r+' });
    await startAndSeeItEnd('host/h1', 'late');
  },
);
