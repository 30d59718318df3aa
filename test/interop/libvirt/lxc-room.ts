/**
 * A libvirtd with its driver for LXC, in namespaces of its own and beneath control groups of its own, and containers whose root
 * file system is a folder made for them: nothing of this machine's is in it, and what they do ends with the room.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rmdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { makeDaemonFolder, runDaemon, type DaemonFolder, type Libvirtd } from './daemon.ts';
import { driverFolder, hideMachine } from './qemu-daemon.ts';
import { toldAt } from './qemu-room.ts';
import { wantsPackage, whyNot } from './tools.ts';

const driver = 'libvirt_driver_lxc.so';
const busybox = '/bin/busybox';
const missing = await whyNot('libvirtd', 'virsh');

/** Why there can be no such room here. */
export const withoutRoom: string | false =
  missing !== false
    ? missing
    : !existsSync(join(driverFolder, driver))
      ? wantsPackage('libvirt-daemon-driver-lxc')
      : !existsSync(busybox)
        ? wantsPackage('busybox-static')
        : !existsSync('/sys/fs/cgroup/memory')
          ? 'there are no control groups of version 1, beneath which containers are kept here'
          : false;

/** In a control group of its own beneath each that it was in; then in namespaces, where it knows no others. */
const enter = `set -eu
folder=$1
while IFS=: read -r number controller path; do
  if [ -n "$controller" ]; then place=/sys/fs/cgroup/\${controller#name=}; else place=/sys/fs/cgroup/unified; fi
  [ -d "$place" ] || continue
  own="$place\${path%/}/gantry-$2"
  mkdir "$own"
  echo "$place $own" >>"$folder/groups"
  if [ "$controller" = cpuset ]; then
    for name in cpus mems; do cat "$place$path/cpuset.$name" >"$own/cpuset.$name"; done
  fi
  echo $$ >"$own/cgroup.procs"
done </proc/self/cgroup
exec unshare -C sh "$folder/prepare.sh" "$folder" "$2"
`;
const prepare = `set -eu
folder=$1
hostname "$2"
while read -r place own; do mount --bind "$own" "$place"; done <"$folder/groups"
${hideMachine}
mount -t proc proc /proc
# Not in place of the shell: the first process of a namespace has to look after orphans.
libvirtd -f "$folder/libvirtd.conf" -p "$folder/pid"
`;

/** What runs in a container: it says what it hears, and goes when it is asked to; `hangUp`: what it does when its line is hung up. */
const init = (hangUp: string): string => `#!/bin/sh
${hangUp === '' ? '' : `trap '${hangUp}' HUP\n`}trap 'echo going down; exit 0' TERM
while read -r line; do echo "heard $line"; done </dev/console &
echo "$ROOM is open"
while :; do sleep 60 & wait $!; done
`;

export class LxcRoom implements AsyncDisposable {
  readonly address: string;
  readonly #place: DaemonFolder;
  readonly #daemon: Libvirtd;

  private constructor(place: DaemonFolder, daemon: Libvirtd) {
    this.#place = place;
    this.#daemon = daemon;
    this.address = `lxc+unix:///system?socket=${daemon.socket}`;
  }

  static async open(): Promise<LxcRoom> {
    const place = await makeDaemonFolder(['log_outputs = "4:stderr"']);
    await symlink(join(driverFolder, driver), join(place.drivers, driver));
    await writeFile(join(place.path, 'prepare.sh'), prepare);
    const namespaces = ['-m', '-n', '-u', '-p', '--fork', '--kill-child'];
    const args = [...namespaces, '--propagation', 'private', 'sh', '-c', enter, 'sh', place.path];
    const name = `lxc-${process.pid}-${place.path.slice(-6)}`;
    return new LxcRoom(place, await runDaemon(place, 'unshare', [...args, name], 'SIGKILL'));
  }

  /** What virsh answers; fails where it does. */
  readonly told = (words: string): Promise<string> => toldAt(this.address, words);

  /** Defines a container with a root file system of its own, in which there is BusyBox alone. */
  async makeContainer(name: string, hangUp = ''): Promise<void> {
    const root = join(this.#place.path, `${name}-root`);
    for (const folder of ['bin', 'dev', 'proc', 'sys', 'tmp'])
      await mkdir(join(root, folder), { recursive: true });
    await copyFile(busybox, join(root, 'bin/busybox'));
    for (const applet of ['sh', 'sleep', 'reboot'])
      await symlink('busybox', join(root, 'bin', applet));
    await writeFile(join(root, 'bin/init'), init(hangUp), { mode: 0o755 });
    const file = join(this.#place.path, `${name}.xml`);
    await writeFile(
      file,
      `<domain type='lxc'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type>exe</type><init>/bin/init</init><initenv name='ROOM'>blue</initenv></os>
<features><capabilities policy='default'><sys_time state='off'/></capabilities></features><devices>
<filesystem type='mount'><source dir='${root}'/><target dir='/'/></filesystem><console type='pty'/></devices></domain>`,
    );
    await this.told(`define ${file}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const groups = await readFile(join(this.#place.path, 'groups'), 'utf8');
    await this.#daemon[Symbol.asyncDispose]();
    for (const line of groups.trim().split('\n')) await removeGroup(line.split(' ')[1] ?? '');
  }
}

/** With those beneath it. Its processes have been killed, and may take a moment to be gone. */
async function removeGroup(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await removeGroup(join(path, entry.name));
  for (let left = 500; existsSync(path); left -= 1)
    try {
      await rmdir(path);
    } catch (error) {
      if (left === 0) throw error;
      await setTimeout(20);
    }
}
