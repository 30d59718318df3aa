/** The session cookie (RFC 6265): which one a request brings, and how it is set and taken back. */
import { Fault } from '#lib';
import { sessionCookie } from '#api';

const maxHeaderLength = 8192;
const plainName = sessionCookie.replace('__Host-', '');

/** Browsers refuse the prefix without TLS. */
export function cookieName(encrypted: boolean): string {
  return encrypted ? sessionCookie : plainName;
}

/** Value of the one cookie of this name. Errors: `unauthenticated` when there are several: somebody planted one. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  if (header.length > maxHeaderLength)
    throw new Fault('too-large', 'the Cookie header is too long');
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  if (values.length > 1)
    throw new Fault('unauthenticated', 'the request has more than one session cookie', {
      hint: "delete this site's cookies and sign in again",
    });
  return values[0];
}

export function writeCookie(encrypted: boolean, secret: string, maxAgeSeconds: number): string {
  return [
    `${cookieName(encrypted)}=${secret}`,
    'Path=/',
    `Max-Age=${maxAgeSeconds}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(encrypted ? ['Secure'] : []),
  ].join('; ');
}

export function clearCookie(encrypted: boolean): string {
  return writeCookie(encrypted, '', 0);
}
