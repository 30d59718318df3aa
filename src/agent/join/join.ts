/**
 * Joining: a one-time token becomes a certificate of the cluster's authority. The private key never leaves
 * the host.
 *
 *   agent                                     coordinator
 *     | POST /api/v1/join  token, name, CSR --> |  token is spent
 *     | <------ host id, certificate, authority |
 *
 * Invariant: the token goes only to a server that proves to be of the authority that the agent was told to
 * trust: by its certificate, or by its fingerprint, which is compared before anything is sent. It asks for
 * that authority by name (SNI), for people may be shown a certificate of another.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import { linkServerName } from '#api';
import { Fault, withDeadline } from '#lib';
import { callCoordinator } from './call.ts';
import { readCertified, type Certified } from './certified.ts';
import { makeRequest } from './signing-request.ts';

export const joinPath = '/api/v1/join';
const joinMs = 30_000;

export type Trust =
  /** Certificates of the authority, PEM. */
  | { readonly kind: 'authority'; readonly pem: string }
  /** SHA-256 of the authority's certificate, hexadecimal. */
  | { readonly kind: 'fingerprint'; readonly sha256: string };

export interface JoinRequest {
  readonly coordinator: URL;
  readonly token: string;
  readonly trust: Trust;
  readonly hostName: string;
  readonly driver: string;
  /** The host's key, PKCS #8, PEM: the same again in each attempt with one token. */
  readonly privateKey: string;
  readonly signal?: AbortSignal | undefined;
}

/** Errors: those of the coordinator (`unauthenticated` for a token that is spent); `unavailable`; `timeout`. */
export async function joinCluster(request: JoinRequest): Promise<Certified> {
  const what = `cannot join ${request.coordinator.host}`;
  return withDeadline(what, joinMs, request.signal, async (signal) => {
    const pem = await resolveTrust(request, signal);
    const { coordinator, token, hostName, driver, privateKey } = request;
    const csr = await makeRequest(privateKey, hostName);
    const body = { token, hostName, driver, csr };
    const answer = await callCoordinator({ coordinator, path: joinPath, ca: pem, body, signal });
    return readCertified(what, privateKey, answer);
  });
}

async function resolveTrust(request: JoinRequest, signal: AbortSignal): Promise<string> {
  const { trust, coordinator } = request;
  if (trust.kind === 'authority') return trust.pem;
  const wanted = trust.sha256.replaceAll(':', '').toLowerCase();
  const chain = await readChain(coordinator, signal);
  const authority = chain.find((der) => createHash('sha256').update(der).digest('hex') === wanted);
  if (authority) return new X509Certificate(authority).toString();
  throw new Fault(
    'forbidden',
    `${coordinator.host} does not prove to be of the authority ${wanted}`,
    {
      hint: 'compare the fingerprint with: gantry host join-token',
    },
  );
}

/** The certificates that the server presents, without believing them. */
async function readChain(coordinator: URL, signal: AbortSignal): Promise<Buffer[]> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = connect({
    host: coordinator.hostname,
    port: Number(coordinator.port || 443),
    servername: linkServerName,
    rejectUnauthorized: false,
  });
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  socket.once('secureConnect', () => resolve(socket));
  socket.once('error', (cause) => reject(new Fault('unavailable', 'tls', { cause })));
  socket.once('close', () => reject(new Fault('unavailable', 'the connection was closed')));
  try {
    await promise;
    const chain: Buffer[] = [];
    let at = socket.getPeerCertificate(true);
    for (let depth = 0; depth < 8 && at.raw; depth += 1) {
      chain.push(at.raw);
      if (at.issuerCertificate === at || !at.issuerCertificate) break;
      at = at.issuerCertificate;
    }
    return chain;
  } finally {
    socket.destroy();
  }
}
