/**
 * The serial console: the terminal's bytes to the vm's serial port and back, over a WebSocket. Ctrl-]
 * (0x1d) detaches, as telnet and virsh do. The terminal is put back however it ends.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { faultFromProblem } from '#api';
import { Fault } from '#lib';
import type { Run } from './command.ts';
import { findConnection } from './connection.ts';

const detachByte = 0x1d;
const maxFrameBytes = 1024 * 1024;
// what a slow terminal may leave unread before the socket is paused
const highWater = 256 * 1024;

export async function attachSerial(
  run: Run,
  vm: string,
  { port, readOnly }: { port: number; readOnly: boolean },
): Promise<void> {
  const { server, token, authority } = findConnection(run.installation, process.env);
  const url = new URL(run.client.url('vm.serial.open', { vm }, { port, readOnly }));
  url.protocol = server.startsWith('https') ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, {
    headers: { authorization: `Bearer ${token}` },
    ...(authority === undefined ? {} : { ca: authority }),
    maxPayload: maxFrameBytes,
    perMessageDeflate: false,
  });
  await opened(socket, vm);
  const { stdin, stdout } = process;
  run.out.note(`serial console of ${vm}; detach with ctrl-]`);
  const ended = once(socket, 'close');
  const onInput = (chunk: Buffer): void => {
    const detach = chunk.indexOf(detachByte);
    const part = detach < 0 ? chunk : chunk.subarray(0, detach);
    if (part.length > 0 && !readOnly && socket.readyState === WebSocket.OPEN) socket.send(part);
    if (detach >= 0) socket.close(1000, 'detached');
  };
  socket.on('message', (data: Buffer) => {
    if (!stdout.write(data) && stdout.writableLength > highWater) {
      socket.pause();
      stdout.once('drain', () => socket.resume());
    }
  });
  const raw = stdin.isTTY;
  if (raw) stdin.setRawMode(true);
  stdin.on('data', onInput);
  stdin.resume();
  const onAbort = (): void => socket.close(1000);
  run.signal.addEventListener('abort', onAbort, { once: true });
  try {
    const [code, reason] = (await ended) as [number, Buffer];
    if (code !== 1000) {
      throw new Fault(
        'unavailable',
        `the serial console of ${vm} ended: ${reason.toString() || `code ${code}`}`,
      );
    }
  } finally {
    run.signal.removeEventListener('abort', onAbort);
    stdin.off('data', onInput);
    stdin.pause();
    if (raw) stdin.setRawMode(false);
    run.out.note('');
    run.out.note(`detached from ${vm}`);
  }
}

async function opened(socket: WebSocket, vm: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('open', () => resolve());
  socket.once('error', (error) =>
    reject(new Fault('unavailable', `cannot open the serial console of ${vm}`, { cause: error })),
  );
  socket.once('unexpected-response', (_request, response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.length < 64 && chunks.push(chunk));
    response.on('end', () =>
      reject(faultOfResponse(response.statusCode ?? 0, Buffer.concat(chunks).toString(), vm)),
    );
  });
  await promise;
}

function faultOfResponse(status: number, body: string, vm: string): Fault {
  try {
    return faultFromProblem(status, JSON.parse(body));
  } catch {
    return new Fault(
      'unavailable',
      `cannot open the serial console of ${vm}: the server answered ${status}`,
    );
  }
}
