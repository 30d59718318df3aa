/** A reverse proxy as a site may have one: TLS of its own, requests and upgrades passed on as they are, with the host that was asked for. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, request } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import type { Gantry } from './gantry.ts';

export interface ReverseProxy extends AsyncDisposable {
  /** `https://127.0.0.1:PORT` */
  readonly address: string;
}

export async function openReverseProxy(gantry: Gantry): Promise<ReverseProxy> {
  const { hostname: host, port } = new URL(gantry.client().server);
  const target = { host, port: Number(port), rejectUnauthorized: false };
  // Any certificate does, and the one of the coordinator is there: key and certificate in one file.
  const own = readFileSync(`${gantry.data}/coordinator/authority/server.pem`);
  const server = createServer({ key: own, cert: own }, (asked, answer) => {
    const { method, url, headers } = asked;
    const passed = request({ ...target, method, path: url, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    answer.on('close', () => passed.destroy());
    asked.pipe(passed);
  });
  const open = new Set<Duplex>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('upgrade', (asked: IncomingMessage, client: Duplex, head: Buffer) => {
    const { method, url, rawHeaders } = asked;
    const backend = connect(target);
    const end = (): void => {
      backend.destroy();
      client.destroy();
    };
    for (const socket of [backend, client]) socket.on('error', end).on('close', end);
    const lines = [`${method} ${url} HTTP/1.1`];
    for (let at = 0; at < rawHeaders.length; at += 2)
      lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
    backend.write(`${lines.join('\r\n')}\r\n\r\n`);
    backend.write(head);
    client.pipe(backend).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const listening = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    address: `https://127.0.0.1:${listening}`,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
