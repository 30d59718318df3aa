/** A document as a commit has left it, or as it would have with a dry run. */
import { assert, isoTime, present, type Clock } from '#lib';
import type { Change, Document, DocumentKind } from '../store/store.ts';

/** From the change, for whoever answers with what was written. */
export function written<T>(change: Change, kind: DocumentKind, id: string): Document<T> {
  const document = change.documents.find((one) => one.kind === kind && one.id === id);
  assert(document, `the commit has written ${kind} ${id}`);
  return document as Document<T>;
}

/** Without a change (a dry run): the document with the next version and the present time. */
export function outcome<T>(
  change: Change | undefined,
  id: string,
  planned: {
    readonly kind: DocumentKind;
    readonly data: T | undefined;
    readonly before: Document<T> | undefined;
    readonly clock: Clock;
  },
): Document<T> {
  const { kind, data, before, clock } = planned;
  if (change) return written<T>(change, kind, id);
  const now = isoTime(clock.now());
  return {
    kind,
    id,
    version: (before?.version ?? 0) + 1,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
    data: present(data, `the planned ${kind}`),
  };
}
