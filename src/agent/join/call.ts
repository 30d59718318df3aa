/**
 * One call of a coordinator's HTTP interface from an agent: JSON in, JSON out, over TLS to the
 * installation's own authority (`linkServerName`).
 *
 * Invariant: nothing is sent before the server has proven to be of `ca`; an answer is bounded.
 */
import { request as httpsRequest } from 'node:https';
import { linkServerName, problemSchema } from '#api';
import { Fault } from '#lib';

const maxAnswerBytes = 256 * 1024;

export interface Call {
  readonly coordinator: URL;
  readonly path: string;
  /** Certificates of the authority, PEM. */
  readonly ca: string;
  /** What the agent proves itself with, once it has joined; PEM. */
  readonly proof?: { readonly cert: string; readonly key: string } | undefined;
  readonly body: unknown;
  readonly signal: AbortSignal;
}

/** Errors: those of the coordinator; `unavailable`. */
export function callCoordinator(call: Call): Promise<unknown> {
  const { coordinator, path, ca, proof, signal } = call;
  const body = JSON.stringify(call.body);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const lose = (cause: unknown): void =>
    reject(new Fault('unavailable', `no answer from ${coordinator.host}`, { cause }));
  const request = httpsRequest(
    new URL(path, coordinator),
    {
      method: 'POST',
      agent: false,
      ca,
      ...proof,
      servername: linkServerName,
      signal,
      minVersion: 'TLSv1.3',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    },
    (response) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      response.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes > maxAnswerBytes) request.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      response.on('error', lose);
      response.on('end', () => {
        try {
          resolve(readAnswer(response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8')));
        } catch (error) {
          reject(error);
        }
      });
    },
  );
  request.on('error', lose);
  request.end(body);
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
