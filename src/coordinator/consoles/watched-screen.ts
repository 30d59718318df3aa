/**
 * A client of a screen that only looks, for recordings (RFC 6143): it asks for pictures as noVNC reads them, without loss, and
 * does not look into them. Since it does not see where an update ends, it asks for the next at intervals, which is also the most
 * pictures that it gets; a server that has nothing new answers nothing.
 */
import type { Duplex } from 'node:stream';
import { Fault } from '#lib';
import { readExactly, rfbVersion, securityTypes } from '#rfb';

const maxWords = 4096;
const picturesMs = 200;
/** From which on a server offers security types (section 7.1.2). */
const listsSecurity = 'RFB 003.007\n';
const givesResult = 'RFB 003.008\n';

/** 32 bits a pixel, little endian; 24 of them in the order red, green, blue (section 7.4): noVNC's. */
const pixelFormat = Buffer.from([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16, 0, 0, 0]);
/** Tight, ZRLE, Hextile, raw; DesktopSize and the level of compression (section 7.7, and the registry of RFC 6143). */
const encodings = [7, 16, 5, 0, -223, -250] as const;

/**
 * Reads up to the ServerInit, which it answers in the pixel format that pictures will have, and asks for the first picture.
 * Errors: `unsupported` where it wants a proof or speaks no RFB; `unavailable`; the signal's reason.
 */
export async function greetScreen(stream: Duplex, signal: AbortSignal): Promise<Buffer> {
  const read = (lengthBytes: number): Promise<Buffer> => readExactly(stream, lengthBytes, signal);
  const words = async (): Promise<string> => {
    const length = (await read(4)).readUInt32BE(0);
    return length === 0 ? '' : (await read(Math.min(length, maxWords))).toString('utf8');
  };
  const theirs = (await read(rfbVersion.length)).toString('latin1');
  if (!/^RFB \d{3}\.\d{3}\n$/.test(theirs))
    throw new Fault('unsupported', 'the screen does not speak RFB');
  stream.write(theirs < rfbVersion ? theirs : rfbVersion);
  if (theirs < listsSecurity) {
    const type = (await read(4)).readUInt32BE(0);
    if (type !== securityTypes.none) throw refused(type === 0 ? await words() : '');
  } else {
    const count = (await read(1)).readUInt8(0);
    if (count === 0) throw refused(await words());
    if (!(await read(count)).includes(securityTypes.none)) throw refused('');
    stream.write(Buffer.from([securityTypes.none]));
    if (theirs >= givesResult && (await read(4)).readUInt32BE(0) !== 0)
      throw refused(await words());
  }
  // ClientInit: others go on.
  stream.write(Buffer.from([1]));
  const init = await read(24);
  const nameBytes = init.readUInt32BE(20);
  if (nameBytes > maxWords) throw new Fault('unsupported', 'the name of the screen is too long');
  const name = nameBytes === 0 ? Buffer.alloc(0) : await read(nameBytes);
  stream.write(setPixelFormat());
  stream.write(setEncodings());
  stream.write(askForPicture('whole', init.readUInt16BE(0), init.readUInt16BE(2)));
  pixelFormat.copy(init, 4);
  return Buffer.concat([init, name]);
}

/** Goes on asking for what is new, until it is disposed. */
export function keepAsking(stream: Duplex): Disposable {
  // Whatever size the screen takes: servers answer for as much as there is.
  const ask = askForPicture('new', 0xffff, 0xffff);
  const timer = setInterval(() => {
    if (stream.writable) stream.write(ask);
  }, picturesMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function refused(words: string): Fault {
  const cause = words === '' ? undefined : new Error(words);
  return new Fault('unsupported', 'the screen wants a proof that a recording does not have', {
    cause,
  });
}

/** Section 7.5.1. */
function setPixelFormat(): Buffer {
  return Buffer.concat([Buffer.alloc(4), pixelFormat]);
}

/** Section 7.5.2. */
function setEncodings(): Buffer {
  const message = Buffer.alloc(4 + 4 * encodings.length);
  message.writeUInt8(2, 0);
  message.writeUInt16BE(encodings.length, 2);
  for (const [index, encoding] of encodings.entries())
    message.writeInt32BE(encoding, 4 + 4 * index);
  return message;
}

/** Has it answer, whether anything is new or not; what is new comes with it. */
export function askOnceMore(stream: Duplex): void {
  if (stream.writable) stream.write(askForPicture('whole', 1, 1));
}

/** FramebufferUpdateRequest (section 7.5.3). */
function askForPicture(what: 'whole' | 'new', width: number, height: number): Buffer {
  const message = Buffer.alloc(10);
  message.writeUInt8(3, 0);
  message.writeUInt8(what === 'new' ? 1 : 0, 1);
  message.writeUInt16BE(width, 6);
  message.writeUInt16BE(height, 8);
  return message;
}
