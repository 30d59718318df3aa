/**
 * Requests that another site makes a browser send (CSRF). A session cookie comes along by itself, so
 * where one is the proof, whatever changes something, and every WebSocket, must come from our own
 * pages: by Fetch Metadata (Sec-Fetch-Site), else by Origin. Tokens do not come along and need none of
 * this.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Fault } from '#lib';

const safeMethods: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);

export function needsOwnOrigin(method: string | undefined, headers: IncomingHttpHeaders): boolean {
  return !safeMethods.has(method) || headers.upgrade !== undefined;
}

/** Errors: `forbidden` when the request is not from a page of ours. */
export function requireOwnOrigin(headers: IncomingHttpHeaders, encrypted: boolean): void {
  if (isOwnOrigin(headers, encrypted)) return;
  throw new Fault('forbidden', 'the request does not come from a page of this installation', {
    hint: 'use a token where a program and not a page asks',
  });
}

function isOwnOrigin(headers: IncomingHttpHeaders, encrypted: boolean): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  if (headers.origin === undefined) return site === 'same-origin';
  return headers.origin === `${encrypted ? 'https' : 'http'}://${headers.host ?? ''}`;
}

/** For a request without any proof yet (sign-in): only what says that it comes from elsewhere is refused. */
export function refuseForeignOrigin(headers: IncomingHttpHeaders, encrypted: boolean): void {
  const isSilent = headers['sec-fetch-site'] === undefined && headers.origin === undefined;
  if (!isSilent) requireOwnOrigin(headers, encrypted);
}
