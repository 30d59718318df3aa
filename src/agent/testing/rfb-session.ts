/** A person at the screen of a vm: RFB 3.8 (RFC 6143) over the agent's own stream, as far as pointing needs it. */
import type { WebSocket } from 'ws';
import type { QemuAgent } from './qemu-agent.ts';

const noAuthentication = 1;
const pointerEvent = 5;
const limitMs = 60_000;

export class RfbSession {
  readonly #socket: WebSocket;
  #received = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  width = 0;
  height = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.#received = Buffer.concat([this.#received, data]);
      this.#wake();
    });
    socket.resume();
  }

  static async open(agent: QemuAgent, id: string): Promise<RfbSession> {
    const streamId = crypto.randomUUID();
    const channel = 'screen';
    const [socket] = await Promise.all([
      agent.coordinator.stream(streamId),
      agent.host.call('stream.open', { streamId, id, channel, readOnly: false }),
    ]);
    const session = new RfbSession(socket);
    await session.#shakeHands();
    return session;
  }

  /** Moves the pointer, no button pressed. In pixels of the screen. */
  point(x: number, y: number): void {
    const message = Buffer.alloc(6);
    message.writeUInt8(pointerEvent, 0);
    message.writeUInt16BE(x, 2);
    message.writeUInt16BE(y, 4);
    this.#socket.send(message);
  }

  close(): void {
    this.#socket.close();
  }

  async #shakeHands(): Promise<void> {
    const version = await this.#read(12);
    this.#socket.send(version);
    const count = (await this.#read(1)).readUInt8();
    if (!(await this.#read(count)).includes(noAuthentication)) {
      throw new Error('the screen asks for a password');
    }
    this.#socket.send(Buffer.from([noAuthentication]));
    await this.#read(4);
    // ClientInit: others may watch as well.
    this.#socket.send(Buffer.from([1]));
    const init = await this.#read(24);
    this.width = init.readUInt16BE(0);
    this.height = init.readUInt16BE(2);
    await this.#read(init.readUInt32BE(20));
    // SetEncodings, raw only: QEMU looks for the kind of pointer when it hears this.
    this.#socket.send(Buffer.from([2, 0, 0, 1, 0, 0, 0, 0]));
  }

  async #read(sizeBytes: number): Promise<Buffer> {
    const until = Date.now() + limitMs;
    while (this.#received.length < sizeBytes) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, until - Date.now());
      await promise;
      clearTimeout(timer);
      if (Date.now() >= until) throw new Error('the screen does not answer');
    }
    const bytes = this.#received.subarray(0, sizeBytes);
    this.#received = this.#received.subarray(sizeBytes);
    return bytes;
  }
}
