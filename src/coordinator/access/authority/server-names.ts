/** The names that the server's certificate is valid for: whatever people and agents may call this machine. */
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { linkServerName } from '#api';
import type { AltName } from '#x509';

const maxNames = 64;

/** `listenAddress` is an address or host name; 0.0.0.0 and :: stand for every address of the machine. */
export function listServerNames(listenAddress: string): readonly AltName[] {
  const names = new Set(['localhost', '127.0.0.1', '::1', hostname(), linkServerName]);
  if (listenAddress === '0.0.0.0' || listenAddress === '::') {
    for (const addresses of Object.values(networkInterfaces()))
      for (const { address, scopeid } of addresses ?? []) if (!scopeid) names.add(address);
  } else names.add(listenAddress);
  const usable = [...names].filter((name) => isIP(name) !== 0 || /^[\w.-]{1,253}$/.test(name));
  return usable
    .slice(0, maxNames)
    .map((name) =>
      isIP(name) === 0 ? { kind: 'dns', name: name.toLowerCase() } : { kind: 'ip', address: name },
    );
}

/** Whether a certificate's subject alternative names cover all of these. */
export function coversNames(
  certificate: { checkHost(name: string): unknown; checkIP(address: string): unknown },
  names: readonly AltName[],
): boolean {
  return names.every((name) => {
    if (name.kind === 'dns') return certificate.checkHost(name.name) !== undefined;
    return name.kind === 'ip' && certificate.checkIP(name.address) !== undefined;
  });
}
