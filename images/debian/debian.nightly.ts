import assert from 'node:assert/strict';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildImage, type BuiltImage } from '../image.ts';
import { runTool } from '../run.ts';
import { makeSeedIso } from '../seed.ts';
import { Machine, testCache } from '../testing/machine.ts';
import { additionsVersion } from '../version.ts';

const bootMs = 600_000;

describe('the full Debian', () => {
  let image: BuiltImage;
  let folder: string;
  let seed: string;
  before(async () => {
    image = await buildImage({ kind: 'debian', cacheDir: testCache });
    folder = await mkdtemp(join(tmpdir(), 'gdb-'));
    const key = join(folder, 'key');
    await runTool(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key]);
    seed = join(folder, 'seed.iso');
    const user = {
      hostname: 'seeded',
      ssh_authorized_keys: [await readFile(`${key}.pub`, 'utf8')],
    };
    await makeSeedIso({
      path: seed,
      userData: `#cloud-config\n${JSON.stringify(user)}\n`,
      metaData: JSON.stringify({ 'instance-id': 'nightly', 'local-hostname': 'seeded' }),
    });
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  for (const firmware of ['bios', 'uefi'] as const) {
    test(`configures itself from a seed CD by ${firmware}, answers ssh and its agent, and goes down`, async () => {
      const args = [
        ['-M', 'q35', '-cpu', 'max', '-smp', '2'],
        ['-drive', `if=virtio,format=qcow2,snapshot=on,file=${image.path}`],
        ['-drive', `if=virtio,format=raw,readonly=on,file=${seed}`],
        ['-nic', 'user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:0-:22'],
      ].flat();
      await using machine = await Machine.start({ firmware, memoryMiB: 1024, args });
      await machine.serial.waitFor('seeded login: ', bootMs);
      const port = await forwardedPort(machine);
      const told = await overSsh(
        port,
        'cloud-init status --wait; hostname; gantry-guest additions; sudo -n id -u; systemctl --failed --quiet; df -m --output=size / | tail -1',
      );
      // cloud-init shows that it waits by dots.
      const lines = told
        .split('\n')
        .map((line) => line.replace(/^\.*/, '').trim())
        .filter((line) => line !== '');
      assert.deepEqual(lines.slice(0, 4), ['status: done', 'seeded', additionsVersion, '0']);
      assert.ok(Number(lines[4]) > 3000, told);
      assert.deepEqual(await machine.agent('guest-ping'), {});
      await machine.tellAgent('guest-shutdown');
      assert.equal(await machine.off(180_000), 0);
    });
  }

  test('GA-31 a Debian whose initramfs knows other hardware alone is given the drivers of virtual hardware', async () => {
    const additions = await buildImage({ kind: 'additions', cacheDir: testCache });
    const args = [
      ['-M', 'q35', '-cpu', 'max', '-smp', '2'],
      ['-drive', `if=virtio,format=qcow2,snapshot=on,file=${image.path}`],
      ['-drive', `if=virtio,format=raw,readonly=on,file=${seed}`],
      ['-nic', 'user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:0-:22'],
      ['-device', 'virtio-scsi-pci', '-drive', `if=none,id=cd1,media=cdrom,file=${additions.path}`],
      ['-device', 'scsi-cd,drive=cd1'],
    ].flat();
    await using machine = await Machine.start({ memoryMiB: 1024, args });
    await machine.serial.waitFor('seeded login: ', bootMs);
    const port = await forwardedPort(machine);
    const asRoot = (steps: string): Promise<string> =>
      overSsh(port, `cloud-init status --wait > /dev/null; sudo sh -c '${steps}' 2>&1`);
    const held =
      'lsinitramfs /boot/initrd.img-$(uname -r) 2> /dev/null | grep -c "/virtio_blk\\.ko"';
    const only = 'sed -i s/^MODULES=.*/MODULES=list/ /etc/initramfs-tools/initramfs.conf';
    const before = await asRoot(`${only} && update-initramfs -u > /dev/null && ${held}; true`);
    assert.equal(before.trim(), '0');
    const said = await asRoot('mount -o ro /dev/sr0 /mnt && sh /mnt/drivers.sh install');
    assert.match(said, /are in the initramfs: virtio_pci virtio_blk/);
    assert.equal((await asRoot(held)).trim(), '1');
    assert.match(await asRoot('sh /mnt/drivers.sh install'), /already/);
    await asRoot('systemctl --no-block reboot');
    // Its disk is a virtio one: without the driver it would not come up.
    await machine.serial.waitFor('seeded login: ', bootMs);
    await asRoot('mount -o ro /dev/sr0 /mnt && sh /mnt/drivers.sh remove');
    assert.equal((await asRoot(`${held}; true`)).trim(), '0');
  });

  test('GA-02 the additions CD brings agent and command to a Debian that has neither', async () => {
    const additions = await buildImage({ kind: 'additions', cacheDir: testCache });
    const args = [
      ['-M', 'q35', '-cpu', 'max', '-smp', '2'],
      ['-drive', `if=virtio,format=qcow2,snapshot=on,file=${image.path}`],
      ['-drive', `if=virtio,format=raw,readonly=on,file=${seed}`],
      ['-nic', 'user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:0-:22'],
      ['-device', 'virtio-scsi-pci', '-drive', `if=none,id=cd1,media=cdrom,file=${additions.path}`],
      ['-device', 'scsi-cd,drive=cd1'],
    ].flat();
    await using machine = await Machine.start({ memoryMiB: 1024, args });
    await machine.serial.waitFor('seeded login: ', bootMs);
    const port = await forwardedPort(machine);
    const remove = 'rm -f /usr/local/bin/gantry-guest /usr/share/gantry/additions.json';
    const install = 'mount -o ro /dev/sr0 /mnt && sh /mnt/install.sh';
    const steps = `apt-get -q -y purge qemu-guest-agent && ${remove} && ${install}`;
    const said = await overSsh(port, `cloud-init status --wait; sudo sh -c '${steps}' 2>&1`);
    assert.match(said, new RegExp(`version ${additionsVersion} is installed\\s*$`));
    assert.deepEqual(await machine.agent('guest-ping'), {});
    assert.equal((await overSsh(port, 'gantry-guest additions')).trim(), additionsVersion);
  });

  /** Output of a command over ssh, which may take its time to answer. */
  async function overSsh(port: string, command: string): Promise<string> {
    const options = [
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'ConnectTimeout=10',
    ];
    const flags = options.flatMap((option) => ['-o', option]);
    const target = ['-i', join(folder, 'key'), '-p', port, 'debian@127.0.0.1', command];
    for (let attempt = 0; ; attempt += 1) {
      try {
        return (await runTool(['ssh', '-q', ...flags, ...target])).toString('utf8');
      } catch (error) {
        if (attempt === 60) throw error;
        await sleep(5000);
      }
    }
  }
});

/** The port of this machine that leads to the guest's ssh. */
async function forwardedPort(machine: Machine): Promise<string> {
  const info = await machine.qmp('human-monitor-command', { 'command-line': 'info usernet' });
  const port = /HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(String(info))?.[1];
  assert.ok(port !== undefined, String(info));
  return port;
}
