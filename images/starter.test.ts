import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildImage, type BuiltImage } from './image.ts';
import { runTool } from './run.ts';
import { diskArguments, Machine, testCache } from './testing/machine.ts';
import { additionsVersion } from './version.ts';

/** From a disk on each bus: starter.nightly.ts, and guests of the agent's tests. */
describe('the starter appliance', () => {
  let image: BuiltImage;
  let folder: string;
  before(async () => {
    image = await buildImage({ kind: 'starter', cacheDir: testCache });
    folder = await mkdtemp(join(tmpdir(), 'gst-'));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('starts by UEFI, with its login on serial port and screen', async () => {
    const args = [...diskArguments(image.path, 'virtio'), '-vga', 'std'];
    await using machine = await Machine.start({ firmware: 'uefi', args });
    await machine.login();
    assert.equal(await machine.run('ls -d /sys/firmware/efi'), '/sys/firmware/efi');
    await machine.until('grep -q /data /proc/mounts');
    await expectScreen(machine);
  });

  test('GA-23 tells its name, uuid, host and serials, and HW-33 reads them from the firmware', async () => {
    const uuid = '11112222-3333-4444-5555-666677778888';
    const facts = '{"name":"web one",,"host":"rack-7",,"product":"9.8.7"}';
    await using machine = await Machine.start({
      args: [
        ...diskArguments(image.path, 'virtio'),
        '-uuid',
        uuid,
        '-fw_cfg',
        `name=opt/org.gantry/vm,string=${facts}`,
        '-smbios',
        'type=3,serial=1234-5678,asset=1234-5678',
        '-smbios',
        'type=2,serial=1234-5678',
      ],
    });
    const banner = await machine.login();
    assert.match(banner, /machine: web-one/);
    const told = await machine.run('gantry-guest');
    assert.deepEqual(told.split('\n'), [
      'vm: web one',
      `uuid: ${uuid}`,
      'host: rack-7',
      'product: 9.8.7',
      'asset tag: 1234-5678',
      'chassis serial: 1234-5678',
      'board serial: 1234-5678',
      `additions: ${additionsVersion}`,
    ]);
    // What the host writes through the agent later comes first.
    await machine.run(`echo '{"host":"rack \\"8\\""}' > /run/gantry/host.json`);
    assert.equal(await machine.run('gantry-guest host'), 'rack "8"');
    assert.equal(await machine.run('gantry-guest uuid'), uuid);
  });

  test('keeps what is written to /data, answers its guest agent, and goes down through agent and power button', async () => {
    const disk = join(folder, 'disk.qcow2');
    const backing = ['-b', image.path, '-F', 'qcow2'];
    await runTool(['qemu-img', 'create', '-q', '-f', 'qcow2', ...backing, disk, '3G']);
    const drive = ['-drive', `if=virtio,file=${disk},format=qcow2`];
    const args = [...drive, '-vga', 'std', '-nic', 'user,model=e1000'];
    {
      await using machine = await Machine.start({ args });
      await machine.login();
      await machine.until('grep -q /data /proc/mounts');
      await machine.run('echo kept > /data/note');
      assert.ok(Number(await machine.run("df -m /data | awk 'NR == 2 { print $2 }'")) > 2800);
      const system = (await machine.agent('guest-get-osinfo')) as Record<string, string>;
      assert.equal(system['id'], 'gantry-starter');
      await machine.until('ip -4 address show dev eth0 | grep -q 10.0.2.15');
      await expectScreen(machine);
      await machine.tellAgent('guest-shutdown');
      assert.equal(await machine.off(), 0);
    }
    await using machine = await Machine.start({ args });
    await machine.login();
    await machine.until('grep -q /data /proc/mounts');
    assert.equal(await machine.run('cat /data/note'), 'kept');
    assert.equal(await machine.run('dmesg | grep -c "recovery complete"'), '0');
    await machine.until('pidof acpid');
    await machine.qmp('system_powerdown');
    assert.equal(await machine.off(), 0);
  });

  test('has memory left on the smallest machine, and starts a guest agent again that ended', async () => {
    const display = ['-vga', 'virtio', '-device', 'qemu-xhci', '-device', 'usb-tablet'];
    const others = ['-device', 'virtio-balloon-pci', '-device', 'virtio-rng-pci'];
    const args = [...diskArguments(image.path, 'virtio'), ...display, ...others];
    await using machine = await Machine.start({ memoryMiB: 128, args });
    await machine.login();
    await machine.until('grep -q ready /run/gantry/start.log');
    const free = Number(await machine.run("awk '/MemAvailable/ { print $2 }' /proc/meminfo"));
    assert.ok(free > 18 * 1024, `${free} KiB available`);
    const first = await machine.run('pidof qemu-ga');
    await machine.run(`kill -9 ${first}`);
    await machine.until(`pidof qemu-ga | grep -qvx ${first}`);
    assert.match(first, /^\d+$/);
    assert.match(await machine.run('pidof qemu-ga'), /^\d+$/);
  });

  test('GA-30 puts hot-plugged processor, memory and network card to use by itself', async () => {
    await using machine = await Machine.start({
      args: [
        ...diskArguments(image.path, 'virtio'),
        '-smp',
        '1,sockets=2,maxcpus=2',
        '-m',
        'slots=2,maxmem=1G',
        '-netdev',
        'user,id=net0',
      ],
    });
    await machine.login();
    await machine.until('pidof uevent');
    const cpu = { 'socket-id': 1, 'core-id': 0, 'thread-id': 0 };
    await machine.qmp('device_add', { driver: 'qemu64-x86_64-cpu', id: 'cpu1', ...cpu });
    await machine.until('[ "$(nproc)" = 2 ]');
    const before = Number(await machine.run("awk '/MemTotal/ { print $2 }' /proc/meminfo"));
    const backend = { 'qom-type': 'memory-backend-ram', id: 'mem1', size: 128 * 1024 * 1024 };
    await machine.qmp('object-add', backend);
    await machine.qmp('device_add', { driver: 'pc-dimm', id: 'dimm1', memdev: 'mem1' });
    const grown = before + 100 * 1024;
    await machine.until(`[ "$(awk '/MemTotal/ { print $2 }' /proc/meminfo)" -gt ${grown} ]`);
    await machine.qmp('device_add', { driver: 'virtio-net-pci', id: 'nic1', netdev: 'net0' });
    await machine.until('ip -4 address show dev eth0 | grep -q 10.0.2.15');
    await machine.qmp('device_del', { id: 'nic1' });
    await machine.until('! pidof udhcpc');
  });
});

/** The login prompt stands on the screen as well. */
async function expectScreen(machine: Machine): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const lit = await machine.countLitPixels();
    if (lit > 1500) return;
    await machine.run('usleep 200000');
  }
  assert.fail('nothing is on the screen');
}
