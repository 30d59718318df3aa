/** What a volume holds on its way to a client, which may have asked not to be sent zeros (sparse streams). */
import type { ServerStream } from '#libvirt';

/** Shorter holes are sent: each is a message of its own. */
const holeBytes = 64 * 1024;
const zeros = Buffer.alloc(holeBytes);

/** `holes`: only where the client asked for a sparse stream. Errors: those of both sides. */
export async function sendVolume(
  stream: Pick<ServerStream, 'write' | 'writeHole'>,
  content: AsyncIterable<Uint8Array>,
  zerosAre: 'all' | 'holes',
): Promise<void> {
  let hole = 0n;
  const sendHole = async (): Promise<void> => {
    if (hole > 0n) await stream.writeHole(hole);
    hole = 0n;
  };
  for await (const bytes of content) {
    if (zerosAre === 'all') {
      await stream.write(bytes);
      continue;
    }
    for (let at = 0; at < bytes.length; at += holeBytes) {
      const piece = bytes.subarray(at, at + holeBytes);
      if (zeros.subarray(0, piece.length).equals(piece)) hole += BigInt(piece.length);
      else {
        await sendHole();
        await stream.write(piece);
      }
    }
  }
  await sendHole();
}
