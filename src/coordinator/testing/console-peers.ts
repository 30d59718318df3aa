/** Both sides of consoles for tests: a machine that echoes what is typed to everybody, and people at it. */
import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { withDeadline } from '#lib';
import { consoleMessageSchema, consoleProtocol, type ConsoleMessage } from '#api';
import type { FakeAgent } from './fake-agent.ts';
import type { Answer, Stage } from './stage.ts';

const limitMs = 30_000;

/** Ends of the machines by `<vm id> <console>`: what is typed on one of them all of them see. */
export function echoConsoles(agent: FakeAgent): ReadonlyMap<string, ReadonlySet<WebSocket>> {
  const ends = new Map<string, Set<WebSocket>>();
  agent.handlers['stream.open'] = (params: { streamId: string; id: string; channel: string }) => {
    const socket = agent.dial(`/agent/stream/${params.streamId}`);
    const channel = `${params.id} ${params.channel}`;
    const all = ends.get(channel) ?? new Set<WebSocket>();
    ends.set(channel, all.add(socket));
    socket.on('open', () => {
      if (params.channel === 'screen') socket.send(Buffer.from('RFB 003.008\n'));
    });
    socket.on('message', (data: Buffer) => {
      for (const end of all) if (end.readyState === end.OPEN) end.send(data);
    });
    socket.on('close', () => all.delete(socket));
    socket.on('error', () => all.delete(socket));
    return {};
  };
  return ends;
}

/** The HTTP answer with which an upgrade is refused. */
export async function refusal(socket: WebSocket): Promise<{
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}> {
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    { statusCode: number } & AsyncIterable<Buffer>,
  ];
  let text = '';
  for await (const chunk of response) text += chunk.toString();
  const { code, detail } = JSON.parse(text) as { code: string; detail: string };
  return { status: response.statusCode, code, detail };
}

/** Somebody at a console: what they are told, and what the machine shows them. */
export class ConsolePerson {
  readonly socket: WebSocket;
  readonly messages: ConsoleMessage[] = [];
  shown = '';
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly #wakes = new Set<() => void>();

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.shown += data.toString('latin1');
      else this.messages.push(consoleMessageSchema.parse(JSON.parse(data.toString())));
      this.#wake();
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#wake();
    });
  }

  /** Connected, and told who is there. */
  static async join(stage: Stage, path: string, token?: string): Promise<ConsolePerson> {
    const person = new ConsolePerson(
      stage.dial(path, { ...(token === undefined ? {} : { token }), protocol: consoleProtocol }),
    );
    await once(person.socket, 'open');
    await person.until(() => person.messages.length > 0, 'who is there');
    return person;
  }

  get last(): ConsoleMessage {
    const message = this.messages.at(-1);
    if (message === undefined) throw new Error('nothing was told yet');
    return message;
  }

  /** Its own id. */
  get id(): string {
    return this.last.you;
  }

  /** `kind person by`, of all that was told. */
  get notices(): readonly string[] {
    return this.messages.flatMap(({ notice }) =>
      notice === null ? [] : [`${notice.kind} ${notice.person} by ${notice.by}`],
    );
  }

  /** Who is there: `person access`. */
  get present(): readonly string[] {
    return this.last.session.participants.map(({ person, access }) => `${person} ${access}`);
  }

  type(text: string): void {
    this.socket.send(Buffer.from(text, 'latin1'));
  }

  async until(holds: () => boolean, what: string): Promise<void> {
    await withDeadline(`waiting for: ${what}`, limitMs, undefined, async (signal) => {
      while (!holds() && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wakes.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
        await promise;
      }
    });
  }

  async hears(notice: string): Promise<void> {
    await this.until(() => this.notices.includes(notice), `${notice} (${this.notices.join('; ')})`);
  }

  async sees(text: string): Promise<void> {
    await this.until(() => this.shown.includes(text), `${text} (${JSON.stringify(this.shown)})`);
  }

  async leave(): Promise<void> {
    this.socket.close();
    await this.until(() => this.closed !== undefined, 'the end');
  }

  #wake(): void {
    const wakes = [...this.#wakes];
    this.#wakes.clear();
    for (const wake of wakes) wake();
  }
}

/** The console events with a correlation id or vm, oldest first, once `count` of them are there. */
export async function consoleEvents(
  stage: Stage,
  filter: string,
  count: number,
): Promise<readonly ConsoleEventShown[]> {
  let items: ConsoleEventShown[] = [];
  for (let look = 0; look < 200 && items.length < count; look += 1) {
    const answer: Answer = await stage.send(
      'GET',
      `/events?limit=500&filter=${encodeURIComponent(filter)}`,
    );
    items = (answer.json as { items: ConsoleEventShown[] }).items;
  }
  return items.toReversed();
}

export interface ConsoleEventShown {
  readonly name: string;
  readonly actor: { readonly name: string };
  readonly origin: string | null;
  readonly message: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}
