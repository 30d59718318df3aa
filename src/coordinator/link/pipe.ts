/**
 * Two WebSockets, or what does as one, joined: binary frames of one go to the other. Each direction holds at most 1 MiB that
 * the receiver has not taken; then its sender is not read. When one ends, so does the other.
 */

/** What is used of a WebSocket by those who carry bytes. */
export interface ByteSocket {
  readonly readyState: number;
  readonly OPEN: number;
  readonly CLOSED: number;
  readonly protocol: string;
  readonly bufferedAmount: number;
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): unknown;
  on(event: 'close', listener: (code: number) => void): unknown;
  on(event: 'error', listener: () => void): unknown;
  send(data: Buffer, options: { readonly binary: true }, onTaken: () => void): void;
  send(data: Buffer | string): void;
  close(code: number, reason: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}

const highWaterBytes = 1024 * 1024;
const lowWaterBytes = 256 * 1024;

/** Changes or drops what passes; a throw ends the pipe (the client breaks the protocol). */
export type PipeFilter = (bytes: Buffer) => Buffer | undefined;

/** Resolves when both are closed. */
export async function pipeSockets(
  client: ByteSocket,
  agent: ByteSocket,
  filterInput: PipeFilter = (bytes) => bytes,
): Promise<void> {
  forward(client, agent, filterInput);
  forward(agent, client, (bytes) => bytes);
  agent.resume();
  await Promise.all([ended(client, agent), ended(agent, client)]);
}

function forward(from: ByteSocket, to: ByteSocket, filter: PipeFilter): void {
  let waitingBytes = 0;
  from.on('message', (data: Buffer, isBinary: boolean) => {
    if (to.readyState !== to.OPEN) return;
    if (!isBinary) {
      from.close(1003, 'only binary frames are carried');
      return;
    }
    let bytes: Buffer | undefined;
    try {
      bytes = filter(data);
    } catch {
      from.close(1008, 'not of the protocol');
      return;
    }
    if (bytes === undefined || bytes.length === 0) return;
    const { length } = bytes;
    waitingBytes += length;
    if (waitingBytes > highWaterBytes) from.pause();
    to.send(bytes, { binary: true }, () => {
      waitingBytes -= length;
      if (waitingBytes < lowWaterBytes) from.resume();
    });
  });
}

const patienceMs = 2_000;

/** What was sent before the end still goes, as long as it is taken: the last of a guest's memory is of no less use than the first. */
function terminateLater(socket: ByteSocket): void {
  let left = socket.bufferedAmount;
  const look = (): void => {
    const now = socket.bufferedAmount;
    const isTaken = socket.readyState !== socket.CLOSED && now > 0 && now < left;
    if (!isTaken) return socket.terminate();
    left = now;
    setTimeout(look, patienceMs).unref();
  };
  setTimeout(look, patienceMs).unref();
}

/** Closes the other when the one closes. */
function ended(one: ByteSocket, other: ByteSocket): Promise<void> {
  return new Promise((resolve) => {
    const finish = (code: number): void => {
      const told = code === 1000 || code === 1001 || (code >= 1003 && code <= 1014);
      if (other.readyState === other.OPEN)
        other.close(told && code !== 1005 && code !== 1006 ? code : 1001, 'the other end closed');
      // A paused socket does not see the other's close frame.
      other.resume();
      terminateLater(other);
      resolve();
    };
    if (one.readyState === one.CLOSED) {
      finish(1001);
      return;
    }
    one.on('close', (code) => finish(code));
    one.on('error', () => one.terminate());
  });
}
