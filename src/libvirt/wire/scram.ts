/**
 * SCRAM (RFC 5802, RFC 7677) without channel binding, both sides: a password is proved without being
 * sent, and the server proves that it knew it too. The server keeps no password but what
 * `deriveScram` makes of one.
 */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Fault } from '#lib';

export type ScramHash = 'sha1' | 'sha256' | 'sha512';

const derive = promisify(pbkdf2);
/** A server that asks for more would keep us busy for seconds. */
const maxIterations = 1_000_000;
const leastIterations = 4096;
const maxMessageLength = 8192;

/** What a server stores for a user. */
export interface ScramSecret {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

export async function deriveScram(
  hash: ScramHash,
  password: string,
  salt: Buffer,
  iterations: number,
): Promise<ScramSecret> {
  const size = createHash(hash).digest().length;
  const salted = await derive(password.normalize('NFKC'), salt, iterations, size, hash);
  const clientKey = hmac(hash, salted, 'Client Key');
  return {
    salt,
    iterations,
    storedKey: createHash(hash).update(clientKey).digest(),
    serverKey: hmac(hash, salted, 'Server Key'),
  };
}

export interface ScramClient {
  readonly first: string;
  /** The answer to the server's first message. Errors: `unauthenticated`. */
  prove(serverFirst: string): Promise<string>;
  /** Checks the server's last message. Errors: `unauthenticated`. */
  verify(serverFinal: string): void;
}

/** `nonce` is an argument for tests with known answers. */
export function startScram(
  hash: ScramHash,
  credentials: { readonly user: string; readonly password: string },
  nonce: string = randomBytes(18).toString('base64'),
): ScramClient {
  const bare = `n=${escapeName(credentials.user.normalize('NFKC'))},r=${nonce}`;
  let expected: Buffer | undefined;
  return {
    first: `n,,${bare}`,
    async prove(serverFirst) {
      const fields = readFields(serverFirst);
      const full = fields.get('r') ?? '';
      const iterations = Number(fields.get('i'));
      const salt = Buffer.from(fields.get('s') ?? '', 'base64');
      if (!full.startsWith(nonce) || full.length <= nonce.length || salt.length === 0) {
        throw failed('the server did not answer to our challenge');
      }
      if (!(iterations >= leastIterations && iterations <= maxIterations)) {
        throw failed(`the server asks for ${iterations} iterations`);
      }
      const size = createHash(hash).digest().length;
      const password = credentials.password.normalize('NFKC');
      const salted = await derive(password, salt, iterations, size, hash);
      const withoutProof = `c=biws,r=${full}`;
      const message = `${bare},${serverFirst},${withoutProof}`;
      const clientKey = hmac(hash, salted, 'Client Key');
      const storedKey = createHash(hash).update(clientKey).digest();
      expected = hmac(hash, hmac(hash, salted, 'Server Key'), message);
      const proof = xor(clientKey, hmac(hash, storedKey, message));
      return `${withoutProof},p=${proof.toString('base64')}`;
    },
    verify(serverFinal) {
      const signature = Buffer.from(readFields(serverFinal).get('v') ?? '', 'base64');
      if (!expected || signature.length !== expected.length) throw failed('wrong name or password');
      if (!timingSafeEqual(signature, expected))
        throw failed('the server does not know the password');
    },
  };
}

export interface ScramServer {
  /** The name that the client gave; not proved until `finish` has returned. */
  readonly user: string;
  readonly first: string;
  /** The server's last message. Errors: `unauthenticated`. */
  finish(clientFinal: string): string;
}

/**
 * Answers a client's first message. `findSecret` gives the same kind of answer for unknown users too,
 * if the caller does not want to tell who exists. Errors: `unauthenticated`.
 */
export async function acceptScram(
  hash: ScramHash,
  clientFirst: string,
  findSecret: (user: string) => Promise<ScramSecret | undefined>,
  serverNonce: string = randomBytes(18).toString('base64'),
): Promise<ScramServer> {
  const match = /^[ny],(a=[^,]*)?,(.*)$/s.exec(clientFirst);
  if (clientFirst.length > maxMessageLength || !match) throw failed('malformed SCRAM message');
  const gs2 = clientFirst.slice(0, clientFirst.length - (match[2] ?? '').length);
  const bare = match[2] ?? '';
  const fields = readFields(bare);
  const user = unescapeName(fields.get('n') ?? '');
  const clientNonce = fields.get('r') ?? '';
  if (user === '' || clientNonce === '' || bare.startsWith('m=')) {
    throw failed('malformed SCRAM message');
  }
  const secret = await findSecret(user);
  if (!secret) throw failed('wrong name or password');
  const full = clientNonce + serverNonce;
  const first = `r=${full},s=${secret.salt.toString('base64')},i=${secret.iterations}`;
  return {
    user,
    first,
    finish(clientFinal) {
      const at = clientFinal.lastIndexOf(',p=');
      const answer = readFields(clientFinal);
      const proof = Buffer.from(answer.get('p') ?? '', 'base64');
      const binding = Buffer.from(gs2).toString('base64');
      if (at < 0 || answer.get('r') !== full || answer.get('c') !== binding) {
        throw failed('malformed SCRAM message');
      }
      const message = `${bare},${first},${clientFinal.slice(0, at)}`;
      const signature = hmac(hash, secret.storedKey, message);
      if (proof.length !== signature.length) throw failed('wrong name or password');
      const storedKey = createHash(hash).update(xor(proof, signature)).digest();
      if (!timingSafeEqual(storedKey, secret.storedKey)) throw failed('wrong name or password');
      return `v=${hmac(hash, secret.serverKey, message).toString('base64')}`;
    },
  };
}

function readFields(message: string): ReadonlyMap<string, string> {
  if (message.length > maxMessageLength) throw failed('malformed SCRAM message');
  const out = new Map<string, string>();
  for (const field of message.split(',')) {
    if (field[1] === '=' && !out.has(field.slice(0, 1))) out.set(field.slice(0, 1), field.slice(2));
  }
  return out;
}

function hmac(hash: ScramHash, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest();
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)));
}

function escapeName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

function unescapeName(name: string): string {
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

function failed(why: string): Fault {
  return new Fault('unauthenticated', `SASL: ${why}`, { facts: { component: 'login' } });
}
