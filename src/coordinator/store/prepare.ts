/**
 * A commit made ready for an engine: bounded, its events built after the catalogue, everything already
 * JSON. What an engine stores and what a watcher sees come from the same JSON, so that no caller can
 * change a document by keeping a reference to what it wrote.
 */
import { assert, Fault } from '#lib';
import { eventFacts, installationId, severityOf, writeMessage, type Event } from '#api';
import { maxCommitItems, maxCommitLength, maxDocumentBytes, maxIdLength } from './limits.ts';
import type { Commit, Condition, DocumentKind, NewEvent } from './store.ts';

export interface PreparedWrite {
  readonly kind: DocumentKind;
  readonly id: string;
  /** Null deletes. */
  readonly json: string | null;
  readonly doneAt: string | null;
}

export interface PreparedEvent {
  /** Null: the time of the commit. */
  readonly time: string | null;
  readonly correlationId: string | null;
  /** Ids under which it is found, without the installation's. */
  readonly things: readonly string[];
  /** The event without number and time. */
  readonly json: string;
}

export interface PreparedCommit {
  readonly conditions: readonly Condition[];
  readonly writes: readonly PreparedWrite[];
  readonly events: readonly PreparedEvent[];
  /** UTF-16 units of all JSON. */
  readonly length: number;
}

export type EventBody = Omit<Event, 'seq' | 'time'>;

/** Where a kind's data says when retention may look at it. */
const doneFields: Readonly<Partial<Record<DocumentKind, 'endedAt' | 'expiresAt'>>> = {
  operation: 'endedAt',
  session: 'expiresAt',
  link: 'expiresAt',
  request: 'expiresAt',
};

export const expiringKinds: readonly DocumentKind[] = ['session', 'link', 'request'];

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Errors: `too-large` naming what; `invalid` for a time that is none. */
export function prepareCommit(commit: Commit): PreparedCommit {
  const conditions = commit.conditions ?? [];
  const writes = commit.writes ?? [];
  const events = commit.events ?? [];
  for (const [what, list] of Object.entries({ conditions, writes, events })) {
    if (list.length > maxCommitItems)
      throw tooLarge(`a commit of ${list.length} ${what}`, maxCommitItems);
  }
  const written = new Set(writes.map((write) => `${write.kind} ${write.id}`));
  assert(written.size === writes.length, 'a commit writes a document twice');
  const preparedWrites = writes.map(prepareWrite);
  const preparedEvents = events.map(prepareEvent);
  let length = 0;
  for (const write of preparedWrites) length += write.json?.length ?? 0;
  for (const event of preparedEvents) length += event.json.length;
  if (length > maxCommitLength) throw tooLarge('a commit', maxCommitLength);
  return { conditions, writes: preparedWrites, events: preparedEvents, length };
}

function tooLarge(what: string, limit: number): Fault {
  return new Fault('too-large', `${what} exceeds the store's bound of ${limit}`, {
    facts: { limit },
  });
}

function prepareWrite(write: NonNullable<Commit['writes']>[number]): PreparedWrite {
  const { kind, id } = write;
  assert(id.length > 0, `a ${kind} is written without an id`);
  if (id.length > maxIdLength) throw tooLarge(`the id of a ${kind}`, maxIdLength);
  if ('delete' in write) return { kind, id, json: null, doneAt: null };
  const json: string | undefined = JSON.stringify(write.data);
  assert(json !== undefined, `${kind} ${id} is written without data`);
  if (json.length > maxDocumentBytes / 3 && Buffer.byteLength(json) > maxDocumentBytes)
    throw tooLarge(`${kind} ${id}`, maxDocumentBytes);
  return { kind, id, json, doneAt: doneAt(kind, write.data) };
}

function doneAt(kind: DocumentKind, data: unknown): string | null {
  const field = doneFields[kind];
  if (field === undefined || typeof data !== 'object' || data === null) return null;
  const value: unknown = Reflect.get(data, field);
  if (value === null || value === undefined) return null;
  assert(typeof value === 'string' && timePattern.test(value), `${kind}: ${field} is no time`);
  return value;
}

function prepareEvent(event: NewEvent): PreparedEvent {
  const { name, target, ancestors, actor, origin, correlationId, attributes, time } = event;
  if (time !== undefined && !timePattern.test(time))
    throw new Fault('invalid', `the event ${name} has the time "${time.slice(0, 40)}"`);
  const { category } = eventFacts(name);
  const body: EventBody = {
    name,
    type: severityOf(name, attributes),
    category,
    message: writeMessage(name, target.name, attributes),
    target,
    ancestors: [...ancestors],
    actor,
    origin,
    correlationId,
    attributes,
  };
  const json = JSON.stringify(body);
  if (json.length > maxDocumentBytes / 3 && Buffer.byteLength(json) > maxDocumentBytes)
    throw tooLarge(`an event ${name}`, maxDocumentBytes);
  const things = new Set([target.id, ...ancestors.map((thing) => thing.id)]);
  things.delete(installationId);
  return { time: time ?? null, correlationId, things: [...things], json };
}
