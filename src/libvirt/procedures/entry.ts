/**
 * Entries of the table of procedures. An entry says what the wire carries and who may ask: from it
 * derive the encoders, the decoders, the TypeScript types and the enforcement of read-only connections.
 */
import type { ProgramName } from '../wire/frame.ts';
import type { Fields } from '../wire/shape.ts';

/**
 * Who may call. `session`: part of connecting, before there are rights. `read`: also on a read-only
 * connection. `write`: not there.
 */
export type Access = 'session' | 'read' | 'write';

/** Which way bytes follow the reply: from the server (`download`), to it (`upload`), or both ways. */
export type StreamKind = 'none' | 'download' | 'upload' | 'both';

export interface Procedure<
  A extends Fields = Fields,
  R extends Fields = Fields,
  K extends StreamKind = StreamKind,
> {
  readonly program: ProgramName;
  readonly number: number;
  readonly access: Access;
  readonly args: A;
  readonly ret: R;
  readonly stream: K;
  readonly guard: Guard | undefined;
}

/** What in the arguments makes a `read` a `write`: it asks for secrets or for the guest's word. */
export type Guard =
  | { readonly arg: string; readonly bits: number }
  | { readonly arg: string; readonly equals: number };

/** A message that the server sends unasked. */
export interface Message<F extends Fields = Fields> {
  readonly program: ProgramName;
  readonly number: number;
  readonly fields: F;
}

/** The kinds of objects whose events are subscribed to; each has its own pair of procedures. */
export type EventFamily = 'domain' | 'network' | 'storage-pool' | 'node-device' | 'secret';

/** A message that goes to the subscriptions of one event of one family. */
export interface EventMessage<F extends Fields = Fields> extends Message<F> {
  readonly family: EventFamily;
  readonly eventId: number;
}

export function session<A extends Fields, R extends Fields>(
  number: number,
  args: A,
  ret: R,
): Procedure<A, R, 'none'> {
  return make('session', number, args, ret, 'none');
}

export function read<A extends Fields, R extends Fields>(
  number: number,
  args: A,
  ret: R,
  guard?: Guard,
): Procedure<A, R, 'none'> {
  return make('read', number, args, ret, 'none', guard);
}

export function write<A extends Fields, R extends Fields>(
  number: number,
  args: A,
  ret: R,
): Procedure<A, R, 'none'> {
  return make('write', number, args, ret, 'none');
}

/** A procedure whose reply is followed by a stream. All of them write, or show what a guest shows. */
export function stream<A extends Fields, R extends Fields, K extends StreamKind>(
  kind: K,
  number: number,
  args: A,
  ret: R,
): Procedure<A, R, K> {
  return make('write', number, args, ret, kind);
}

/** The same entry in another program than `remote`. */
export function inProgram<P extends { readonly program: ProgramName }>(
  program: ProgramName,
  entry: P,
): P {
  return { ...entry, program };
}

export function message<F extends Fields>(number: number, fields: F): Message<F> {
  return { program: 'remote', number, fields };
}

export function event<F extends Fields>(
  number: number,
  family: EventFamily,
  eventId: number,
  fields: F,
): EventMessage<F> {
  return { program: 'remote', number, family, eventId, fields };
}

function make<A extends Fields, R extends Fields, K extends StreamKind>(
  access: Access,
  number: number,
  args: A,
  ret: R,
  stream: K,
  guard?: Guard,
): Procedure<A, R, K> {
  return {
    program: 'remote',
    number,
    access,
    args,
    ret,
    stream,
    guard,
  };
}

/** What a call needs, its arguments considered. */
export function accessOf(entry: Procedure, args: Readonly<Record<string, unknown>>): Access {
  const { access, guard } = entry;
  if (access !== 'read' || guard === undefined) return access;
  const value = Number(args[guard.arg]);
  const guarded = 'bits' in guard ? (value & guard.bits) !== 0 : value === guard.equals;
  return guarded ? 'write' : 'read';
}
