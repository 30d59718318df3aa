/**
 * Firefox for a test, without a library: started headless with a profile of its own and driven by WebDriver BiDi
 * (https://w3c.github.io/webdriver-bidi/) over one WebSocket. Only what the tests need of it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = '/usr/bin/firefox-esr';
const waitMs = 60_000;

/** For `skip`: why there is no Firefox, or false where there is one. */
export const noFirefox: string | false = existsSync(program)
  ? false
  : `${program} is missing (apt-get install firefox-esr)`;

interface Answer {
  readonly id?: number;
  readonly type: 'success' | 'error' | 'event';
  readonly result?: unknown;
  readonly error?: string;
  readonly message?: string;
  readonly method?: string;
  readonly params?: { readonly text?: string | null; readonly level?: string };
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class Firefox implements AsyncDisposable {
  /** Errors of scripts, and refusals by the page's own policy. */
  readonly complaints: string[] = [];
  readonly #socket: WebSocket;
  readonly #end: () => Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #sent = 0;
  #tab = '';

  private constructor(socket: WebSocket, end: () => Promise<void>) {
    this.#socket = socket;
    this.#end = end;
    socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(String(data))));
    socket.addEventListener('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Firefox is gone'));
    });
  }

  static async open(): Promise<Firefox> {
    await using stack = new AsyncDisposableStack();
    const home = await mkdtemp(join(tmpdir(), 'gf-'));
    stack.defer(() => rm(home, { recursive: true, force: true }));
    const args = ['--headless', '--no-remote', '--remote-debugging-port', '0', '--profile', home];
    const child = spawn(program, args, {
      env: { ...process.env, HOME: home },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const exited = once(child, 'exit');
    stack.defer(async () => {
      child.kill('SIGKILL');
      await exited;
    });
    let said = '';
    const { promise: address, resolve, reject } = Promise.withResolvers<string>();
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < 100_000) said += text;
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(`${found}/session`);
    });
    void exited.then(() => reject(new Error(`Firefox ended: ${said}`)));
    const socket = new WebSocket(await address);
    await once(socket, 'open');
    const undo = stack.move();
    const firefox = new Firefox(socket, () => undo.disposeAsync());
    await firefox.#send('session.new', {
      capabilities: { alwaysMatch: { acceptInsecureCerts: true } },
    });
    await firefox.#send('session.subscribe', { events: ['log.entryAdded'] });
    const { contexts } = (await firefox.#send('browsingContext.getTree', {})) as {
      readonly contexts: readonly { readonly context: string }[];
    };
    firefox.#tab = contexts[0]?.context ?? '';
    return firefox;
  }

  async goto(url: string): Promise<void> {
    await this.#send('browsingContext.navigate', {
      context: this.#tab,
      url,
      wait: 'interactive',
    });
  }

  /** The value of an expression of a page; a promise is awaited. What it answers is text, a number, true or false. */
  async evaluate(expression: string): Promise<unknown> {
    const told = (await this.#send('script.evaluate', {
      expression,
      target: { context: this.#tab },
      awaitPromise: true,
    })) as {
      readonly type: string;
      readonly result?: { readonly value?: unknown };
      readonly exceptionDetails?: { readonly text: string };
    };
    if (told.type !== 'success') throw new Error(`${expression}: ${told.exceptionDetails?.text}`);
    return told.result?.value;
  }

  /** Until an expression of the page is true, which is looked at with each frame. */
  async until(expression: string): Promise<void> {
    await this.evaluate(
      `new Promise((ok, fail) => {
        const end = performance.now() + ${waitMs};
        const look = () => {
          if (${expression}) ok(true);
          else if (performance.now() > end) fail(new Error('never'));
          else requestAnimationFrame(look);
        };
        look();
      })`,
    );
  }

  /** Types into what the selector finds, key by key. */
  async type(selector: string, text: string): Promise<void> {
    const found = `document.querySelector(${JSON.stringify(selector)})`;
    await this.until(`${found} !== null`);
    await this.evaluate(`${found}.focus()`);
    const actions = Array.from(text, (value) => value).flatMap((value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ]);
    await this.#send('input.performActions', {
      context: this.#tab,
      actions: [{ type: 'key', id: 'keyboard', actions }],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#end();
  }

  #send(method: string, params: object): Promise<unknown> {
    this.#sent += 1;
    const id = this.#sent;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.#socket.send(JSON.stringify({ id, method, params }));
    return promise;
  }

  #take({ id, type, result, error, message, params }: Answer): void {
    if (type === 'event') {
      const { level, text } = params ?? {};
      if (level === 'error') this.complaints.push(String(text));
      return;
    }
    const waiting = this.#waiting.get(id ?? 0);
    this.#waiting.delete(id ?? 0);
    if (type === 'success') waiting?.resolve(result);
    else waiting?.reject(new Error(`${error}: ${message}`));
  }
}
