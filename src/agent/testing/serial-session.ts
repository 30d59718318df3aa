/** A person at a serial console. */
import type { Duplex } from 'node:stream';
import { createWebSocketStream } from 'ws';
import { Watchers } from '../../lib/testing/watchers.ts';
import type { QemuAgent } from './qemu-agent.ts';

const prompt = /[#$] $/;
const loginPrompt = /login: $/;
const retryMs = 500;
const maxText = 200_000;
/** So much of a line is echoed on the terminal's own line, whatever its prompt. */
const echoedLength = 20;
/** A terminal's control sequences: colours, and questions where the cursor is. */
// oxlint-disable-next-line no-control-regex
const escapes = /\u001b\[[0-9;?]*[A-Za-z]/g;

export class SerialSession {
  readonly #stream: Duplex;
  readonly #watchers = new Watchers();
  text = '';

  private constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', (data: Buffer) => {
      this.text = (this.text + data.toString('latin1')).replaceAll(escapes, '').slice(-maxText);
      this.#watchers.wake();
    });
  }

  /** Over a connection that is open, or about to be. */
  static over(stream: Duplex): SerialSession {
    return new SerialSession(stream);
  }

  /** Over the agent's own stream. */
  static async open(
    agent: QemuAgent,
    id: string,
    channel: 'serial1' | 'serial2',
    access: 'read-only' | 'read-write' = 'read-write',
  ): Promise<SerialSession> {
    const streamId = crypto.randomUUID();
    const readOnly = access === 'read-only';
    const [socket] = await Promise.all([
      agent.coordinator.stream(streamId),
      agent.host.call('stream.open', { streamId, id, channel, readOnly }),
    ]);
    return new SerialSession(createWebSocketStream(socket));
  }

  write(text: string): void {
    this.#stream.write(Buffer.from(text, 'latin1'));
  }

  async until(pattern: RegExp, limitMs = 180_000): Promise<string> {
    return await this.#watchers.find(
      () => `${pattern.source}; last: ${this.text.slice(-500)}`,
      () => (pattern.test(this.text) ? this.text : undefined),
      limitMs,
    );
  }

  async logIn(user: string, password: string): Promise<void> {
    await this.until(loginPrompt);
    this.write(`${user}\n`);
    await this.until(/Password: $/i);
    this.write(`${password}\n`);
    await this.until(prompt);
  }

  /** What the command prints, from its echo to the next prompt; throws when the shell is gone. */
  async command(line: string): Promise<string> {
    this.text = '';
    this.write(`${line}\n`);
    const text = await this.#watchers.find(
      () => `the end of ${line}; last: ${this.text.slice(-500)}`,
      () => (this.#isBack(line) ? this.text : undefined),
      180_000,
    );
    if (loginPrompt.test(text)) throw new Error(`the shell ended: ${text.slice(-500)}`);
    return text;
  }

  /** Whether a prompt follows the echo of the line: one that was still on its way when the line was written does not. */
  #isBack(line: string): boolean {
    const head = line.split('\n', 1)[0]?.slice(0, echoedLength) ?? '';
    // Of what is longer than is kept the echo is gone.
    const at = this.text.length < maxText ? this.text.indexOf(head) : 0;
    return at >= 0 && /(?:[#$]|login:) $/.test(this.text.slice(at + head.length));
  }

  /** Runs it again until what it prints fits. */
  async untilCommand(line: string, pattern: RegExp, limitMs = 60_000): Promise<string> {
    const untilMs = Date.now() + limitMs;
    for (;;) {
      const text = (await this.command(line)).replaceAll('\r', '');
      const output = text.slice(text.indexOf('\n') + 1);
      if (pattern.test(output)) return output;
      if (Date.now() > untilMs) throw new Error(`${line} never gave ${pattern.source}: ${output}`);
      await new Promise((resolve) => {
        setTimeout(resolve, retryMs);
      });
    }
  }

  close(): void {
    this.#stream.end();
  }
}
