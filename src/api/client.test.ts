/** The client against a server made of bytes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { isFault } from '#lib';
import { Client } from './client.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let answers: Answer[] = [];
const asked: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] =
  [];

before(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      asked.push({ method, url, headers, body });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      answer?.(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => {
  answers = [];
  asked.length = 0;
});

function client(more: Partial<ConstructorParameters<typeof Client>[0]> = {}): Client {
  const { port } = server.address() as AddressInfo;
  return new Client({ server: `http://127.0.0.1:${port}`, token: 'secret-token', ...more });
}

const json =
  (status: number, body: unknown): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };

test('what a server of before does not send of a vm is filled in, alone and in lists; what it sends stays', async () => {
  const before = { kind: 'vm', id: 'x', state: 'running', definition: { name: 'web' } };
  const now = {
    ...before,
    standing: 'migrating',
    template: true,
    hypervisor: 'Xen',
    uuid: 'y',
    subKind: 'container',
  };
  const filled = {
    standing: 'running',
    template: false,
    hypervisor: 'unknown',
    uuid: 'x',
    subKind: 'machine',
  };
  answers = [json(200, before)];
  const shown = await client().call('vm.show', { params: { vm: 'web' } });
  assert.deepEqual(shown, { ...before, ...filled });
  answers = [
    json(200, { items: [now, before, { ...before, state: 'unknown' }], nextCursor: null }),
  ];
  const listed = [];
  for await (const vm of client().list('vm.list', {})) listed.push(vm);
  assert.deepEqual(listed, [
    now,
    { ...before, ...filled },
    { ...before, state: 'unknown', ...filled, standing: 'host-unreachable' },
  ]);
});

test('a call puts parameters, query, body, version, key and token where they belong', async () => {
  answers = [json(202, { id: 'x' })];
  await client().call('vm.update', {
    params: { vm: 'a/b c' },
    query: { dryRun: true },
    body: { description: 'x' },
    ifMatch: 7,
    idempotencyKey: 'k',
  });
  const [call] = asked;
  assert.equal(call?.method, 'PATCH');
  assert.equal(call.url, '/api/v1/vms/a%2Fb%20c?dryRun=true');
  assert.equal(call.body, '{"description":"x"}');
  assert.equal(call.headers['if-match'], '"7"');
  assert.equal(call.headers['idempotency-key'], 'k');
  assert.equal(call.headers.authorization, 'Bearer secret-token');
  assert.equal(call.headers['content-type'], 'application/json');
});

test("the server's fault comes back with code, hint and reasons", async () => {
  const reasons = [{ code: 'memory-free', text: 'too little memory' }];
  answers = [
    json(409, {
      type: '/api#fault-blocked',
      title: 'Blocked',
      status: 409,
      code: 'blocked',
      detail: 'cannot turn on web-1',
      hint: 'stop another',
      reasons,
    }),
  ];
  await assert.rejects(client().call('vm.show', { params: { vm: 'x' } }), (error) => {
    assert.ok(isFault(error, 'blocked'));
    assert.equal(error.hint, 'stop another');
    assert.deepEqual(error.reasons, reasons);
    return true;
  });
});

test('an answer that explains nothing, and none at all, are faults too', async () => {
  answers = [(_request, response) => response.writeHead(502).end('<html>')];
  await assert.rejects(client().call('vm.show', { params: { vm: 'x' } }), (error) =>
    isFault(error, 'unavailable'),
  );
  const nobody = client({ server: 'http://127.0.0.1:1' });
  await assert.rejects(nobody.call('vm.show', { params: { vm: 'x' } }), (error) =>
    isFault(error, 'unavailable'),
  );
  answers = [() => undefined];
  await assert.rejects(
    client({ timeoutMs: 50 }).call('vm.show', { params: { vm: 'x' } }),
    (error) => isFault(error, 'timeout'),
  );
});

test('a trace tells every call, but no token and no password', async () => {
  answers = [json(200, {})];
  const lines: unknown[] = [];
  const traced = client({ trace: (line) => lines.push(line) });
  await traced.call('session.create', {
    body: { means: 'password', user: 'ann', password: 'correct horse' },
  });
  const text = JSON.stringify(lines);
  assert.match(text, /"user":"ann"/);
  assert.doesNotMatch(text, /correct horse|secret-token/);
});

test('API-09 a list is read page by page', async () => {
  answers = [
    json(200, { items: [{ name: 'a' }, { name: 'b' }], nextCursor: 'c1', total: 3 }),
    json(200, { items: [{ name: 'c' }], nextCursor: null, total: 3 }),
  ];
  const names: string[] = [];
  for await (const { name } of client().list('vm.list', { filter: 'x' })) names.push(name);
  assert.deepEqual(names, ['a', 'b', 'c']);
  assert.deepEqual(
    asked.map(({ url }) => url),
    ['/api/v1/vms?filter=x', '/api/v1/vms?filter=x&cursor=c1'],
  );
});

const stream =
  (...chunks: readonly string[]): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const chunk of chunks) response.write(chunk);
    response.end();
  };

test('server-sent events are read however they are cut, with comments left out', async () => {
  answers = [
    stream(
      ': begin\n\nevent: chan',
      'ged\nid: 7\nda',
      'ta: {"a":\ndata: 1}\r\n\r\n',
      'data: 2\n\n',
    ),
  ];
  const heard: unknown[] = [];
  for await (const message of client().stream('watch.open', {}, AbortSignal.timeout(5000)))
    heard.push(message);
  assert.deepEqual(heard, [
    { id: '7', event: 'changed', data: { a: 1 } },
    { id: '7', event: 'message', data: 2 },
  ]);
});

test('events go on after a broken connection where they were, and end with what waiting does not mend', async () => {
  answers = [
    json(200, { items: [{ seq: 4 }], nextCursor: null, total: 4 }),
    stream('id: 5\ndata: {"seq":5}\n\n'),
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('id: 6\ndata: {"seq":6}\n\n', () => response.destroy());
    },
    json(403, {
      type: 'x',
      title: 'x',
      status: 403,
      code: 'forbidden',
      detail: 'no more',
    }),
  ];
  const heard: number[] = [];
  await assert.rejects(
    async () => {
      for await (const { seq } of client().events(undefined, undefined, AbortSignal.timeout(9000)))
        heard.push(seq);
    },
    (error) => isFault(error, 'forbidden'),
  );
  assert.deepEqual(heard, [5, 6]);
  assert.deepEqual(
    asked.map(({ url }) => url),
    [
      '/api/v1/events?limit=1',
      '/api/v1/events/watch?since=4',
      '/api/v1/events/watch?since=5',
      '/api/v1/events/watch?since=6',
    ],
  );
});

test('an event without end is not read without end', async () => {
  const line = 'x'.repeat(1024 * 1024);
  answers = [stream('data: ', ...Array.from({ length: 6 }, () => line))];
  await assert.rejects(
    async () => {
      for await (const _ of client().stream('watch.open', {}, AbortSignal.timeout(5000)));
    },
    (error) => isFault(error, 'too-large'),
  );
});

test('a client for dry runs only checks: looking goes on, what has no dry run is refused unsent', async () => {
  answers = [json(200, { id: 'x' })];
  const careful = client({ dryRun: true });
  await careful.call('user.update', { params: { user: 'ada' }, body: { password: 'a new one' } });
  await careful.call('vm.check', { params: { vm: 'web' }, body: {} });
  await careful.call('vm.show', { params: { vm: 'web' } });
  await assert.rejects(
    careful.call('vm.type', { params: { vm: 'web' }, body: { text: 'halt' } }),
    (error) => isFault(error, 'unsupported') && error.message.includes('vm.type'),
  );
  assert.deepEqual(
    asked.map(({ url }) => url),
    ['/api/v1/users/ada?dryRun=true', '/api/v1/vms/web/check', '/api/v1/vms/web'],
  );
});
