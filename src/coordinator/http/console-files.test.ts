import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { fastify, type FastifyInstance } from 'fastify';
import { Fault } from '#lib';
import { registerConsole } from './console-files.ts';

let outside: string;
let server: FastifyInstance;
let url: string;

before(async () => {
  outside = mkdtempSync(join(tmpdir(), 'gc-'));
  const folder = join(outside, 'console');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(outside, 'secret.js'), 'secret');
  writeFileSync(join(folder, 'stamp'), 'stamp');
  writeFileSync(join(folder, 'index.html'), '<p>page</p>');
  writeFileSync(join(folder, 'assets/index-abc.js'), 'script');
  writeFileSync(join(folder, 'assets/index-abc.js.gz'), gzipSync('script'));
  writeFileSync(join(folder, 'assets/index-abc.js.br'), brotliCompressSync('script'));
  ({ server, url } = await serve(folder));
});
after(async () => {
  await server.close();
  rmSync(outside, { recursive: true, force: true });
});

async function serve(folder: string): Promise<{ server: FastifyInstance; url: string }> {
  const made = fastify();
  made.setErrorHandler((error, _request, reply) => {
    void reply.code(error instanceof Fault && error.code === 'not-found' ? 404 : 500).send();
  });
  registerConsole(made, folder);
  return { server: made, url: await made.listen({ host: '127.0.0.1', port: 0 }) };
}

const page = { accept: 'text/html,*/*' };

test('the page is served for the addresses of the console, under a policy without inline text', async () => {
  for (const path of ['/', '/vms', '/vms/web.1?tab=screen', '/events']) {
    const answer = await fetch(url + path, { headers: page });
    assert.equal(answer.status, 200, path);
    assert.equal(await answer.text(), '<p>page</p>');
    assert.match(answer.headers.get('content-type') ?? '', /^text\/html/);
    assert.equal(answer.headers.get('cache-control'), 'no-cache');
    const policy = answer.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'.*script-src 'self'.*style-src 'self'/);
    assert.doesNotMatch(policy, /unsafe/);
  }
});

test('the first page is there for whoever asks, a probe too', async () => {
  const answer = await fetch(url, { headers: { accept: '*/*' } });
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), '<p>page</p>');
  assert.equal((await fetch(`${url}/vms`, { headers: { accept: '*/*' } })).status, 404);
});

test('a file with a hash in its name is kept for ever, and compressed for those who take it', async () => {
  const path = `${url}/assets/index-abc.js`;
  const plain = await fetch(path, { headers: { 'accept-encoding': 'identity' } });
  assert.equal(await plain.text(), 'script');
  assert.match(plain.headers.get('content-type') ?? '', /^text\/javascript/);
  assert.match(plain.headers.get('cache-control') ?? '', /immutable/);
  assert.equal(plain.headers.get('content-encoding'), null);
  for (const [accepted, encoding] of [
    ['gzip', 'gzip'],
    ['gzip, deflate', 'gzip'],
    ['gzip, deflate, br, zstd', 'br'],
  ] as const) {
    const small = await fetch(path, { headers: { 'accept-encoding': accepted } });
    assert.equal(small.headers.get('content-encoding'), encoding);
    assert.equal(small.headers.get('vary'), 'accept-encoding');
    assert.equal(await small.text(), 'script');
  }
});

test('nothing outside the folder, and nothing of it but its files, is reached', async () => {
  for (const path of [
    '/..%2fsecret.js',
    '/assets/..%2f..%2f..%2fsecret.js',
    '/%2e%2e/secret.js',
    '/assets/%2e%2e/%2e%2e/secret.js',
    '/.hidden.js',
    '/assets/none.js',
    '/none.js',
    '/assets/',
    '/api/nothing',
    '/metrics/x',
  ]) {
    const answer = await fetch(url + path, { headers: page });
    assert.equal(answer.status, 404, path);
    assert.doesNotMatch(await answer.text(), /secret/);
  }
  assert.equal(await (await fetch(`${url}/stamp`, { headers: page })).text(), '<p>page</p>');
});

test('who does not ask for a page gets none for an address that leads nowhere', async () => {
  const answer = await fetch(`${url}/vms`, { headers: { accept: 'application/json' } });
  assert.equal(answer.status, 404);
});

test('where the console is not built, a plain page says how', async () => {
  const bare = await serve(join(outside, 'nowhere'));
  try {
    const answer = await fetch(`${bare.url}/vms`, { headers: page });
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /\.\/gantry up/);
  } finally {
    await bare.server.close();
  }
});
