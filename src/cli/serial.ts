/**
 * The serial console: the terminal's bytes to the vm's serial port and back, over a WebSocket. Ctrl-]
 * (0x1d) detaches, as telnet and virsh do, and so does the end of the input where nobody is at a terminal, unless one
 * only watches. The terminal is put back however it ends.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import {
  consoleMessageSchema,
  consoleProtocol,
  faultFromProblem,
  type ConsoleMessage,
  type WhenHeld,
} from '#api';
import { Fault } from '#lib';
import type { Run } from './command.ts';
import { findConnection } from './connection.ts';

const detachByte = 0x1d;
const maxFrameBytes = 1024 * 1024;
// what a slow terminal may leave unread before the socket is paused
const highWater = 256 * 1024;

export interface SerialJoin {
  readonly port: number;
  readonly readOnly: boolean;
  readonly exclusive: boolean;
  readonly whenHeld: WhenHeld;
}

export async function attachSerial(run: Run, vm: string, join: SerialJoin): Promise<void> {
  const { server, token, authority } = findConnection(run.installation, process.env);
  const { port, readOnly, exclusive, whenHeld } = join;
  const query = { port, readOnly, exclusive, whenHeld };
  const url = new URL(run.client.url('vm.serial.open', { vm }, query));
  url.protocol = server.startsWith('https') ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, consoleProtocol, {
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
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (!isBinary) {
      const text = readNotice(data);
      if (text !== undefined) run.out.note(`\r\n[${text}]\r`);
      return;
    }
    if (!stdout.write(data) && stdout.writableLength > highWater) {
      socket.pause();
      stdout.once('drain', () => socket.resume());
    }
  });
  const raw = stdin.isTTY;
  if (raw) stdin.setRawMode(true);
  const onEnd = (): void => {
    if (!readOnly) socket.close(1000, 'detached');
  };
  stdin.on('data', onInput);
  stdin.once('end', onEnd);
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
    stdin.off('end', onEnd);
    stdin.pause();
    if (raw) stdin.setRawMode(false);
    run.out.note('');
    run.out.note(`detached from ${vm}`);
  }
}

/** What is news to whoever sits here; undefined for what they did themselves, and what is none. */
function readNotice(data: Buffer): string | undefined {
  const { you, session, notice } = consoleMessageSchema.parse(JSON.parse(data.toString()));
  if (notice === null) return undefined;
  const others = session.participants.filter(({ id }) => id !== you);
  if (notice.kind === 'joined' && session.participants.at(-1)?.id === you)
    return others.length === 0
      ? undefined
      : `also here: ${others.map(({ person, access }) => `${person} (${access})`).join(', ')}`;
  return noticeText(notice);
}

function noticeText({ kind, person, by, seconds }: NonNullable<ConsoleMessage['notice']>): string {
  switch (kind) {
    case 'joined':
      return `${person} has joined`;
    case 'left':
      return `${person} has left`;
    case 'view-only':
      return `${person} only looks now (${by})`;
    case 'control':
      return `${person} may type now (${by})`;
    case 'handed-over':
      return `${by} has handed keyboard and mouse over to ${person}`;
    case 'taken-back':
      return `${by} has taken keyboard and mouse back from ${person}`;
    case 'waiting':
      return `${person} waits for this console`;
    case 'take-over':
      return `${by} takes this console over in ${seconds ?? 0} s`;
    case 'recording':
      return `${by} records this console from now on`;
    case 'recording-ended':
      return 'this console is not recorded any more';
    case 'take-over-withdrawn':
      return `${by} does not take this console over any more`;
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
