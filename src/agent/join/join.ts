/**
 * Joining: a one-time token becomes a certificate of the cluster's authority. The private key is made here
 * and never leaves.
 *
 *   agent                                     coordinator
 *     | POST /api/v1/join  token, name, CSR --> |  token is spent
 *     | <------ host id, certificate, authority |
 *
 * Invariant: the token goes only to a server that proves to be of the authority that the agent was told to
 * trust: by its certificate, or by its fingerprint, which is compared before anything is sent.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { z } from 'zod';
import { idSchema, problemSchema } from '#api';
import { Fault, withDeadline } from '#lib';
import type { Credentials } from '../link/credentials.ts';
import { makeKeyAndRequest } from './signing-request.ts';

export const joinPath = '/api/v1/join';
const joinMs = 30_000;
const maxAnswerBytes = 256 * 1024;

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
  readonly signal?: AbortSignal | undefined;
}

const answerSchema = z.object({
  hostId: idSchema,
  certificate: z.string().max(64 * 1024),
  authority: z.string().max(64 * 1024),
});

export interface Joined {
  readonly hostId: string;
  readonly credentials: Credentials;
}

/** Errors: those of the coordinator (`unauthenticated` for a token that is spent); `unavailable`; `timeout`. */
export async function joinCluster(request: JoinRequest): Promise<Joined> {
  const what = `cannot join ${request.coordinator.host}`;
  return withDeadline(what, joinMs, request.signal, async (signal) => {
    const pem = await resolveTrust(request, signal);
    const { privateKey, signingRequest } = makeKeyAndRequest(request.hostName);
    const body = JSON.stringify({
      token: request.token,
      hostName: request.hostName,
      driver: request.driver,
      csr: signingRequest,
    });
    const answer = answerSchema.safeParse(await post(request.coordinator, pem, body, signal));
    if (!answer.success) throw new Fault('internal', `${what}: not an answer to a join`);
    const { hostId, certificate, authority } = answer.data;
    return { hostId, credentials: { privateKey, certificate, authority } };
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

function post(coordinator: URL, ca: string, body: string, signal: AbortSignal): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const call = httpsRequest(
    new URL(joinPath, coordinator),
    {
      method: 'POST',
      ca,
      signal,
      minVersion: 'TLSv1.3',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    },
    (response) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      response.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes > maxAnswerBytes) call.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      response.on('end', () => {
        try {
          resolve(readAnswer(response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8')));
        } catch (error) {
          reject(error);
        }
      });
    },
  );
  call.on('error', (cause) => reject(new Fault('unavailable', 'join', { cause })));
  call.end(body);
  return promise;
}

function readAnswer(status: number, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Fault('unavailable', `the coordinator answered ${status} without JSON`);
  }
  if (status < 300) return value;
  const problem = problemSchema.safeParse(value);
  if (!problem.success) throw new Fault('unavailable', `the coordinator answered ${status}`);
  const { code, detail, hint } = problem.data;
  throw new Fault(code, detail, { hint });
}
