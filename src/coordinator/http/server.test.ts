/** The server as a whole, over a real connection: what every route has in common. */
import assert from 'node:assert/strict';
import { connect as connectPlain } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { problemSchema, type Operation, type Vm, type VmDefinition } from '#api';
import { FakeAgent, makeReport } from '../testing/fake-agent.ts';
import { Stage, type Answer } from '../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  agent.handlers['machine.plan'] = () => ({ ok: true, reasons: [], warnings: [] });
  agent.handlers['machine.create'] = ({ definition }: { definition: VmDefinition }) => ({
    report: makeReport(definition),
  });
  await agent.connect();
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

/** The answer is the fault, as a problem document that tells nothing of our inside. */
function assertFault(
  { status, headers, json, text }: Answer,
  code: string,
  expected: number,
): void {
  assert.equal(status, expected, text);
  assert.equal(headers['content-type'], 'application/problem+json');
  const problem = problemSchema.parse(json);
  assert.equal(problem.code, code);
  assert.equal(problem.status, expected);
  assert.equal(problem.correlationId, headers['x-correlation-id']);
  const log = `correlationId+%3D+${problem.correlationId}`;
  assert.equal(problem.log, `/api/v1/events?filter=${log}`);
  assert.doesNotMatch(text, /\bat .+:\d+:\d+|node_modules|\/src\/|\.ts\b/);
}

describe('answers', () => {
  test('every answer forbids sniffing, framing and caching, and has a correlation id', async () => {
    for (const path of ['/vms', '/vms/nothing', '/nowhere']) {
      const { headers } = await stage.send('GET', path);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['x-frame-options'], 'DENY');
      assert.equal(headers['cache-control'], 'no-store');
      assert.match(String(headers['content-security-policy']), /default-src 'none'/);
      assert.match(String(headers['strict-transport-security']), /max-age=\d+/);
      assert.match(String(headers['x-correlation-id']), /^[0-9a-f-]{36}$/);
    }
  });

  test("the client's own correlation id is kept where it is a UUID", async () => {
    const id = '3f8a2c5e-9b1d-4e7a-8c6f-2d4b6a8e0c1f';
    const kept = await stage.send('GET', '/vms', { headers: { 'x-correlation-id': id } });
    assert.equal(kept.headers['x-correlation-id'], id);
    const other = await stage.send('GET', '/vms', { headers: { 'x-correlation-id': 'x"><b>' } });
    assert.notEqual(other.headers['x-correlation-id'], 'x"><b>');
  });

  test('the OpenAPI document and a page made of it are served without a sign-in', async () => {
    const document = await stage.send('GET', '/openapi.json', { token: null });
    assert.equal(document.status, 200);
    assert.equal((document.json as { openapi: string }).openapi, '3.1.0');
    const page = await stage.send('GET', '//api', { token: null });
    assert.equal(page.status, 200);
    assert.match(String(page.headers['content-type']), /^text\/html/);
    assert.match(page.text, /id="vm\.create"/);
    assert.doesNotMatch(page.text, /<script|src=|@import|url\(/);
    assert.match(String(page.headers['content-security-policy']), /style-src 'sha256-/);
  });

  test('a proof that does not hold is refused, and none opens nothing but what is public', async () => {
    assertFault(await stage.send('GET', '/vms', { token: null }), 'unauthenticated', 401);
    assertFault(await stage.send('GET', '/vms', { token: 'gantry_wrong' }), 'unauthenticated', 401);
    assertFault(await stage.send('GET', '//metrics', { token: null }), 'unauthenticated', 401);
    assert.equal((await stage.send('GET', '/healthy', { token: null })).status, 200);
  });

  test('HEAD is answered as GET is, without the body', async () => {
    for (const path of ['/vms', '/vms/nothing', '//', '//metrics', '/watch', '/sessions']) {
      const { status, headers, text: body } = await stage.send('HEAD', path);
      assert.equal(body, '', path);
      const streams = path === '/watch';
      if (streams) assert.match(String(headers['content-type']), /^text\/event-stream/);
      else assert.equal(status, (await stage.send('GET', path)).status, path);
      if (streams) assert.equal(status, 200);
    }
    assert.equal((await stage.send('HEAD', '/vms', { token: null })).status, 401);
    const both = await Promise.all(['HEAD', 'GET'].map((method) => stage.send(method, '/vms')));
    const [head, whole] = both.map(({ headers }) => headers);
    assert.equal(head?.['content-length'], whole?.['content-length']);
  });

  test('a request without TLS is told so, and nothing of it is looked at', async () => {
    const { hostname, port } = new URL(stage.url);
    const socket = connectPlain(Number(port), hostname);
    socket.write(
      `POST /api/v1/vms HTTP/1.1\r\nContent-Length: 400000\r\n\r\n${'x'.repeat(400_000)}`,
    );
    const answer = await text(socket);
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.match(answer, /"hint":"write https:\/\/ in place of http:\/\/"/);
    assert.equal((await stage.send('GET', '/healthy')).status, 200);
  });

  test('API-16 metrics are in the Prometheus text format', async () => {
    const { status, text, headers } = await stage.send('GET', '//metrics');
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
    assert.match(text, /^gantry_vms\{state="running"\} \d+$/m);
    assert.match(text, /^nodejs_eventloop_utilization (0(\.\d+)?|1)$/m);
    for (const line of text.trimEnd().split('\n'))
      assert.match(
        line,
        /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.e+-]+)$/,
      );
  });
});

describe('bad input', () => {
  const cases: readonly (readonly [string, string, string, Parameters<Stage['send']>[2]])[] = [
    ['an unknown field', 'POST', '/vms', { body: { name: 'a', colour: 'red' } }],
    ['a wrong type', 'POST', '/vms', { body: { name: 5 } }],
    ['a huge number', 'POST', '/vms', { body: { name: 'a', memoryBytes: 1e300 } }],
    ['a negative size', 'POST', '/vms', { body: { name: 'a', memoryBytes: -1 } }],
    ['half a byte', 'POST', '/vms', { body: { name: 'a', memoryBytes: 0.5 } }],
    ['a control character', 'POST', '/vms', { body: { name: 'a\u0007b' } }],
    ['a name of 10,000 letters', 'POST', '/vms', { body: { name: 'a'.repeat(10_000) } }],
    ['no body', 'POST', '/folders', {}],
    ['a list for an object', 'POST', '/vms', { body: [] }],
    ['null', 'POST', '/vms', { body: null }],
    ['what is not JSON', 'POST', '/vms', { raw: '{"name":' }],
    ['JSON that is not UTF-8', 'POST', '/vms', { raw: Buffer.from([0x22, 0xff, 0x22]) }],
    ['nesting without end', 'POST', '/vms', { raw: '['.repeat(100_000) }],
    [
      'nesting in a free field',
      'POST',
      '/vms',
      { raw: `{"name":"a","definition":{"x":${'['.repeat(5000)}${']'.repeat(5000)}}}` },
    ],
    ['__proto__', 'POST', '/vms', { raw: '{"name":"a","__proto__":{"x":1}}' }],
    ['a form', 'POST', '/vms', { raw: 'name=a', headers: { 'content-type': 'text/plain' } }],
    ['an unknown query', 'GET', '/vms?colour=red', {}],
    ['a query twice', 'GET', '/vms?limit=1&limit=2', {}],
    ['a limit of nothing', 'GET', '/vms?limit=0', {}],
    ['a limit beyond all bounds', 'GET', '/vms?limit=1e9', {}],
    ['a filter that is none', 'GET', '/vms?filter=%28', {}],
    ['a sort that is none', 'GET', '/vms?sort=%00', {}],
    ['a cursor that is none', 'GET', '/vms?cursor=abc', {}],
    ['an action that is none', 'POST', '/vms/x/actions/explode', {}],
    ['a query where there is none', 'GET', '/vms/x/actions?a=1', {}],
    ['a broken escape', 'GET', '/vms/%E0%A4%A', {}],
    ['a tag that is none', 'PATCH', '/installation', { body: {}, headers: { 'if-match': 'abc' } }],
    [
      'a key that is none',
      'POST',
      '/folders',
      { body: { name: 'a' }, headers: { 'idempotency-key': 'a b' } },
    ],
  ];
  for (const [what, method, path, asked] of cases) {
    test(`${what} is refused with the reason, and nothing changes`, async () => {
      const head = stage.coordinator.inventory.count('vm');
      const answer = await stage.send(method, path, asked);
      if (answer.status === 404) assertFault(answer, 'not-found', 404);
      else assertFault(answer, 'invalid', 400);
      assert.equal(stage.coordinator.inventory.count('vm'), head);
    });
  }

  test('a fault about a body lists every issue with its path', async () => {
    const { json } = await stage.send('POST', '/vms', { body: { name: '', memoryBytes: 'x' } });
    const { issues } = (json as { facts: { issues: { path: string }[] } }).facts;
    assert.deepEqual(issues.map(({ path }) => path).sort(), ['memoryBytes', 'name']);
  });

  test('a body of 100 MB is refused before it is read', async () => {
    const memory = process.memoryUsage().rss;
    const answer = await stage.send('POST', '/vms', { raw: Buffer.alloc(100 * 1024 * 1024, 0x20) });
    assertFault(answer, 'too-large', 413);
    assert.ok(process.memoryUsage().rss - memory < 250 * 1024 * 1024);
  });

  test('a body without a length is cut off at its bound', async () => {
    const answer = await rawRequest(
      `POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n` +
        `100000\r\n${' '.repeat(0x100000)}\r\n100000\r\n${' '.repeat(0x100000)}\r\n0\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 413 /);
  });

  test('a URL of 10,000 letters is refused', async () => {
    assertFault(await stage.send('GET', `/vms?filter=${'a'.repeat(9000)}`), 'too-large', 413);
    const path = await stage.send('GET', `/vms/${'a'.repeat(5000)}`);
    assert.ok(path.status === 400 || path.status === 404);
  });

  test('a head without end is refused', async () => {
    const answer = await rawRequest(
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 413 .*\r\n/);
    assert.match(answer, /"code":"too-large"/);
  });

  test('what is not HTTP is answered and closed', async () => {
    assert.match(await rawRequest('\u0016\u0003\u0001 hello\r\n\r\n'), /^HTTP\/1\.1 400 /);
  });

  test('a name that two things cannot have is refused with the name', async () => {
    assert.equal((await stage.send('POST', '/folders', { body: { name: 'twice' } })).status, 200);
    const again = await stage.send('POST', '/folders', { body: { name: 'twice' } });
    assertFault(again, 'exists', 409);
    assert.match(again.text, /twice/);
  });

  test('a disk image that is missing is refused before anything is written', async () => {
    const body = { name: 'a', disk: { kind: 'image', image: 'nothing' } };
    assertFault(await stage.send('POST', '/vms', { body }), 'not-found', 404);
  });
});

/** Bytes on a connection of their own, and what comes back until it ends. */
async function rawRequest(text: string): Promise<string> {
  const { hostname, port } = new URL(stage.url);
  const socket = connect({ host: hostname, port: Number(port), ca: stage.authority });
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  socket.on('secureConnect', () => socket.write(text, 'latin1'));
  await new Promise((resolve) => {
    socket.on('close', resolve);
    setTimeout(() => socket.destroy(), 4000).unref();
  });
  return answer;
}

describe('changes', () => {
  test('API-22 a stale write is refused, a fresh one and one for any version are taken', async () => {
    const made = await stage.send('POST', '/folders', { body: { name: 'tagged' } });
    const { id } = made.json as { id: string };
    assert.equal(made.headers.etag, '"1"');
    const patch = (name: string, tag: string): Promise<Answer> =>
      stage.send('PATCH', `/folders/${id}`, { body: { name }, headers: { 'if-match': tag } });
    assert.equal((await patch('tagged-2', '"1"')).headers.etag, '"2"');
    const stale = await patch('tagged-3', '"1"');
    assertFault(stale, 'stale', 412);
    assert.equal((await patch('tagged-4', 'W/"2"')).status, 412);
    assert.equal((await patch('tagged-5', '"1", "2"')).status, 200);
    assert.equal((await patch('tagged-6', '*')).status, 200);
  });

  test('API-22 a request repeated with its key has one effect and the same answer', async () => {
    const ask = (name: string): Promise<Answer> =>
      stage.send('POST', '/folders', { body: { name }, headers: { 'idempotency-key': 'k-1' } });
    const [first, second] = await Promise.all([ask('once'), ask('once')]);
    const third = await ask('once');
    assert.equal(first.status, 200);
    assert.equal(second.text, first.text);
    assert.equal(third.text, first.text);
    assert.equal(third.headers.etag, first.headers.etag);
    assertFault(await ask('other'), 'refused', 409);
  });

  test('a failed request may be repeated with its key', async () => {
    const headers = { 'idempotency-key': 'k-2' };
    const wrong = await stage.send('POST', '/folders', { body: { name: 'twice' }, headers });
    assert.equal(wrong.status, 409);
    const again = await stage.send('POST', '/folders', { body: { name: 'twice' }, headers });
    assert.equal(again.status, 409);
  });

  test('an answer that shows a secret is not kept for repetitions', async () => {
    const headers = { 'idempotency-key': 'k-3' };
    const body = { name: 'kept-secret' };
    const made = await stage.send('POST', '/tokens', { body, headers });
    assert.equal(made.status, 200);
    const { secret } = made.json as { secret: string };
    const again = await stage.send('POST', '/tokens', { body, headers });
    assertFault(again, 'refused', 409);
    assert.ok(!again.text.includes(secret));
    for (const { data } of await stage.coordinator.store.range('request', '', 100))
      assert.ok(!JSON.stringify(data).includes(secret));
  });

  test('API-22 a dry run checks everything and changes nothing', async () => {
    const head = (): readonly number[] =>
      (['vm', 'operation', 'folder', 'name'] as const).map((kind) =>
        stage.coordinator.inventory.count(kind),
      );
    const before = head();
    const vm = await stage.send('POST', '/vms?dryRun=true', { body: { name: 'dry' } });
    assert.equal(vm.status, 200, vm.text);
    assert.equal((vm.json as { dryRun: boolean }).dryRun, true);
    const folder = await stage.send('POST', '/folders?dryRun=true', { body: { name: 'dry' } });
    assert.equal(folder.status, 200);
    const taken = await stage.send('POST', '/folders?dryRun=true', { body: { name: 'twice' } });
    assert.equal(taken.status, 409);
    assert.deepEqual(head(), before);
  });

  test('API-19 long work answers 202 with the operation at once, or waits for it when asked to', async () => {
    const begun = await stage.send('POST', '/vms', { body: { name: 'slow-1' } });
    assert.equal(begun.status, 202);
    const { id } = begun.json as Operation;
    assert.equal(begun.headers.location, `/api/v1/operations/${id}`);
    const shown = await stage.send('GET', `/operations/${id}?waitSeconds=20`);
    assert.equal((shown.json as Operation).state, 'done');
    const waited = await stage.send('POST', '/vms', {
      body: { name: 'slow-2' },
      headers: { prefer: 'respond-async, wait=20' },
    });
    assert.equal((waited.json as Operation).state, 'done');
    assert.equal(waited.headers['preference-applied'], 'wait=20');
  });

  test('API-18 a vm is shown with its state as a word and as the stable number', async () => {
    const { json } = await stage.send('GET', '/vms/slow-1');
    const vm = json as Vm;
    assert.equal(vm.state, 'off');
    assert.equal(vm.stateNumber, 1);
  });

  test('API-09 a list is filtered, sorted, cut to fields and paged without gaps', async () => {
    const first = await stage.send('GET', '/vms?sort=-name&limit=1&fields=name&filter=name:slow');
    const page = first.json as { items: { name: string }[]; nextCursor: string; total: number };
    assert.deepEqual(page.items, [{ name: 'slow-2' }]);
    assert.equal(page.total, 2);
    const second = await stage.send(
      'GET',
      `/vms?sort=-name&limit=1&fields=name&filter=name:slow&cursor=${page.nextCursor}`,
    );
    const rest = second.json as typeof page;
    assert.deepEqual(rest.items, [{ name: 'slow-1' }]);
    assert.equal(rest.nextCursor, null);
  });
});
