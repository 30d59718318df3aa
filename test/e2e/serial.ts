/** A person at the serial port: reads until a text appears, types lines. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { isFault, withDeadline } from '#lib';
import { findConnection } from '../../src/cli/connection.ts';
import type { Gantry } from './gantry.ts';

const maxTextLength = 1024 * 1024;

/** A connection to the first serial port of the vm, about to be open. */
export function dialSerial(gantry: Gantry, vm: string): WebSocket {
  const { server, token, authority } = findConnection(gantry.installation, {});
  const url = gantry.client().url('vm.serial.open', { vm }, {});
  url.protocol = server.startsWith('https') ? 'wss:' : 'ws:';
  return new WebSocket(url, {
    headers: { authorization: `Bearer ${token}` },
    ...(authority === undefined ? {} : { ca: authority }),
  });
}

export class SerialPerson implements AsyncDisposable {
  readonly #socket: WebSocket;
  #text = '';
  #wake: (() => void) | undefined;
  #ended: string | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.#text = (this.#text + data.toString('latin1')).slice(-maxTextLength);
      this.#wake?.();
    });
  }

  static async sit(gantry: Gantry, vm: string): Promise<SerialPerson> {
    const socket = dialSerial(gantry, vm);
    const person = new SerialPerson(socket);
    socket.on('close', (code, reason) => person.#end(`${code} ${reason.toString()}`));
    await once(socket, 'open');
    return person;
  }

  #end(how: string): void {
    this.#ended = how;
    this.#wake?.();
  }

  /** All that came so far. */
  get text(): string {
    return this.#text;
  }

  /** What came so far counts no more. */
  forget(): void {
    this.#text = '';
  }

  type(text: string): void {
    this.#socket.send(Buffer.from(text));
  }

  /** Waits until the pattern is in what came after `after`; answers the place behind it. */
  async until(pattern: RegExp, limitMs = 120_000): Promise<void> {
    await withDeadline(
      `${pattern} on the serial port (so far: ${JSON.stringify(this.#text.slice(-300))})`,
      limitMs,
      undefined,
      async () => {
        while (!pattern.test(this.#text)) {
          if (this.#ended !== undefined)
            throw new Error(`the serial port was closed: ${this.#ended}`);
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}

const passwordTries = 6;

/** A shell at the serial port of the starter appliance. */
export async function signInAtSerial(gantry: Gantry, vm: string): Promise<SerialPerson> {
  const person = await SerialPerson.sit(gantry, vm);
  person.type('\r');
  await person.until(/login:/);
  person.type('root\r');
  await person.until(/assword:/);
  // What is typed at once is thrown away where the prompt is written before the terminal is set.
  for (let tries = 1; ; tries += 1) {
    person.type('gantry\r');
    try {
      await person.until(/# /, 10_000);
      return person;
    } catch (error) {
      if (!isFault(error, 'timeout') || tries === passwordTries) throw error;
    }
  }
}
