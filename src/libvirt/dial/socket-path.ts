/** Where libvirt's daemons listen on this machine (libvirt's page "Daemons"). */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { describeDriver } from './driver-name.ts';
import type { LibvirtUri } from './uri.ts';

/** The candidates, the likeliest first. `access` picks the read-only socket where there is one. */
export function socketCandidates(
  uri: LibvirtUri,
  access: 'read' | 'write',
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  if (uri.params.socket !== undefined) return [uri.params.socket];
  const session = uri.path === '/session';
  const runtimeDir = session ? environment['XDG_RUNTIME_DIR'] : '/run';
  const base = runtimeDir ?? join(environment['HOME'] ?? '/', '.cache');
  // A user's own daemon has one socket for both.
  const suffix = access === 'read' && !session ? '-sock-ro' : '-sock';
  const daemon = describeDriver(uri.driver).daemon ?? 'virtproxyd';
  const direct = join(base, 'libvirt', `${daemon}${suffix}`);
  const legacy = join(base, 'libvirt', `libvirt${suffix}`);
  switch (uri.params.mode) {
    case 'direct':
      return [direct];
    case 'legacy':
      return [legacy];
    case 'auto':
      return [direct, legacy];
  }
}

/** The first candidate that exists, else the last one, so that the failure names it. */
export async function findSocket(candidates: readonly string[]): Promise<string> {
  for (const path of candidates) {
    try {
      await access(path);
      return path;
    } catch {
      // Not this one.
    }
  }
  return candidates.at(-1) ?? '/run/libvirt/libvirt-sock';
}
