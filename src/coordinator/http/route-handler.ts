/**
 * What a handler of a route is given and answers, with the types of the route table: `Handlers` has one
 * for every route, so that a missing or superfluous one does not compile.
 */
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { AnswerKind, DryRun, Operation, RouteName, routes } from '#api';
import type { Caller } from '../context.ts';
import type { ByteSocket } from '../link/pipe.ts';
import type { Upload } from '../app/host-disk-files.ts';
import type { Precondition } from '../app/precondition.ts';
import type { RangeAsked } from './content-range.ts';

type Table = typeof routes;

type Parsed<N extends RouteName, K extends 'params' | 'query' | 'body'> = Table[N] extends {
  readonly [P in K]: infer S extends z.ZodType;
}
  ? z.output<S>
  : undefined;

export interface RouteRequest<N extends RouteName> {
  readonly caller: Caller;
  /** Id of the vm, host, folder, image or operation that the path names; empty where it names none. */
  readonly id: string;
  readonly params: Parsed<N, 'params'>;
  readonly query: Parsed<N, 'query'>;
  readonly body: Parsed<N, 'body'>;
  /** What a route with `upload` is sent; not yet read. */
  readonly upload: Table[N] extends { readonly upload: object } ? Upload : undefined;
  /** What If-Match asks for. */
  readonly precondition: Precondition;
  /** Number after which a stream goes on, from Last-Event-ID. */
  readonly lastEventId: number | undefined;
  /** Which part of a content is asked for. */
  readonly select: RangeAsked & { readonly method: string };
  /** Value of a cookie. */
  cookie(name: string): string | undefined;
  /** Sets a header of the answer. */
  setHeader(name: string, value: string): void;
  /** The status of an answer with bytes, in the place of 200. */
  setStatus(status: number): void;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

/** One server-sent event. */
export interface StreamMessage {
  readonly event?: string;
  readonly id?: string;
  readonly data: unknown;
}

interface Answers<R, B> {
  readonly now: R;
  /** With dryRun: what would happen. */
  readonly operation: Operation | DryRun;
  readonly bytes: B;
  readonly events: AsyncIterable<StreamMessage>;
  /** Everything is checked; called with the socket once it is open. */
  readonly websocket: (socket: ByteSocket) => void;
}

type Response<N extends RouteName> = Table[N] extends {
  readonly response: infer S extends z.ZodType;
}
  ? z.input<S>
  : // oxlint-disable-next-line typescript/no-invalid-void-type
    void;

export type RouteAnswer<N extends RouteName> = Table[N]['answer'] extends infer A extends AnswerKind
  ? Answers<Response<N>, Table[N] extends { readonly streamed: true } ? Readable : Uint8Array>[A]
  : never;

export type Handler<N extends RouteName> = (
  request: RouteRequest<N>,
) => Promise<RouteAnswer<N>> | RouteAnswer<N>;

export type Handlers = { readonly [N in RouteName]: Handler<N> };
