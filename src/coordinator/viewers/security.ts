/**
 * How a native viewer proves who is at it (RFC 6143, sections 7.1 and 7.2; VeNCrypt 0.2, security type 19):
 *
 *   version -> security type -+- VeNCrypt -> subtype -> TLS -+- X509Plain: user and password
 *                             |                              +- X509Vnc: challenge
 *                             +- VNC authentication: challenge, without TLS, where the host allows that
 *
 * Invariants: (1) a password is read inside TLS only: without it there is the challenge, which takes tickets alone; (2)
 * every length is bounded before it is read; (3) nothing is answered as accepted here: SecurityResult is the machine's, or
 * `refuse`.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { TLSSocket, type SecureContext } from 'node:tls';
import { abortReason, Fault } from '#lib';
import { answerChallenge, challengeBytes, readExactly, rfbVersion, securityTypes } from '#rfb';
import type { ViewerSettings } from '#api';

const veNCryptVersion = Buffer.from([0, 2]);
const subtypes = { x509Vnc: 261, x509Plain: 262 } as const;
const maxNameBytes = 256;
const maxPasswordBytes = 1024;
const maxReasonBytes = 500;

export type ViewerProof =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | {
      readonly kind: 'challenge';
      /** Whether the answer was made with this password. */
      readonly matches: (password: string) => boolean;
    };

export interface ProvingViewer {
  /** What the viewer says and hears from now on; it waits for SecurityResult. */
  readonly stream: Duplex;
  readonly encrypted: boolean;
  readonly proof: ViewerProof;
  /** Tells why not, as far as its version takes words, and ends it. */
  readonly refuse: (reason: string) => void;
}

/** Errors: `invalid` for what is not RFB; `refused` for a viewer that can prove nothing here; `unavailable`; the signal's. */
export async function askProof(
  stream: Duplex,
  settings: Pick<ViewerSettings, 'signIn' | 'unencrypted'>,
  context: SecureContext,
  signal: AbortSignal,
): Promise<ProvingViewer> {
  stream.write(rfbVersion);
  const said = (await readExactly(stream, rfbVersion.length, signal)).toString('latin1');
  const match = /^RFB 003\.(\d{3})\n$/.exec(said);
  if (match === null) throw new Fault('invalid', 'the viewer does not speak RFB 3');
  const minor = Number(match[1]);
  const type = await chooseType(stream, minor, offeredTypes(settings), signal);
  const refuse = refuserOf(minor);
  if (type === securityTypes.vnc) {
    const proof = await challenge(stream, signal);
    return { stream, encrypted: false, proof, refuse: (reason) => refuse(stream, reason) };
  }
  const subtype = await chooseSubtype(stream, settings, signal);
  const secure = await startTls(stream, context, signal);
  const proof =
    subtype === subtypes.x509Vnc
      ? await challenge(secure, signal)
      : await readPassword(secure, signal);
  return { stream: secure, encrypted: true, proof, refuse: (reason) => refuse(secure, reason) };
}

function offeredTypes({
  signIn,
  unencrypted,
}: Pick<ViewerSettings, 'signIn' | 'unencrypted'>): readonly number[] {
  const isOpen = unencrypted === 'allowed' && signIn !== 'accounts';
  return isOpen ? [securityTypes.veNCrypt, securityTypes.vnc] : [securityTypes.veNCrypt];
}

/** Version 3.3 is not asked: it is told, and knows no TLS. */
async function chooseType(
  stream: Duplex,
  minor: number,
  offered: readonly number[],
  signal: AbortSignal,
): Promise<number> {
  if (minor < 7) {
    if (offered.includes(securityTypes.vnc)) {
      stream.write(uint32(securityTypes.vnc));
      return securityTypes.vnc;
    }
    stream.end(Buffer.concat([uint32(0), words('this host lets in viewers with TLS only')]));
    throw new Fault('refused', 'the viewer is of a version without TLS');
  }
  stream.write(Buffer.from([offered.length, ...offered]));
  const type = (await readExactly(stream, 1, signal)).readUInt8(0);
  if (!offered.includes(type)) throw new Fault('refused', `security type ${type} is not offered`);
  return type;
}

async function chooseSubtype(
  stream: Duplex,
  { signIn }: Pick<ViewerSettings, 'signIn'>,
  signal: AbortSignal,
): Promise<number> {
  stream.write(veNCryptVersion);
  const version = await readExactly(stream, veNCryptVersion.length, signal);
  if (!version.equals(veNCryptVersion)) {
    stream.end(Buffer.from([255]));
    throw new Fault('refused', 'the viewer speaks another version of VeNCrypt');
  }
  const offered = [
    ...(signIn === 'tickets' ? [] : [subtypes.x509Plain]),
    ...(signIn === 'accounts' ? [] : [subtypes.x509Vnc]),
  ];
  stream.write(Buffer.concat([Buffer.from([0, offered.length]), ...offered.map(uint32)]));
  const chosen = (await readExactly(stream, 4, signal)).readUInt32BE(0);
  const subtype = offered.find((one) => one === chosen);
  if (subtype === undefined) {
    stream.end(Buffer.from([0]));
    throw new Fault('refused', `VeNCrypt's subtype ${chosen} is not offered`);
  }
  stream.write(Buffer.from([1]));
  return subtype;
}

async function startTls(
  stream: Duplex,
  secureContext: SecureContext,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const secure = new TLSSocket(stream, { isServer: true, secureContext });
  const stop = (): void => void secure.destroy(abortReason(signal));
  signal.addEventListener('abort', stop, { once: true });
  try {
    await once(secure, 'secure', { signal });
  } catch (cause) {
    secure.on('error', () => undefined);
    throw new Fault('unavailable', 'the viewer and we come to no TLS', { cause });
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return secure;
}

async function challenge(stream: Duplex, signal: AbortSignal): Promise<ViewerProof> {
  const asked = randomBytes(challengeBytes);
  stream.write(asked);
  const answer = await readExactly(stream, challengeBytes, signal);
  const matches = (password: string): boolean =>
    timingSafeEqual(answer, answerChallenge(asked, password));
  return { kind: 'challenge', matches };
}

async function readPassword(stream: Duplex, signal: AbortSignal): Promise<ViewerProof> {
  const lengths = await readExactly(stream, 8, signal);
  const [nameBytes, passwordBytes] = [lengths.readUInt32BE(0), lengths.readUInt32BE(4)];
  if (nameBytes > maxNameBytes || passwordBytes > maxPasswordBytes)
    throw new Fault('too-large', 'the name or the password is too long');
  const text = await readText(stream, nameBytes, signal);
  return { kind: 'password', user: text, password: await readText(stream, passwordBytes, signal) };
}

async function readText(stream: Duplex, lengthBytes: number, signal: AbortSignal): Promise<string> {
  return lengthBytes === 0 ? '' : (await readExactly(stream, lengthBytes, signal)).toString('utf8');
}

/** SecurityResult "failed" (section 7.1.3); from version 3.8 on with the reason. */
function refuserOf(minor: number): (stream: Duplex, reason: string) => void {
  return (stream, reason) => {
    stream.end(minor < 8 ? uint32(1) : Buffer.concat([uint32(1), words(reason)]));
  };
}

function words(reason: string): Buffer {
  const text = Buffer.from(reason).subarray(0, maxReasonBytes);
  return Buffer.concat([uint32(text.length), text]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
