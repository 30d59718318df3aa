/**
 * A screen that asks for a password (RFC 6143 7.1, 7.2.2): it is given here, and nothing is asked of whoever looks,
 * whose right to is Gantry's to say. The password never leaves this process.
 */
import { duplexPair, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault } from '#lib';
import { answerChallenge, readExactly, rfbVersion, securityTypes } from '#rfb';

const maxReasonBytes = 1024;

/** Takes over the screen. Errors: `unauthenticated` with its words; `unsupported`; `unavailable`. */
export async function unlockScreen(
  screen: Duplex,
  password: string,
  signal: AbortSignal,
): Promise<Duplex> {
  await authenticate(screen, password, signal);
  const [viewer, own] = duplexPair({ allowHalfOpen: false });
  screen.once('close', () => own.destroy());
  void welcome(own)
    .then(() => pipeline(own, screen, own))
    .catch(() => undefined)
    .finally(() => {
      own.destroy();
      screen.destroy();
    });
  return viewer;
}

async function authenticate(screen: Duplex, password: string, signal: AbortSignal): Promise<void> {
  const read = (lengthBytes: number): Promise<Buffer> => readExactly(screen, lengthBytes, signal);
  const theirs = (await read(rfbVersion.length)).toString('latin1');
  if (theirs < rfbVersion)
    throw new Fault('unsupported', `its screen speaks ${theirs.trim()}, an older VNC`);
  screen.write(rfbVersion);
  const count = (await read(1)).readUInt8(0);
  const types = count === 0 ? Buffer.alloc(0) : await read(count);
  if (types.includes(securityTypes.vnc)) {
    screen.write(Buffer.from([securityTypes.vnc]));
    screen.write(answerChallenge(await read(16), password));
  } else if (types.includes(securityTypes.none)) screen.write(Buffer.from([securityTypes.none]));
  else
    throw new Fault('unsupported', 'its screen wants another proof than a password', {
      hint: 'give it graphics of the type vnc without TLS and SASL',
    });
  if ((await read(4)).readUInt32BE(0) === 0) return;
  const length = Math.min((await read(4)).readUInt32BE(0), maxReasonBytes);
  const reason = length === 0 ? '' : (await read(length)).toString('utf8');
  throw new Fault('unauthenticated', 'its screen does not take the password of its definition', {
    cause: new Error(reason),
  });
}

/** The handshake with whoever looks, up to where the screen's own goes on. For as long as it is there. */
async function welcome(viewer: Duplex): Promise<void> {
  const { signal } = new AbortController();
  viewer.write(rfbVersion);
  await readExactly(viewer, rfbVersion.length, signal);
  viewer.write(Buffer.from([1, securityTypes.none]));
  await readExactly(viewer, 1, signal);
  viewer.write(Buffer.alloc(4));
}
