/** Listeners to streams of events and changes over real connections, and two hosts for them to hear of. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Event, VmDefinition } from '#api';
import { Watchers } from '../../lib/testing/watchers.ts';
import { FakeAgent, makeDefinition, makeRecord } from './fake-agent.ts';
import { Stage } from './stage.ts';

export interface Message {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** A listener that keeps everything it hears. */
export class Listener implements AsyncDisposable {
  readonly heard: Message[] = [];
  readonly response: IncomingMessage;
  readonly #watchers = new Watchers();
  ended = false;

  private constructor(response: IncomingMessage) {
    this.response = response;
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      rest += chunk;
      for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
        this.#take(rest.slice(0, end));
        rest = rest.slice(end + 2);
      }
    });
    const finish = (): void => {
      this.ended = true;
      this.#watchers.wake();
    };
    response.on('close', finish);
    response.on('error', finish);
  }

  static async open(
    stage: Stage,
    path: string,
    headers: Readonly<Record<string, string>>,
    token: string,
  ): Promise<Listener> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    request(
      `${stage.url}/api/v1${path}`,
      {
        ca: stage.authority,
        agent: false,
        headers: { authorization: `Bearer ${token}`, ...headers },
      },
      resolve,
    )
      .on('error', reject)
      .end();
    const response = await promise;
    assert.equal(response.statusCode, 200);
    assert.match(String(response.headers['content-type']), /^text\/event-stream/);
    return new Listener(response);
  }

  #take(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => {
        const at = line.indexOf(': ');
        return [line.slice(0, at), line.slice(at + 2)];
      }),
    );
    const data = fields.get('data');
    if (data === undefined) return;
    this.heard.push({
      event: fields.get('event') ?? 'message',
      id: fields.get('id'),
      data: JSON.parse(data) as unknown,
    });
    this.#watchers.wake();
  }

  /** The first message that is meant. */
  async until(is: (message: Message) => boolean): Promise<Message> {
    return await this.#watchers.find(
      () => JSON.stringify(this.heard).slice(-1500),
      () => {
        const found = this.heard.find(is);
        if (found === undefined && this.ended) throw new Error('the stream ended');
        return found;
      },
      5000,
    );
  }

  async untilEnded(): Promise<void> {
    if (!this.ended) await once(this.response, 'close', { signal: AbortSignal.timeout(10_000) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.response.destroy();
  }
}

/** Of a thing, by its name. */
export const isEvent =
  (name: string, target: string) =>
  ({ data }: Message): boolean =>
    (data as Event).name === name && (data as Event).target.name === target;

/** A coordinator with a simulated host, and one made of bytes that has the vm `web-1`. */
export class WatchRoom implements AsyncDisposable {
  readonly stage: Stage;
  readonly agent: FakeAgent;
  readonly web: VmDefinition;
  /** Of somebody who may see everything. */
  readonly token: string;

  private constructor(stage: Stage, agent: FakeAgent, web: VmDefinition, token: string) {
    this.stage = stage;
    this.agent = agent;
    this.web = web;
    this.token = token;
  }

  static async open(): Promise<WatchRoom> {
    await using stack = new AsyncDisposableStack();
    const stage = stack.use(await Stage.open());
    await stage.addHost('sim');
    const agent = stack.use(await FakeAgent.join(stage, 'h1'));
    const web = makeDefinition('web-1');
    await agent.connect([makeRecord(web, 1)]);
    const { json } = await stage.send('POST', '/tokens', { body: { name: 'watcher' } });
    stack.move();
    return new WatchRoom(stage, agent, web, (json as { secret: string }).secret);
  }

  /** `path` below `/api/v1`. */
  readonly listen = (
    path: string,
    headers: Readonly<Record<string, string>> = {},
    token: string = this.token,
  ): Promise<Listener> => Listener.open(this.stage, path, headers, token);

  /** Answers its id. */
  readonly makeFolder = async (name: string): Promise<string> => {
    const { json, status, text } = await this.stage.send('POST', '/folders', { body: { name } });
    assert.equal(status, 200, text);
    return (json as { id: string }).id;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    await this.stage[Symbol.asyncDispose]();
  }
}
