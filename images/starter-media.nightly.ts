import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildImage } from './image.ts';
import { diskArguments, loginMs, Machine, testCache } from './testing/machine.ts';
import { contentOf, makeVirtioWin } from './testing/virtio-win.ts';
import { additionsVersion } from './version.ts';

test('HW-40 the live CD starts a machine without a disk', async () => {
  const { path } = await buildImage({ kind: 'starter-iso', cacheDir: testCache });
  await using machine = await Machine.start({ args: ['-cdrom', path, '-vga', 'std'] });
  assert.match(await machine.login(), /Gantry starter appliance/);
  assert.equal(await machine.run('ls /sys/block | grep -c "^[hsv]d"'), '0');
  await machine.run('echo gone after power off > /data/note');
});

test('HW-39 the floppy starts first when it is first, says so, and hands over to the disk', async () => {
  const floppy = await buildImage({ kind: 'starter-floppy', cacheDir: testCache });
  const starter = await buildImage({ kind: 'starter', cacheDir: testCache });
  const drive = ['-drive', `if=floppy,format=raw,readonly=on,file=${floppy.path}`];
  const disk = diskArguments(starter.path, 'virtio');
  await using machine = await Machine.start({
    args: [...drive, ...disk, '-boot', 'order=ac', '-vga', 'std'],
  });
  await machine.serial.waitFor('started from its floppy drive', loginMs);
  await machine.serial.waitFor('Press a key', loginMs);
  assert.ok((await machine.countLitPixels()) > 1000);
  machine.serial.write(' ');
  await machine.login();
  // From the running system the floppy is a disk with a file on it.
  await machine.until('[ -e /dev/fd0 ]');
  assert.match(await machine.run('mount -o ro /dev/fd0 /mnt && cat /mnt/README.TXT'), /boots/i);
});

test('HW-42 the network boot floppy starts a machine whose card has no firmware, over the network', async () => {
  const { path } = await buildImage({ kind: 'netboot-floppy', cacheDir: testCache });
  // What the machine asks for by the name it was given with its address is the proof.
  const { promise: asked, resolve } = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    resolve(request.url ?? '');
    response.end('#!ipxe\nreboot\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    await using machine = await Machine.start({
      args: [
        ['-drive', `if=floppy,format=raw,readonly=on,file=${path}`, '-boot', 'a', '-no-reboot'],
        ['-netdev', `user,id=net0,bootfile=http://10.0.2.2:${port}/boot.ipxe`],
        ['-device', 'e1000,netdev=net0,romfile='],
      ].flat(),
    });
    assert.equal(await asked, '/boot.ipxe');
    assert.equal(await machine.off(), 0);
  } finally {
    server.close();
  }
});

/** What is made of a CD of drivers for Windows. */
async function makeWindowsMedia() {
  const folder = await mkdtemp(join(tmpdir(), 'gwm-'));
  const [driversPath, cacheDir] = [join(folder, 'virtio-win.iso'), join(folder, 'cache')];
  await makeVirtioWin(driversPath);
  const cd = await buildImage({ kind: 'additions-windows', cacheDir, driversPath });
  const floppy = await buildImage({ kind: 'drivers-floppy', cacheDir, driversPath });
  return {
    cdPath: cd.path,
    floppyPath: floppy.path,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

test('GA-02 the additions CD mounts, knows that the starter has them, and installs over it', async () => {
  const additions = await buildImage({ kind: 'additions', cacheDir: testCache });
  const starter = await buildImage({ kind: 'starter', cacheDir: testCache });
  await using machine = await Machine.start({
    args: [...diskArguments(starter.path, 'virtio'), '-cdrom', additions.path],
  });
  await machine.login();
  await machine.until('[ -e /dev/sr0 ]');
  await machine.run('mount -o ro /dev/sr0 /mnt');
  assert.equal(await machine.run('sh /mnt/install.sh --version'), additionsVersion);
  const installed = `gantry additions: version ${additionsVersion} is installed`;
  assert.equal(await machine.run('sh /mnt/install.sh'), `${installed} already`);
  await machine.run('echo \'{"version":"0.9.0"}\' > /usr/share/gantry/additions.json');
  const said = await machine.run('sh /mnt/install.sh');
  assert.ok(said.endsWith(`${installed}, before it was 0.9.0`), said);
  assert.equal(await machine.run('/usr/local/bin/gantry-guest additions'), additionsVersion);
  assert.match(await machine.run('sh /mnt/install.sh --uninstall'), /removed/);
  assert.equal(await machine.run('ls /usr/share/gantry'), '');
});

test('GA-31 the additions put the drivers of virtual disks and adapters into the initramfs, once, and take them out', async () => {
  const additions = await buildImage({ kind: 'additions', cacheDir: testCache });
  const starter = await buildImage({ kind: 'starter', cacheDir: testCache });
  await using windows = await makeWindowsMedia();
  const otherMedia = [
    ['-drive', `if=ide,index=3,media=cdrom,readonly=on,file=${windows.cdPath}`],
    ['-drive', `if=floppy,format=raw,readonly=on,file=${windows.floppyPath}`],
  ].flat();
  await using machine = await Machine.start({
    args: [...diskArguments(starter.path, 'virtio'), '-cdrom', additions.path, ...otherMedia],
  });
  await machine.login();
  await machine.until('[ -e /dev/sr0 ] && [ -e /dev/sr1 ] && [ -e /dev/fd0 ]');
  await machine.run('mkdir /cd /floppy; mount -o ro /dev/sr1 /cd; mount -o ro /dev/fd0 /floppy');
  // For Windows, which is not here: Linux reads what is on its CD and its floppy.
  const files = [
    ['cd/viostor/w10/amd64/viostor.sys', 'viostor/w10/amd64/viostor.sys'],
    ['cd/amd64/2k22/vioscsi.cat', 'vioscsi/2k22/amd64/vioscsi.cat'],
    ['cd/guest-agent/qemu-ga-x86_64.msi', 'guest-agent/qemu-ga-x86_64.msi'],
    ['floppy/xp/x86/viostor.sys', 'viostor/xp/x86/viostor.sys'],
    ['floppy/2k3/amd64/viostor.inf', 'viostor/2k3/amd64/viostor.inf'],
  ] as const;
  for (const [path, source] of files) {
    const hash = createHash('sha256').update(contentOf(source)).digest('hex');
    assert.ok((await machine.run(`sha256sum /${path}`)).startsWith(hash), path);
  }
  assert.match(await machine.run('cat /floppy/txtsetup.oem'), /Windows Server 2003/);
  await machine.run('mount -o ro /dev/sr0 /mnt');
  const drivers = (how: string): Promise<string> => machine.run(`sh /mnt/drivers.sh ${how} 2>&1`);
  assert.match(await drivers('install'), /no initramfs-tools, dracut or mkinitcpio/);
  // The starter has none of them: each program is one that notes how it was called.
  const makers = [
    ['update-initramfs', '-u -k all', '/etc/initramfs-tools/modules'],
    ['dracut', '-f --regenerate-all', '/etc/dracut.conf.d/90-gantry.conf'],
    ['mkinitcpio', '-P', '/etc/mkinitcpio.conf.d/gantry.conf'],
  ] as const;
  for (const [program, words, file] of makers) {
    const path = `/bin/${program}`;
    await machine.run(
      `printf '#!/bin/sh\\necho "$@" >> /tmp/${program}\\n' > ${path}; chmod 755 ${path}`,
    );
    const isDebian = program === 'update-initramfs';
    if (isDebian) await machine.run(`mkdir /etc/initramfs-tools; echo mine > ${file}`);
    assert.match(await drivers('install'), /are in the initramfs: virtio_pci virtio_blk/);
    const text = await machine.run(`cat ${file}`);
    for (const driver of [
      'virtio_blk',
      'virtio_scsi',
      'sym53c8xx',
      'am53c974',
      'ahci',
      'virtio_net',
      'e1000',
    ])
      assert.match(text, new RegExp(`\\b${driver}\\b`), file);
    assert.match(await drivers('install'), /are in .* already/);
    assert.equal(await machine.run(`cat /tmp/${program}`), words, 'made anew once');
    await drivers('remove');
    assert.equal(await machine.run(`cat ${file} 2> /dev/null`), isDebian ? 'mine' : '');
    assert.equal(await machine.run(`cat /tmp/${program}`), `${words}\n${words}`);
    await drivers('remove');
    assert.equal(await machine.run(`wc -l < /tmp/${program}`), '2');
    await machine.run(`rm ${path}`);
  }
});
