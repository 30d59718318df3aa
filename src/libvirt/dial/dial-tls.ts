/**
 * Byte streams over TLS. Both sides show certificates; when the server has checked ours it sends one
 * byte inside the encryption before any frame, 1 for yes, and that byte is read here.
 */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { abortReason, Fault } from '#lib';
import { dialFault } from './dial-socket.ts';

/** PEM texts. */
export interface TlsCredentials {
  readonly ca: string;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface TlsTarget {
  readonly host: string;
  readonly port: number;
  readonly credentials: TlsCredentials;
  /** `none` accepts any certificate. */
  readonly verify: 'full' | 'none';
}

/** Errors: `unavailable`, `unauthenticated` with `facts.component` name, port or certificate. */
export async function dialTls(target: TlsTarget, signal: AbortSignal): Promise<TLSSocket> {
  const socket = await shakeHands(target, signal);
  try {
    await readConfirmation(socket, target, signal);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Reads credentials where libvirt keeps them: a folder of one's own, the user's, the system's. */
export async function readTlsCredentials(pkipath: string | undefined): Promise<TlsCredentials> {
  const own = pkipath ?? join(homedir(), '.pki', 'libvirt');
  const ca = await readFirst([join(own, 'cacert.pem')], pkipath, '/etc/pki/CA/cacert.pem');
  if (ca === undefined) {
    throw new Fault('unauthenticated', `cannot find cacert.pem in ${own}`, {
      facts: { component: 'certificate' },
      hint: 'give the certificates with the connection, or their folder with ?pkipath=',
    });
  }
  const system = '/etc/pki/libvirt';
  const cert = await readFirst([join(own, 'clientcert.pem')], pkipath, `${system}/clientcert.pem`);
  const key = await readFirst(
    [join(own, 'clientkey.pem')],
    pkipath,
    `${system}/private/clientkey.pem`,
  );
  return { ca, cert, key };
}

/** The system's place counts only where no folder was named. */
async function readFirst(
  places: readonly string[],
  pkipath: string | undefined,
  systemPlace: string,
): Promise<string | undefined> {
  for (const path of pkipath === undefined ? [...places, systemPlace] : places) {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') continue;
      throw new Fault('unavailable', `cannot read ${path}`, {
        cause: error,
        facts: { component: 'certificate' },
      });
    }
  }
  return undefined;
}

function shakeHands(target: TlsTarget, signal: AbortSignal): Promise<TLSSocket> {
  const { host, port, credentials } = target;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortReason(signal));
      return;
    }
    const socket = connect({
      host,
      port,
      ca: credentials.ca,
      ...(credentials.cert === undefined ? {} : { cert: credentials.cert }),
      ...(credentials.key === undefined ? {} : { key: credentials.key }),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: target.verify === 'full',
      minVersion: 'TLSv1.2',
    });
    const onAbort = (): void => {
      socket.destroy();
      reject(abortReason(signal));
    };
    const onError = (cause: Error): void => {
      signal.removeEventListener('abort', onAbort);
      reject(tlsFault(host, port, cause));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('error', onError);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

function readConfirmation(
  socket: TLSSocket,
  target: TlsTarget,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (fault?: Fault): void => {
      socket.removeListener('readable', onReadable);
      socket.removeListener('end', onEnd);
      socket.removeListener('error', onError);
      signal.removeEventListener('abort', onAbort);
      if (fault) reject(fault);
      else resolve();
    };
    const place = `${target.host} port ${target.port}`;
    const refused = (cause?: unknown): Fault =>
      new Fault('unauthenticated', `${place} did not accept our certificate`, {
        cause,
        facts: { component: 'certificate' },
        hint: 'check the client certificate and that its name is allowed in libvirtd.conf',
      });
    const onReadable = (): void => {
      const first: unknown = socket.read(1);
      if (first === null) return;
      finish(first instanceof Buffer && first[0] === 1 ? undefined : refused());
    };
    const onEnd = (): void => finish(refused());
    const onError = (cause: Error): void => finish(refused(cause));
    const onAbort = (): void => {
      socket.destroy();
      finish(new Fault('timeout', `${place} sent no confirmation after the TLS handshake`));
    };
    socket.on('readable', onReadable);
    socket.once('end', onEnd);
    socket.once('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
    onReadable();
  });
}

function tlsFault(host: string, port: number, cause: Error): Fault {
  const code = 'code' in cause ? String(cause.code) : '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const carried = 'cert' in cause ? namesOf(cause.cert) : 'no name';
    return new Fault('unauthenticated', `the certificate of ${host} carries ${carried}`, {
      facts: { component: 'certificate', wanted: host, carried },
      hint: 'use a name that the certificate carries, or have one issued for this name',
    });
  }
  const certificate = /^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_SSL_|ERR_TLS_)/.test(code);
  if (!certificate) return dialFault(`${host} port ${port}`, cause);
  return new Fault('unauthenticated', `cannot agree on TLS with ${host} port ${port}`, {
    cause,
    facts: { component: 'certificate' },
    hint: "check the certificates of both sides and the authority's",
  });
}

function namesOf(certificate: unknown): string {
  if (typeof certificate !== 'object' || certificate === null) return 'no name';
  const { subjectaltname, subject } = certificate as {
    readonly subjectaltname?: unknown;
    readonly subject?: { readonly CN?: unknown };
  };
  if (typeof subjectaltname === 'string') return subjectaltname.slice(0, 300);
  return typeof subject?.CN === 'string' ? subject.CN.slice(0, 300) : 'no name';
}
