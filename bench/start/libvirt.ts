/**
 * The same machine as a domain of a libvirtd of the bench's own: private mounts and network, no change to
 * the host's libvirt. Equivalent, not equal: libvirt has its own device order.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Gantry } from '../../test/e2e/gantry.ts';
import type { Taken } from './taken.ts';

const run = promisify(execFile);

export interface LibvirtPeer extends AsyncDisposable {
  measure(): Promise<Taken>;
}

const prepare = `set -e
mount -t tmpfs none /var/lib/libvirt
mount -t tmpfs none /etc/libvirt
mount -t tmpfs none /run
mount -t tmpfs none /var/log
[ ! -e /dev/kvm ] || mount --bind /dev/null /dev/kvm # a KVM that opens and hangs would hang libvirt's probe
mkdir -p /var/log/libvirt/qemu /run/libvirt
printf 'user = "root"\\ngroup = "root"\\nsecurity_driver = "none"\\nremember_owner = 0\\nnamespaces = []\\ncgroup_controllers = []\\nstdio_handler = "file"\\n' >/etc/libvirt/qemu.conf
exec libvirtd -f "$1" -p "$2"`;

function domainXml(name: string, disk: string, serial: string): string {
  return `<domain type='qemu'><name>${name}</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os><features><acpi/></features>
<on_poweroff>destroy</on_poweroff><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${disk}'/><target dev='vda' bus='virtio'/></disk>
<interface type='user'><model type='virtio'/></interface>
<serial type='file'><source path='${serial}'/></serial>
<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<input type='tablet' bus='usb'/><graphics type='vnc' socket='${serial}.vnc'/><video><model type='virtio'/></video>
</devices></domain>`;
}

/** Looks every two milliseconds: a watch of the folder would tell of every byte. */
async function until(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setTimeout(resolve, 2));
}

export async function prepareLibvirt(gantry: Gantry, vm: string): Promise<LibvirtPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'gl-'));
  const { path, definition } = await gantry.client().call('vm.show', { params: { vm } });
  const source = definition.hardware.disks[0]?.file ?? '';
  const disk = join(folder, 'disk.qcow2');
  copyFileSync(source.startsWith('/') ? source : join(path, source), disk);
  const serial = join(folder, 'serial.log');
  const socket = join(folder, 'libvirt-sock');
  const config = join(folder, 'libvirtd.conf');
  writeFileSync(
    config,
    [
      `unix_sock_dir = "${folder}"`,
      'auth_unix_ro = "none"',
      'auth_unix_rw = "none"',
      'log_outputs = "3:stderr"',
      '',
    ].join('\n'),
  );
  const log = openSync(join(folder, 'libvirtd.log'), 'w');
  const daemon = spawn(
    'unshare',
    ['--mount', '--net', 'sh', '-c', prepare, 'sh', config, join(folder, 'pid')],
    { stdio: ['ignore', log, log] },
  );
  const ended = once(daemon, 'exit');
  await Promise.race([
    until(() => existsSync(socket)),
    ended.then(() =>
      Promise.reject(
        new Error(`libvirtd ended: ${readFileSync(join(folder, 'libvirtd.log'), 'utf8')}`),
      ),
    ),
  ]);
  const virsh = (...words: string[]) =>
    run('virsh', ['-c', `qemu+unix:///system?socket=${socket}`, ...words]);
  const xml = join(folder, 'domain.xml');
  writeFileSync(xml, domainXml(vm, disk, serial));
  await virsh('define', xml);
  return {
    async measure() {
      rmSync(serial, { force: true });
      const begin = performance.now();
      await virsh('start', vm);
      const runningMs = performance.now() - begin;
      await until(() => existsSync(serial) && readFileSync(serial, 'latin1').includes('login:'));
      const loginMs = performance.now() - begin;
      await virsh('destroy', vm);
      return { runningMs, loginMs };
    },
    async [Symbol.asyncDispose]() {
      await virsh('undefine', vm).catch(() => undefined);
      daemon.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
