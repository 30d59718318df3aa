/**
 * A libvirtd with its QEMU driver, in namespaces of its own: its folders are private ones, KVM is not there, it sees
 * no network but a loopback, and its machines end with it. Its socket is reached from outside by its path.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilListening, type Libvirtd } from './tools.ts';

export const qemuDriver =
  '/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so';

/** Run in the namespaces, before libvirtd: `sh -c … sh FOLDER`. */
const prepare = `set -eu
folder=$1
if [ -e /dev/kvm ]; then mount --bind /dev/null /dev/kvm; fi
for place in /run/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /etc/libvirt; do
  mkdir -p "$folder/private$place"
  if [ -d $place ]; then mount --bind "$folder/private$place" $place; fi
done
cp "$folder/qemu.conf" /etc/libvirt/qemu.conf
mount -t proc proc /proc
# Not in place of the shell: the first process of a namespace has to look after orphans.
libvirtd -f "$folder/libvirtd.conf" -p "$folder/pid"
exit $?
`;

const qemuConfig = `namespaces = []
security_driver = "none"
stdio_handler = "file"
user = "root"
group = "root"
cgroup_controllers = []
`;

export async function startQemuLibvirtd(): Promise<Libvirtd> {
  const folder = await mkdtemp(join(tmpdir(), 'lq-'));
  const sockets = join(folder, 'run');
  const drivers = join(folder, 'drivers');
  await mkdir(sockets);
  await mkdir(drivers);
  await symlink(qemuDriver, join(drivers, 'libvirt_driver_qemu.so'));
  await writeFile(join(folder, 'qemu.conf'), qemuConfig);
  const lines = [
    `unix_sock_dir = "${sockets}"`,
    'auth_unix_ro = "none"',
    'auth_unix_rw = "none"',
    'unix_sock_ro_perms = "0700"',
    'unix_sock_rw_perms = "0700"',
    'log_outputs = "4:stderr"',
  ];
  await writeFile(join(folder, 'libvirtd.conf'), `${lines.join('\n')}\n`);
  const namespaces = ['-m', '-n', '-p', '--fork', '--kill-child', '--propagation', 'private'];
  const child = spawn('unshare', [...namespaces, 'sh', '-c', prepare, 'sh', folder], {
    env: { ...process.env, LC_ALL: 'C', LIBVIRT_DRIVER_DIR: drivers },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (text: Buffer) => {
    log = (log + text.toString()).slice(-16_384);
  });
  const exited = once(child, 'exit');
  const socket = join(sockets, 'libvirt-sock');
  await untilListening(socket, exited, () => log);
  return {
    socket,
    readOnlySocket: `${socket}-ro`,
    log: () => log,
    [Symbol.asyncDispose]: async () => {
      // The first process of its namespace takes all others along, machines that were left among them.
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
