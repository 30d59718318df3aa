/** What Gantry needs of the machine, why, and how it gets there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { requiredPackages } from '#images';
import { Fault } from '#lib';
import type { Run } from '../command.ts';
import { confirm } from '../confirm.ts';

export interface Need {
  /** Debian package. */
  readonly package: string;
  /** What it is for. */
  readonly reason: string;
  /** A program or file that shows it is there. */
  readonly shownBy: readonly string[];
  /** Whether `up` cannot go on without it. */
  readonly required: 'required' | 'optional';
}

const hypervisorNeeds: readonly Need[] = [
  {
    package: 'qemu-system-x86',
    reason: 'runs the machines',
    shownBy: ['qemu-system-x86_64'],
    required: 'required',
  },
  {
    package: 'qemu-utils',
    reason: 'makes and converts disks',
    shownBy: ['qemu-img'],
    required: 'required',
  },
  {
    package: 'ovmf',
    reason: 'UEFI firmware',
    shownBy: ['/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_CODE.fd'],
    required: 'optional',
  },
  {
    package: 'nftables',
    reason: 'networks: translation, and what keeps them apart',
    shownBy: ['nft'],
    required: 'optional',
  },
  {
    package: 'dnsmasq-base',
    reason: 'networks: addresses and names for their vms',
    shownBy: ['dnsmasq'],
    required: 'optional',
  },
  { package: 'swtpm', reason: 'TPM 2.0 for machines', shownBy: ['swtpm'], required: 'optional' },
  {
    package: 'swtpm-tools',
    reason: 'prepares TPMs',
    shownBy: ['swtpm_setup'],
    required: 'optional',
  },
];

function isThere(name: string): boolean {
  if (name.startsWith('/')) return existsSync(name);
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, name)));
}

/** Everything a host with the QEMU driver needs, in the order of importance. */
export function hostNeeds(): readonly Need[] {
  const starter = new Set(requiredPackages('starter').map((need) => need.package));
  const builder: readonly Need[] = requiredPackages(
    'starter',
    'starter-iso',
    'additions',
    'media',
  ).map((need) => ({
    ...need,
    required: starter.has(need.package) ? 'required' : 'optional',
  }));
  return merge(hypervisorNeeds, builder);
}

/** What changes are tested with. */
export type TestScale = 'usual' | 'nightly';

/** What the tests want beside: other people's programs, by which ours are judged. */
export function testNeeds(scale: TestScale): readonly Need[] {
  const usual = [
    judge('libvirt-daemon', 'libvirtd'),
    judge('libvirt-daemon-system', '/etc/libvirt/libvirtd.conf'),
    judge('libvirt-clients', 'virsh'),
    judge('libvirt-wireshark', '/usr/share/doc/libvirt-wireshark'),
    judge('tshark', 'tshark'),
    judge('openssl', 'openssl'),
    judge('libsasl2-modules', '/usr/share/doc/libsasl2-modules'),
    judge('python3', 'python3'),
    judge('python3-libvirt', '/usr/share/doc/python3-libvirt'),
    judge('virtinst', 'virt-install'),
    judge('qemu-guest-agent', 'qemu-ga'),
    judge('busybox-static', 'busybox'),
    judge('tigervnc-viewer', 'vncviewer'),
    judge('vncsnapshot', 'vncsnapshot'),
    judge('zbar-tools', 'zbarimg'),
    judge('xvfb', 'Xvfb'),
    judge('iproute2', 'ip'),
    judge('chromium', 'chromium'),
    judge('binutils', 'objdump'),
    judge('e2fsprogs', 'debugfs'),
    judge('xfsprogs', 'mkfs.xfs'),
    judge('ntfs-3g', 'mkfs.ntfs'),
    judge('libvhdi-utils', 'vhdimount'),
    judge('fdisk', 'sfdisk'),
    judge('systemd-container', 'systemd-nspawn'),
    judge('qemu-system-arm', 'qemu-system-aarch64'),
    judge('qemu-efi-aarch64', '/usr/share/AAVMF/AAVMF_CODE.fd'),
  ];
  const nightly = [
    judge(
      'libvirt-daemon-driver-lxc',
      '/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_lxc.so',
    ),
    judge('virt-manager', 'virt-manager'),
    judge('dbus-daemon', 'dbus-run-session'),
    judge('xdotool', 'xdotool'),
    judge('imagemagick', 'import', 'identify'),
    judge('at-spi2-core', '/usr/libexec/at-spi-bus-launcher'),
    judge('gir1.2-atspi-2.0', '/usr/share/doc/gir1.2-atspi-2.0'),
    judge('python3-gi', '/usr/share/doc/python3-gi'),
    judge('prometheus-libvirt-exporter', 'prometheus-libvirt-exporter'),
    judge('collectd-core', 'collectd'),
    judge('munin-libvirt-plugins', '/usr/share/munin/plugins/libvirt-blkstat'),
    judge('ruby', 'ruby'),
    judge('ruby-libvirt', '/usr/share/doc/ruby-libvirt'),
    judge('perl', 'perl'),
    judge('libsys-virt-perl', '/usr/share/doc/libsys-virt-perl'),
    judge('libvirt-dbus', 'libvirt-dbus'),
    judge('libglib2.0-bin', 'gdbus'),
    judge('golang-go', 'go'),
    judge(
      'golang-github-digitalocean-go-libvirt-dev',
      '/usr/share/doc/golang-github-digitalocean-go-libvirt-dev',
    ),
  ];
  const media: readonly Need[] = requiredPackages('debian').map((need) => ({
    ...need,
    required: 'optional',
  }));
  const judges = scale === 'nightly' ? [...usual, ...nightly] : usual;
  return merge(hostNeeds(), merge(media, judges));
}

function judge(name: string, ...shownBy: readonly string[]): Need {
  return { package: name, reason: 'judges in tests', shownBy, required: 'optional' };
}

function merge(first: readonly Need[], second: readonly Need[]): readonly Need[] {
  const known = new Set(first.map((need) => need.package));
  return [...first, ...second.filter((need) => !known.has(need.package))];
}

export function missingNeeds(needs: readonly Need[]): readonly Need[] {
  return needs.filter((need) => !need.shownBy.some(isThere));
}

async function apt(args: readonly string[]): Promise<number> {
  const child = spawn('apt-get', args, {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

/** Installs what is missing after saying what and why. With `--no-install` it only says. */
export async function bringNeeds(
  run: Pick<Run, 'out' | 'yes' | 'signal'>,
  needs: readonly Need[],
  mode: 'install' | 'report',
): Promise<readonly Need[]> {
  const missing = missingNeeds(needs);
  if (missing.length === 0) return [];
  run.out.note('missing on this machine:');
  for (const need of missing)
    run.out.note(
      `  ${need.package.padEnd(18)} ${need.reason}${need.required === 'required' ? '' : ' (optional)'}`,
    );
  const required = missing.filter((need) => need.required === 'required');
  const names = missing.map((need) => need.package);
  const command = `apt-get install --no-install-recommends ${names.join(' ')}`;
  const able = mode === 'install' && process.getuid?.() === 0 && isThere('apt-get');
  if (!able) {
    if (required.length === 0) {
      run.out.hint(command);
      return [];
    }
    throw new Fault(
      'unavailable',
      `${required.map((need) => need.package).join(' and ')} must be installed first`,
      { hint: process.getuid?.() === 0 ? command : `sudo ${command}` },
    );
  }
  if (run.out.interactive) await confirm(run, `Install them with apt-get?`);
  run.out.note('installing them with apt-get');
  const first = await apt(['install', '-y', '-q', '--no-install-recommends', ...names]);
  const ok =
    first === 0 ||
    ((await apt(['update', '-q'])) === 0 &&
      (await apt(['install', '-y', '-q', '--no-install-recommends', ...names])) === 0);
  const still = missingNeeds(needs).filter((need) => need.required === 'required');
  if (!ok && still.length > 0)
    throw new Fault('unavailable', 'apt-get could not install what is missing', {
      hint: `look at its messages above, then try: ${command}`,
    });
  return missing;
}
