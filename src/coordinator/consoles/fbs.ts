/**
 * What a server of RFB sends, with times: the file of rfbproxy, `FBS 001.000`. After its name come blocks, each with its
 * length (32 bits, big endian), that many bytes filled up to a multiple of four, and the milliseconds since the beginning.
 *
 * The bytes begin with the handshake of version 3.3 without security, which is the shortest and has nothing of a client in it
 * (RFC 6143 7.1, 7.3.2; appendix A of it for 3.3), whatever was spoken with the server.
 */
import type { Film } from './film.ts';

const name = Buffer.from('FBS 001.000\n', 'latin1');
const version = Buffer.from('RFB 003.003\n', 'latin1');
const noSecurity = Buffer.from([0, 0, 0, 1]);

/** `init` is the ServerInit that a player is to believe. */
export function filmScreen(init: Uint8Array): Film {
  return {
    header: Buffer.concat([name, block(Buffer.concat([version, noSecurity, init]), 0)]),
    add: block,
    // The last picture is asked for at the end, and a block without bytes is none to some players.
    end: () => Buffer.alloc(0),
  };
}

function block(bytes: Uint8Array, afterMs: number): Buffer {
  const padded = Math.ceil(bytes.length / 4) * 4;
  const out = Buffer.alloc(padded + 8);
  out.writeUInt32BE(bytes.length, 0);
  out.set(bytes, 4);
  out.writeUInt32BE(Math.round(afterMs), padded + 4);
  return out;
}
