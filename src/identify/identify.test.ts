/** Files as other people's tools write them, under names that say something else. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isFault, kiB, miB } from '#lib';
import { identifyFile, type FileIdentity } from './mod.ts';

const firmware = '/usr/share/OVMF/OVMF_VARS_4M.fd';

const ovf = `<?xml version="1.0"?>
<!-- made by a tool -->
<ovf:Envelope xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"><ovf:References/></ovf:Envelope>`;
const vmc = `<?xml version="1.0" encoding="UTF-16"?><preferences><version type="string">2.0</version>
<hardware><memory><ram_size type="integer">128</ram_size></memory></hardware></preferences>`;
const vmx =
  'config.version = "8"\nvirtualHW.version = "4"\ndisplayName = "shop"\nmemsize = "256"\n';

describe('identifying files', () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);
  const run = (command: string, ...argv: readonly string[]): unknown =>
    execFileSync(command, argv, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const image = (name: string, format: string, ...more: readonly string[]): unknown =>
    run('qemu-img', 'create', '-q', '-f', format, ...more, name, '20M');
  const text = (name: string, content: string, encoding: BufferEncoding = 'utf8'): Promise<void> =>
    writeFile(path(name), encoding === 'utf16le' ? `\ufeff${content}` : content, encoding);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'identify-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const is = async (
    name: string,
    group: FileIdentity['group'],
    format: string,
    version: string | null,
    more?: RegExp,
  ): Promise<FileIdentity> => {
    const found = await identifyFile(path(name));
    assert.deepEqual([found.group, found.format, found.version], [group, format, version], name);
    if (more !== undefined) assert.match(found.details.join('; '), more, name);
    return found;
  };
  const canBe = (found: FileIdentity, ...wanted: readonly string[]): void => {
    const uses = found.uses.map(({ what, how }) => `${what}: ${how}`).join('\n');
    for (const one of wanted) assert.ok(uses.includes(one), `${one} in:\n${uses}`);
  };

  test('FMT-01 a file of any kind is identified by its content, not its name, with format, version and what can be done with it', async (t) => {
    await t.test('virtual disks', async () => {
      image('a.iso', 'qcow2');
      image('b.iso', 'qcow2', '-o', 'compat=0.10');
      image('c.raw', 'vpc');
      image('d.raw', 'vpc', '-o', 'subformat=fixed');
      image('e.vhd', 'vhdx');
      image('f.vhd', 'vmdk');
      image('g.vhd', 'vmdk', '-o', 'subformat=monolithicFlat');
      image('h.vhd', 'vdi');
      image('i.vhd', 'qed');
      image('j.vhd', 'parallels');
      image('k.vhd', 'qcow');
      run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', 'a.iso', '-F', 'qcow2', 'l.vmx');
      canBe(
        await is('a.iso', 'disk', 'qcow2', '3', /v3, a disk of 20 MiB/),
        'look at it: gantry disk inspect FILE',
        'convert it:',
        'change it:',
        'run from it: gantry vm attach-disk VM --file FILE --format qcow2',
        'make new ones: gantry disk create NEW SIZE --format qcow2',
      );
      await is('b.iso', 'disk', 'qcow2', '2');
      await is('c.raw', 'disk', 'vhd', '1.0', /dynamic/);
      await is('d.raw', 'disk', 'vhd', '1.0', /fixed/);
      await is('e.vhd', 'disk', 'vhdx', '1', /by its name it would be: disk of Virtual Server/);
      await is('f.vhd', 'disk', 'vmdk', '1', /monolithicSparse/);
      await is('g.vhd', 'disk', 'vmdk', '1', /monolithicFlat/);
      const vdi = await is('h.vhd', 'disk', 'vdi', '1.1');
      canBe(vdi, 'run from it, read-only:', '--read-only');
      assert.ok(!vdi.uses.some(({ what }) => /change|new/.test(what)), 'it is only read');
      await is('i.vhd', 'disk', 'qed', null);
      await is('j.vhd', 'disk', 'parallels', '2');
      await is('k.vhd', 'disk', 'qcow1', '1');
      await is('l.vmx', 'disk', 'qcow2', '3', /holds changes over .*a\.iso/);
      await writeFile(path('cut'), Buffer.from('QFI\xfb\0\0\0\x03 and no more', 'latin1'));
      await is('cut', 'disk', 'qcow2', '3', /it cannot be opened/);
    });

    await t.test('what goes into drives, and disks without a structure', async () => {
      await mkdir(path('tree'));
      await text('tree/read.me', 'hello');
      run('xorriso', '-as', 'mkisofs', '-quiet', '-J', '-V', 'TOOLS', '-o', 'a.vmdk', 'tree');
      canBe(
        await is('a.vmdk', 'cd', 'iso', '1', /volume TOOLS; with Joliet names/),
        'put it into a drive: gantry vm insert VM DRIVE FILE',
        'files inside:',
        'make new ones: gantry disk create-iso',
      );
      for (const [name, sizeBytes, words] of [
        ['b.vhd', 1_474_560, /1440 KB, 3\.5 inch, high density/],
        ['c.vhd', 737_280, /720 KB/],
        ['d.vhd', 2_949_120, /2880 KB/],
      ] as const) {
        await writeFile(path(name), '');
        await truncate(path(name), sizeBytes);
        await is(name, 'floppy', 'vfd', null, words);
      }
      run('mformat', '-i', 'b.vhd', '-f', '1440', '::');
      canBe(
        await is('b.vhd', 'floppy', 'vfd', null, /with FAT/),
        'gantry vm insert VM floppy FILE',
      );
      for (const [name, type, words] of [
        ['gpt.vhd', 'gpt', /GPT/],
        ['mbr.vhd', 'dos', /MBR/],
      ] as const) {
        await writeFile(path(name), '');
        await truncate(path(name), 8 * miB);
        const made = spawnSync('sfdisk', ['-q', path(name)], {
          input: `label: ${type}\n,4M\n`,
          encoding: 'utf8',
        });
        assert.equal(made.status, 0, made.stderr);
        canBe(await is(name, 'disk', 'raw', null, words), 'run from it: gantry vm attach-disk');
      }
      await writeFile(path('ext.vhd'), '');
      await truncate(path('ext.vhd'), 4 * miB);
      run('mkfs.ext4', '-q', 'ext.vhd');
      await is('ext.vhd', 'disk', 'raw', null, /ext2, ext3 or ext4/);
    });

    await t.test('configurations of vms and networks', async () => {
      await text('vmc.bin', vmc, 'utf16le');
      canBe(await is('vmc.bin', 'configuration', 'vmc', '2.0'), 'gantry vm import FILE');
      await text('vmx.bin', vmx);
      canBe(
        await is('vmx.bin', 'configuration', 'vmx', '8', /virtual hardware of version 4/),
        'gantry vm import FILE',
      );
      await text('vmsd.bin', 'snapshot.lastUID = "2"\nsnapshot.numSnapshots = "1"\n');
      await is('vmsd.bin', 'snapshots', 'vmsd', null);
      await text('ovf.vmx', ovf);
      await is('ovf.vmx', 'configuration', 'ovf', '1', /by its name it would be: configuration/);
      await text(
        'vbox.vmx',
        '<VirtualBox xmlns="http://www.virtualbox.org/" version="1.16-linux"/>',
      );
      await is('vbox.vmx', 'configuration', 'vbox', '1.16-linux');
      await text('virsh.vmx', "<domain type='kvm'><name>web</name></domain>");
      canBe(
        await is('virsh.vmx', 'configuration', 'libvirt-domain', null, /for kvm/),
        'virsh define',
      );
      await text('net.vmx', '<network><name>default</name></network>');
      await is('net.vmx', 'network', 'libvirt-network', null);
      await text('own.iso', 'gantry: vm\nformat: 7\nname: web\n');
      canBe(await is('own.iso', 'configuration', 'gantry-vm', '7'), 'gantry apply -f FILE');
      await text('vm.iso', JSON.stringify({ gantry: 'vm', format: 1, definition: {} }, null, 2));
      await is('vm.iso', 'configuration', 'gantry-vm', '1');
      await text('net.iso', 'gantry: network\nformat: 1\n');
      await is('net.iso', 'network', 'gantry-network', '1');
    });

    await t.test('archives and compressed files', async () => {
      await text('shop.ovf', ovf);
      await text('ova.xml', '<value/>');
      await text('xvm.xml', '<xvm/>');
      await text('description.xml', '<domain/>');
      run('tar', '--format=ustar', '-cf', 'a.iso', 'shop.ovf', 'a.vmdk');
      run('tar', '--format=gnu', '-cf', 'b.iso', 'ova.xml', 'shop.ovf');
      run('tar', '-cf', 'c.iso', 'tree', 'xvm.xml');
      run('tar', '--format=pax', '-cf', 'd.iso', 'description.xml');
      run('tar', '--format=ustar', '-cf', 'e.iso', 'tree', 'shop.ovf');
      canBe(
        await is('a.iso', 'archive', 'ova', 'ustar', /holds shop\.ovf, a\.vmdk/),
        'gantry vm import FILE',
      );
      await is('b.iso', 'archive', 'xva', 'GNU');
      assert.equal((await identifyFile(path('c.iso'))).format, 'xvm');
      await is('d.iso', 'archive', 'xvm2', 'ustar');
      await is('e.iso', 'archive', 'tar', 'ustar', /holds tree\/, tree\/read\.me/);
      run('zip', '-q', 'z.zip', 'shop.ovf');
      await is('z.zip', 'archive', 'zip', '2.0', /begins with shop\.ovf/);
      for (const [tool, format] of [
        ['gzip', 'gzip'],
        ['xz', 'xz'],
        ['zstd', 'zstd'],
        ['bzip2', 'bzip2'],
      ] as const) {
        const { stdout } = spawnSync(tool, ['-c', path('a.vmdk')], { maxBuffer: 4 * miB });
        await writeFile(path('packed.vhd'), stdout);
        canBe(await is('packed.vhd', 'compressed', format, null), 'unpack it, then ask again');
      }
    });

    await t.test('states, firmware and kernels', async (t2) => {
      const state = spawnSync(
        'qemu-system-x86_64',
        [
          '-S',
          '-M',
          'pc,accel=tcg',
          '-m',
          '8',
          '-display',
          'none',
          '-nodefaults',
          '-monitor',
          'stdio',
        ],
        { cwd: folder, input: 'migrate "exec:cat > state.vhd"\nquit\n', encoding: 'utf8' },
      );
      if (state.error !== undefined) t2.diagnostic('there is no QEMU here');
      else await is('state.vhd', 'saved-state', 'qemu', '3');
      const libvirt = Buffer.alloc(92);
      libvirt.write('LibvirtQemudSave', 'latin1');
      libvirt.writeUInt32LE(2, 16);
      await writeFile(path('saved.vhd'), libvirt);
      await is('saved.vhd', 'saved-state', 'libvirt', '2');
      await writeFile(path('memory.vmss'), Buffer.from('d2bed2be0800000050000000', 'hex'));
      const vmss = await is('memory.vmss', 'saved-state', 'vmware', null);
      assert.deepEqual(vmss.uses, [], 'it fits no other product');
      if (existsSync(firmware)) {
        const found = await identifyFile(firmware);
        assert.deepEqual([found.group, found.format, found.version], ['firmware', 'uefi', '2']);
      }
      const kernel = Buffer.alloc(8 * kiB);
      kernel.write('HdrS', 0x202, 'latin1');
      kernel.writeUInt16LE(0x1000, 0x20e);
      kernel.write('6.1.0-18-amd64 (debian-kernel@lists.debian.org) #1\0', 0x1200, 'latin1');
      await writeFile(path('k.vhd'), kernel);
      await is('k.vhd', 'kernel', 'linux', '6.1.0-18-amd64');
      const vmfs = Buffer.alloc(miB + 512);
      vmfs.writeUInt32LE(0xc001_d00d, miB);
      await writeFile(path('vmfs.vhd'), vmfs);
      await is('vmfs.vhd', 'volume', 'vmfs', null, /export the vms from the host/);
    });

    await t.test('what is none of them is not guessed', async () => {
      await text('note.vmc', 'a letter, not a configuration');
      const letter = await is('note.vmc', 'document', 'text', null, /by its name it would be/);
      assert.deepEqual(letter.uses, []);
      await writeFile(path('old.vsv'), Buffer.from('0001fffe00aa17', 'hex'));
      await is('old.vsv', 'unknown', 'unknown', null, /would be: saved state of Virtual Server/);
      await writeFile(path('empty.iso'), '');
      await is('empty.iso', 'unknown', 'unknown', null);
      await writeFile(path('zeros.iso'), Buffer.alloc(64 * kiB));
      canBe(await is('zeros.iso', 'unknown', 'unknown', null), 'if it is a raw disk');
      for (const name of await readdir(folder)) {
        if (name === 'tree') continue;
        const bytes = (await readFile(path(name))).subarray(0, 70 * kiB);
        for (const length of [1, 2, 7, 33, 257, 511, 513, 4095, 66_000]) {
          await writeFile(path('cut'), bytes.subarray(0, length));
          assert.ok(
            (await identifyFile(path('cut'))).format.length > 0,
            `${name}, ${length} bytes`,
          );
        }
      }
      await assert.rejects(identifyFile(path('tree')), (error) => isFault(error, 'invalid'));
      await assert.rejects(identifyFile(path('none')), (error) => isFault(error, 'not-found'));
    });
  });
});
