/**
 * The handshake with the machine's screen in the place of a viewer that has proved itself already (RFC 6143, section 7.1): the
 * screen, which is Gantry's own, asks for no proof. Its SecurityResult is the first that the viewer hears of it.
 */
import type { Duplex } from 'node:stream';
import { Fault } from '#lib';
import { readExactly, rfbVersion, securityTypes } from '#rfb';

/** Errors: `unsupported`; `unavailable` where the screen ends. */
export async function introduce(screen: Duplex, signal: AbortSignal): Promise<void> {
  await readExactly(screen, rfbVersion.length, signal);
  screen.write(rfbVersion);
  const count = (await readExactly(screen, 1, signal)).readUInt8(0);
  const types = count === 0 ? Buffer.alloc(0) : await readExactly(screen, count, signal);
  if (!types.includes(securityTypes.none))
    throw new Fault('unsupported', 'the screen asks for a proof of its own');
  screen.write(Buffer.from([securityTypes.none]));
}
