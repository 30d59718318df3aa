/**
 * A libvirtd with its drivers for QEMU and storage, in namespaces of its own: its folders are private ones, KVM is not there, it sees
 * no network but a loopback, and its machines end with it. Its socket is reached from outside by its path.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { makeDaemonFolder, runDaemon, untilOpen, type Libvirtd } from './daemon.ts';

export const driverFolder = '/usr/lib/x86_64-linux-gnu/libvirt/connection-driver';
export const qemuDriver = `${driverFolder}/libvirt_driver_qemu.so`;

/** Run in the namespaces, with the folder in `folder`: no KVM, and places of its own for all that libvirtd writes. */
export const hideMachine = `# Something else in its place would not do: libvirtd takes what is there for KVM, and probes QEMU anew before each definition.
if [ -e /dev/kvm ]; then
  devices="$folder/dev"
  mkdir "$devices"
  mount -t tmpfs tmpfs "$devices"
  for name in null zero full random urandom tty fuse; do
    [ -e "/dev/$name" ] || continue
    touch "$devices/$name"
    mount --bind "/dev/$name" "$devices/$name"
  done
  for name in pts shm; do
    mkdir "$devices/$name"
    mount --bind "/dev/$name" "$devices/$name"
  done
  ln -s pts/ptmx "$devices/ptmx"
  mount --rbind "$devices" /dev
fi
for place in /var/lock /run/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /etc/libvirt; do
  mkdir -p "$folder/private$place"
  if [ -d $place ]; then mount --bind "$folder/private$place" $place; fi
done
`;

/** Run in the namespaces, before libvirtd: `sh -c … sh FOLDER HOSTNAME OPTIONS`. */
const prepare = `set -eu
folder=$1
hostname "$2"
${hideMachine}# The programs of TPMs have an account of their own, and a folder for what they write for a moment, too.
for place in /var/log/swtpm /var/lib/swtpm-localca; do
  [ -d $place ] || continue
  mkdir -p "$folder/private$place"
  chown tss "$folder/private$place"
  mount --bind "$folder/private$place" $place
done
if [ -d /var/lib/swtpm-localca ]; then export TMPDIR=/var/lib/swtpm-localca; fi
cp "$folder/qemu.conf" /etc/libvirt/qemu.conf
mount -t proc proc /proc
# Not in place of the shell: the first process of a namespace has to look after orphans.
shift 2
while :; do
  code=0
  libvirtd -f "$folder/libvirtd.conf" -p "$folder/pid" "$@" || code=$?
  # What was killed is started again, as a service manager does.
  if [ $code != 137 ]; then exit $code; fi
done
`;

const qemuConfig = `namespaces = []
security_driver = "none"
stdio_handler = "file"
user = "root"
group = "root"
cgroup_controllers = []
`;

export interface QemuLibvirtd extends Libvirtd {
  /** As `kill -9`; resolves when it is there again. Its machines go on. */
  readonly kill: () => Promise<void>;
  /** A path of its own folders, /var/lib/libvirt among them, as it is seen from outside. */
  readonly outside: (path: string) => string;
}

/** A network namespace, by a process in it, and its address there: libvirtd answers at that, over TCP, too. */
export interface MachineApart {
  readonly pid: number;
  readonly address: string;
}

/** `more`: drivers beside those for QEMU and storage. `ours`: the network of the process that starts it. More daemons there reach each other, and take each other for other machines. */
export async function startQemuLibvirtd(
  network: 'own' | 'ours' | MachineApart = 'own',
  more: readonly ('nodedev' | 'secret')[] = [],
): Promise<QemuLibvirtd> {
  const id = randomUUID();
  const drivers = ['qemu', 'storage', ...more].map((name) => `libvirt_driver_${name}.so`);
  const apart = typeof network === 'string' ? undefined : network;
  const folder = await makeDaemonFolder([
    'log_outputs = "4:stderr"',
    `host_uuid = "${id}"`,
    ...(apart === undefined ? [] : remote(apart)),
  ]);
  for (const name of drivers) await symlink(join(driverFolder, name), join(folder.drivers, name));
  await writeFile(join(folder.path, 'qemu.conf'), qemuConfig);
  const namespaces = ['-m', '-u', '-p', '--fork', '--kill-child', '--propagation', 'private'];
  if (network === 'own') namespaces.push('-n');
  const args = [...namespaces, 'sh', '-c', prepare, 'sh', folder.path, `h-${id.slice(0, 8)}`];
  // The first process of its namespace takes all others along, machines that were left among them.
  const daemon =
    apart === undefined
      ? await runDaemon(folder, 'unshare', args, 'SIGKILL')
      : await runDaemon(
          folder,
          'nsenter',
          [`--net=/proc/${apart.pid}/ns/net`, '--', 'unshare', ...args, '--listen'],
          'SIGKILL',
        );
  return {
    ...daemon,
    outside: (path) => join(folder.path, 'private', path),
    kill: async () => {
      await killByConfig(folder.config);
      await untilOpen({ path: daemon.socket });
    },
  };
}

/** Its own number is one of its namespace. */
async function killByConfig(config: string): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (words[0]?.endsWith('libvirtd') !== true || words[2] !== config) continue;
    process.kill(Number(pid), 'SIGKILL');
    while (existsSync(`/proc/${pid}`)) await setTimeout(5);
    return;
  }
  throw new Error('there is no libvirtd');
}

const remote = ({ address }: MachineApart): string[] => [
  'listen_tls = 0',
  'listen_tcp = 1',
  'auth_tcp = "none"',
  `listen_addr = "${address}"`,
];
