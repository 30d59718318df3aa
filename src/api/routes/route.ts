/**
 * What a route is. The table in routes/mod.ts is the contract: request validation, OpenAPI, the typed
 * client, the manual's reference and the authorization matrix all derive from it.
 */
import type { z } from 'zod';
import type { Kind } from '../ids.ts';
import type { Verb } from '../rights.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The three kinds of answer, and the streams. */
export type AnswerKind = 'now' | 'operation' | 'events' | 'bytes' | 'websocket';

export interface Route {
  readonly method: Method;
  /** Below /api/v1, with `{name}` for parameters. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly group: string;
  /** The right it takes; `public` needs no identity, `self` only a user's, `agent` a host's certificate. */
  readonly right: Verb | 'public' | 'self' | 'agent';
  /** The kind of thing the first path parameter names; the right is needed on it. Without: on the installation. */
  readonly on?: Kind;
  /** The right may be held on any object: a list shows what may be seen, a creation asks on its place. */
  readonly anywhere?: true;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Takes bytes as they are, with their length said before, in the place of JSON. */
  readonly upload?: { readonly maxBytes: number };
  readonly answer: AnswerKind;
  readonly response?: z.ZodType;
  /** Takes If-Match. */
  readonly conditional?: true;
  /** A `bytes` answer that is sent as it is read. */
  readonly streamed?: true;
  /** A `streamed` answer of which a part may be asked for (RFC 9110 14). */
  readonly ranges?: true;
  /** Media type of a `bytes` answer. */
  readonly mediaType?: string;
}

/** Media type of what is uploaded. */
export const uploadMediaType = 'application/octet-stream';

/** Keeps the literal types of one entry. */
export function route<const R extends Route>(entry: R): R {
  return entry;
}
