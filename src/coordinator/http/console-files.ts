/**
 * The console: the files that src/console/build.ts has made, and the page for every path that is the
 * console's own. Only plain names of the folder and of its `assets` are ever looked up, so nothing
 * outside is reached; names in `assets` carry a hash and are kept for ever, the page is asked for anew.
 */
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '#lib';

export const builtConsole = fileURLToPath(new URL('../../../dist/console', import.meta.url));

/** Scripts, styles and calls of this origin only; no text of the page is a script or a style. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
};

const fileName = /^\/(assets\/)?[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
const ours = /^\/(api|metrics)(\/|$)/;

const notBuilt = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Gantry</title></head>
<body><h1>The console is not built</h1>
<p>Everything else works: the command line, and <a href="/api">the API</a>. To build the console, run in Gantry's folder:</p>
<pre>./gantry up</pre></body></html>
`;

/** Of the twins of a file (src/console/build.ts), the smaller first. */
const encodings = [
  { name: 'br', extension: '.br' },
  { name: 'gzip', extension: '.gz' },
] as const;

interface Found {
  readonly bytes: Uint8Array;
  readonly encoding: (typeof encodings)[number]['name'] | undefined;
}

async function read(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** `accepted` is the header `accept-encoding`, whose weights no browser uses (RFC 9110, 12.5.3). */
async function find(file: string, accepted: string): Promise<Found | undefined> {
  const names = accepted.split(',').map((name) => name.trim());
  for (const { name, extension } of encodings) {
    const small = names.includes(name) ? await read(file + extension) : undefined;
    if (small !== undefined) return { bytes: small, encoding: name };
  }
  const bytes = await read(file);
  return bytes && { bytes, encoding: undefined };
}

async function send(reply: FastifyReply, path: string, found: Found): Promise<void> {
  if (found.encoding !== undefined) reply.header('content-encoding', found.encoding);
  await reply
    .headers({
      'content-security-policy': policy,
      'cache-control': path.startsWith('/assets/')
        ? 'public, max-age=31536000, immutable'
        : 'no-cache',
      vary: 'accept-encoding',
    })
    .type(mediaTypes[extname(path)] ?? 'application/octet-stream')
    .send(found.bytes);
}

/** Errors: `not-found` for what is neither a file nor a page of the console. */
export function registerConsole(server: FastifyInstance, folder: string): void {
  server.get('/*', async (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    const accepted = request.headers['accept-encoding']?.toString() ?? '';
    const isFile = path.startsWith('/assets/') || mediaTypes[extname(path)] !== undefined;
    if (isFile && fileName.test(path)) {
      const found = await find(join(folder, path), accepted);
      if (found !== undefined) return send(reply, path, found);
    }
    // Any other path is a page of the console; browsers that open one ask for HTML, probes and curl for the first.
    const asksForPage = path === '/' || (request.headers.accept ?? '').includes('text/html');
    if (ours.test(path) || isFile || !asksForPage)
      throw new Fault('not-found', `there is no ${request.method} ${request.url.slice(0, 200)}`, {
        hint: 'what this server has is described at its /api; a newer client may ask for more',
      });
    const page = await find(join(folder, 'index.html'), accepted);
    if (page !== undefined) return send(reply, '/index.html', page);
    await reply.type('text/html; charset=utf-8').send(notBuilt);
  });
}
