/** Makes load over HTTPS with connections that are kept; ends when the bench lets go of it. */
import { once } from 'node:events';
import { Agent, request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { LoadAnswer, LoadRequest } from './load.ts';

let headers: Readonly<Record<string, string>> = {};
let authority: string | undefined;
const counts: number[] = [];
let wake: (() => void) | undefined;

function options(agent: Agent): RequestOptions {
  return { agent, headers, ...(authority === undefined ? {} : { ca: authority }) };
}

async function exchange(
  url: string,
  expected: 200 | 202,
  given: RequestOptions,
  body?: string,
): Promise<void> {
  const asked = request(url, given);
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  if (response.statusCode !== expected) throw new Error(`${url} answered ${response.statusCode}`);
}

/** So many loops side by side until count or time is used up. Answers the time of each. */
async function repeat(
  connections: number,
  count: number,
  limitMs: number,
  once: (index: number, agent: Agent) => Promise<void>,
): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const takenMs: number[] = [];
  const end = performance.now() + limitMs;
  let next = 0;
  const loop = async (): Promise<void> => {
    while (next < count && performance.now() < end) {
      const index = next;
      next += 1;
      const begin = performance.now();
      await once(index, agent);
      takenMs.push(performance.now() - begin);
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  agent.destroy();
  return takenMs;
}

const pick = (urls: readonly string[], index: number): string =>
  urls[(index * 7919) % urls.length] ?? '';

async function listen(url: string, watcher: number): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const asked = request(url, options(agent));
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
  counts[watcher] = 0;
  // The line that begins an event is counted; the rest of the chunk is not looked at.
  let rest = '';
  response.on('data', (chunk: Buffer) => {
    const text = rest + chunk.toString('latin1');
    let found = 0;
    for (let at = text.indexOf('\nid: '); at >= 0; at = text.indexOf('\nid: ', at + 1)) found += 1;
    rest = text.slice(-4);
    counts[watcher] = (counts[watcher] ?? 0) + found;
    wake?.();
  });
}

async function untilHeard(events: number): Promise<void> {
  while (counts.some((count) => count < events))
    await new Promise<void>((resolve) => (wake = resolve));
}

async function serve(asked: LoadRequest): Promise<LoadAnswer> {
  let takenMs: readonly number[] = [];
  switch (asked.kind) {
    case 'connect':
      headers = { authorization: `Bearer ${asked.connection.token}` };
      authority = asked.connection.authority;
      break;
    case 'read':
      takenMs = await repeat(asked.connections, asked.count, asked.limitMs, (index, agent) =>
        exchange(pick(asked.urls, index), 200, options(agent)),
      );
      break;
    case 'write':
      takenMs = await repeat(asked.connections, asked.count, Infinity, (index, agent) =>
        exchange(
          asked.urls[index % asked.urls.length] ?? '',
          202,
          {
            ...options(agent),
            method: 'PATCH',
            headers: {
              ...headers,
              'content-type': 'application/merge-patch+json',
              prefer: 'wait=30',
            },
          },
          JSON.stringify({ description: `change ${index}` }),
        ),
      );
      break;
    case 'watch':
      await Promise.all(
        Array.from({ length: asked.watchers }, (_, watcher) => listen(asked.url, watcher)),
      );
      break;
    case 'heard':
      await untilHeard(asked.eventsPerWatcher);
      break;
  }
  return { takenMs, heard: counts.reduce((sum, count) => sum + count, 0) };
}

process.on('message', (asked: LoadRequest) => {
  void serve(asked).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit());
