/**
 * HTTP without TLS on a port that speaks TLS, which people get by leaving out the s of https. The first
 * byte tells: a handshake begins with 22 (RFC 8446 5.1), a request with a letter of its method (RFC 9112 3.1).
 */
import type { Server, Socket } from 'node:net';

const capitalA = 0x41;
const capitalZ = 0x5a;
const firstByteMs = 15_000;

/** Every connection of the server that begins as a request is handed to `turnAway`; the others go on as before. */
export function turnAwayPlainHttp(server: Server, turnAway: (socket: Socket) => void): void {
  const [shakeHands, ...others] = server.listeners('connection') as ((socket: Socket) => void)[];
  if (shakeHands === undefined) return;
  server.removeAllListeners('connection');
  for (const listener of others) server.on('connection', listener);
  server.on('connection', (socket: Socket) => {
    const giveUp = (): void => void socket.destroy();
    const onReadable = (): void => {
      const first = socket.read(1) as Buffer | null;
      if (first === null) return;
      socket.off('readable', onReadable);
      socket.setTimeout(0, giveUp);
      const [byte = 0] = first;
      if (byte >= capitalA && byte <= capitalZ) {
        turnAway(socket);
        return;
      }
      socket.off('error', giveUp);
      socket.unshift(first);
      shakeHands.call(server, socket);
    };
    socket.setTimeout(firstByteMs, giveUp);
    socket.on('error', giveUp);
    socket.on('readable', onReadable);
  });
}
