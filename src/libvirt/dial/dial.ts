/** The first layer: from a connection address to a stream of bytes. */
import type { Duplex } from 'node:stream';
import { Fault } from '#lib';
import { dialSsh } from './dial-ssh.ts';
import { dialTcp, dialUnix, isLoopback } from './dial-socket.ts';
import { dialTls, readTlsCredentials, type TlsCredentials } from './dial-tls.ts';
import { findSocket, socketCandidates } from './socket-path.ts';
import type { LibvirtUri } from './uri.ts';

export interface DialOptions {
  readonly access: 'read' | 'write';
  readonly signal: AbortSignal;
  /** Instead of what lies on disk. */
  readonly tls?: TlsCredentials | undefined;
  /** Whether somebody who may has allowed `no_verify`, or plain TCP to another machine, for this connection. */
  readonly unverified?: 'refused' | 'allowed' | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Errors: `unavailable`, `unauthenticated`, `unsupported`, `timeout`; `facts.component` names the part. */
export async function dial(uri: LibvirtUri, options: DialOptions): Promise<Duplex> {
  const verify = verification(uri, options);
  const { signal, access } = options;
  switch (uri.transport) {
    case 'unix': {
      const candidates = socketCandidates(uri, access, options.environment ?? process.env);
      return dialUnix(await findSocket(candidates), signal);
    }
    case 'tcp':
      return dialTcp(uri.host ?? 'localhost', uri.port ?? 0, signal);
    case 'tls':
      return dialTls(
        {
          host: uri.host ?? 'localhost',
          port: uri.port ?? 0,
          credentials: options.tls ?? (await readTlsCredentials(uri.params.pkipath)),
          verify,
        },
        signal,
      );
    case 'ssh':
      return dialSsh(uri, { to: { daemon: access }, verify }, signal);
    case 'libssh':
    case 'libssh2':
      throw unsupported(uri, 'write +ssh: the ssh program does the same with your own settings');
    case 'ext':
      throw unsupported(uri, 'no program is run because an address names it; use +ssh');
  }
}

/** Errors: `forbidden` where the address asks for less than it may. */
export function verification(
  uri: LibvirtUri,
  options: Pick<DialOptions, 'unverified'>,
): 'full' | 'none' {
  if (!leavesUnchecked(uri)) return 'full';
  if (options.unverified === 'allowed') return 'none';
  if (isOpenTcp(uri))
    throw new Fault(
      'forbidden',
      `plain TCP to ${uri.host} is not allowed: nobody checks who answers, and the way can be listened to`,
      {
        facts: { component: 'transport' },
        hint: 'write +tls or +ssh, use a tunnel that begins on this machine, or have an administrator allow it where the way is protected otherwise',
      },
    );
  throw new Fault('forbidden', `no_verify is not allowed for ${uri.host ?? 'this connection'}`, {
    facts: { component: 'certificate' },
    hint: 'have the certificate or host key checked, or ask an administrator to allow it',
  });
}

/** Whether by what the address says nobody checks that the other side is who it claims to be. */
export function leavesUnchecked(uri: LibvirtUri): boolean {
  const { noVerify, knownHostsVerify } = uri.params;
  return noVerify || knownHostsVerify === 'ignore' || isOpenTcp(uri);
}

function isOpenTcp({ transport, host }: LibvirtUri): boolean {
  return transport === 'tcp' && host !== undefined && !isLoopback(host);
}

function unsupported(uri: LibvirtUri, hint: string): Fault {
  return new Fault('unsupported', `the transport ${uri.transport} cannot be dialled`, {
    facts: { component: 'transport' },
    hint,
  });
}
