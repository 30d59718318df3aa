/**
 * Files of the console that a front end keeps in memory: those that say of themselves that they never change under their
 * name, and are for everybody. The oldest go where there is no more room.
 */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

const maxFileBytes = 4 * 1024 * 1024;
const maxBytes = 64 * 1024 * 1024;
const fileName = /^\/assets\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}$/;
const forEver = /\bpublic\b.*\bimmutable\b/;

export interface KeptFile {
  readonly headers: OutgoingHttpHeaders;
  readonly bytes: Buffer;
}

export class KeptFiles {
  readonly #files = new Map<string, KeptFile>();
  #bytes = 0;

  find(asked: IncomingMessage): KeptFile | undefined {
    const key = keyOf(asked);
    return key === undefined ? undefined : this.#files.get(key);
  }

  /** What comes with this answer, once it has come whole. */
  keep(asked: IncomingMessage, answered: IncomingMessage): void {
    const key = keyOf(asked);
    const {
      'cache-control': how = '',
      'set-cookie': cookie,
      date: _,
      ...headers
    } = answered.headers;
    if (key === undefined || answered.statusCode !== 200 || cookie !== undefined) return;
    if (!forEver.test(how)) return;
    const parts: Buffer[] = [];
    let sizeBytes = 0;
    answered.on('data', (part: Buffer) => {
      sizeBytes += part.length;
      if (sizeBytes <= maxFileBytes) parts.push(part);
      else parts.length = 0;
    });
    answered.on('end', () => {
      if (!answered.complete || sizeBytes > maxFileBytes || this.#files.has(key)) return;
      const { connection: _connection, 'keep-alive': _alive, ...told } = headers;
      delete told['transfer-encoding'];
      const bytes = Buffer.concat(parts);
      this.#files.set(key, {
        headers: { ...told, 'cache-control': how, 'content-length': sizeBytes },
        bytes,
      });
      this.#bytes += sizeBytes;
      this.#makeRoom();
    });
  }

  #makeRoom(): void {
    for (const [key, { bytes }] of this.#files) {
      if (this.#bytes <= maxBytes) return;
      this.#files.delete(key);
      this.#bytes -= bytes.length;
    }
  }
}

/** A file comes in the encodings that are accepted. */
function keyOf({ method, url = '', headers }: IncomingMessage): string | undefined {
  if (method !== 'GET' || !fileName.test(url) || headers.range !== undefined) return undefined;
  return `${url} ${(headers['accept-encoding'] ?? '').slice(0, 100)}`;
}
