/** Programs, kernel modules and devices that a host needs, with the function that is lost without each (HOST-40). */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostFacts } from '#api';
import type { Binaries, QemuCapabilities } from '#qemu';
import { hasModule } from './kernel-modules.ts';

const folders = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, name);
    if (await isThere(path, constants.X_OK)) return path;
  }
  return undefined;
}

async function isThere(path: string, mode: number = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

export async function listPrograms(
  binaries: Binaries,
  capabilities: QemuCapabilities | undefined,
  firmware: number,
): Promise<HostFacts['programs']> {
  const version = capabilities?.version;
  const text = version ? `${version.major}.${version.minor}.${version.micro}` : null;
  const entry = (name: string, found: boolean, use: string, its: string | null = null) => ({
    name,
    found,
    version: its,
    use,
  });
  return [
    entry('qemu-system-x86_64', binaries.qemu !== undefined, 'running vms', text),
    entry(
      'qemu-system-aarch64',
      binaries.qemuAarch64 !== undefined,
      'running vms of the architecture aarch64',
    ),
    entry('qemu-img', binaries.qemuImg !== undefined, 'making and reading disks'),
    entry('UEFI firmware', firmware > 0, 'vms with UEFI'),
    entry('swtpm', binaries.swtpm !== undefined, 'vms with a TPM'),
    entry('setpriv', (await findProgram('setpriv')) !== undefined, 'accounts of their own for vms'),
    entry('nft', (await findProgram('nft')) !== undefined, 'rules of networks'),
    entry(
      'dnsmasq',
      (await findProgram('dnsmasq')) !== undefined,
      'addresses and names on networks',
    ),
    entry(
      'bridge',
      await hasModule('bridge'),
      'bridges between vms: networks beyond the user-mode one',
    ),
    entry('/dev/kvm', await isThere('/dev/kvm'), 'hardware acceleration'),
    entry('/dev/net/tun', await isThere('/dev/net/tun'), 'networks beyond the user-mode one'),
    entry(
      '/dev/vhost-net',
      await isThere('/dev/vhost-net'),
      'fast networks beyond the user-mode one',
    ),
  ];
}
