/** A front end before a coordinator made of bytes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { linkServerName } from '#api';
import { isFault, type Fault } from '#lib';
import { makePair } from '../../lib/x509/testing/certificate-pair.ts';
import { FrontEnd } from './front-end.ts';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

describe('a front end', () => {
  let coordinator: Server;
  let authority: string;
  let url: URL;
  let own: { readonly chain: string; readonly key: string };
  const asked: string[] = [];
  const hosts: (string | undefined)[] = [];
  const faults: Fault[] = [];
  const left = Promise.withResolvers<void>();

  before(async () => {
    const pair = await makePair(linkServerName);
    authority = pair.chain;
    own = await makePair('front.example');
    coordinator = createServer({ cert: pair.chain, key: pair.key }, (taken, answer) => {
      const { method, url: path } = taken;
      asked.push(`${method} ${path}`);
      hosts.push(taken.headers.host);
      if (path?.startsWith('/assets/')) {
        answer.setHeader('cache-control', 'public, max-age=31536000, immutable');
        answer.end('script');
      } else if (path === '/stream') {
        answer.write('first');
        taken.on('close', left.resolve);
      } else taken.pipe(answer.writeHead(200, { 'set-cookie': 'a=b; Secure' }));
    });
    coordinator.on('upgrade', (_asked, socket) => {
      socket.write(`HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n`);
      socket.pipe(socket);
    });
    coordinator.listen(0, '127.0.0.1');
    await once(coordinator, 'listening');
    url = new URL(`https://127.0.0.1:${(coordinator.address() as AddressInfo).port}`);
  });
  after(() => {
    coordinator?.closeAllConnections();
    coordinator?.close();
  });

  const open = (trusted: string | undefined): Promise<FrontEnd> =>
    FrontEnd.open({
      coordinator: url,
      authority: trusted,
      certificate: own,
      listen: { host: '127.0.0.1', port: 0 },
      onFault: (fault) => faults.push(fault),
    });
  async function ask(frontEnd: FrontEnd, path: string, body?: string): Promise<Answer> {
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request(new URL(path, frontEnd.url), { method, rejectUnauthorized: false });
    sent.end(body);
    const [answered] = (await once(sent, 'response')) as [IncomingMessage];
    const { statusCode: status = 0, headers } = answered;
    const text = Buffer.concat(await answered.toArray()).toString();
    return { status, text, headers };
  }

  test('passes requests on with their bodies, cookies and the host that was asked for', async () => {
    await using frontEnd = await open(authority);
    const { status, text, headers } = await ask(frontEnd, '/api/v1/things?a=%2F', 'a body');
    assert.deepEqual([status, text], [200, 'a body']);
    assert.deepEqual(headers['set-cookie'], ['a=b; Secure']);
    assert.equal(asked.at(-1), 'POST /api/v1/things?a=%2F');
    assert.equal(hosts.at(-1), new URL(frontEnd.url).host);
  });

  test('keeps what never changes, and nothing else', async () => {
    await using frontEnd = await open(authority);
    asked.length = 0;
    for (let time = 0; time < 3; time += 1)
      assert.equal((await ask(frontEnd, '/assets/index-1.js')).text, 'script');
    for (let time = 0; time < 2; time += 1) await ask(frontEnd, '/status');
    assert.deepEqual(asked, ['GET /assets/index-1.js', 'GET /status', 'GET /status']);
  });

  test('a stream comes piece by piece, and ends there when it is left here', async () => {
    await using frontEnd = await open(authority);
    const sent = request(new URL('/stream', frontEnd.url), { rejectUnauthorized: false }).end();
    const [answered] = (await once(sent, 'response')) as [IncomingMessage];
    const [piece] = (await once(answered, 'data')) as [Buffer];
    assert.equal(piece.toString(), 'first');
    sent.on('error', () => undefined).destroy();
    await left.promise;
  });

  test('a WebSocket of the API is passed on; what agents ask is not', async () => {
    await using frontEnd = await open(authority);
    const { hostname, port } = new URL(frontEnd.url);
    const dial = async (path: string): Promise<string> => {
      const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n`);
      const [head] = (await once(socket, 'data')) as [Buffer];
      socket.write('echo');
      const [echo = ''] = /^HTTP\/1.1 101/.test(head.toString()) ? await once(socket, 'data') : [];
      socket.destroy();
      return `${head.toString().slice(9, 12)} ${String(echo)}`.trim();
    };
    assert.equal(await dial('/api/v1/vms/x/screen'), '101 echo');
    assert.equal(await dial('/api/v1/agent'), '404');
    assert.equal(await dial('/elsewhere'), '404');
    assert.equal((await ask(frontEnd, '/api/v1/agent/stream/x')).status, 404);
  });

  test('another authority is not trusted: nothing is passed on, and people are told', async () => {
    for (const trusted of [own.chain, undefined]) {
      await using frontEnd = await open(trusted);
      asked.length = 0;
      faults.length = 0;
      const { status, text } = await ask(frontEnd, '/status');
      assert.equal(status, 503);
      assert.match(text, /cannot reach the coordinator at https:\/\/127/);
      assert.ok(faults.length > 0);
      await assert.rejects(frontEnd.tryCoordinator(), (error) => isFault(error, 'unavailable'));
      assert.deepEqual(asked, []);
    }
  });
});
