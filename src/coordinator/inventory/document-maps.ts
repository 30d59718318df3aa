/** The documents themselves, by kind and id, each once, equal parts shared. */
import { documentKinds, type Document, type DocumentKind } from '../store/store.ts';
import { Interner } from './intern.ts';

/** Answers to requests are many, large and seldom asked for: they stay in the store. */
export const heldKinds: readonly DocumentKind[] = documentKinds.filter(
  (kind) => kind !== 'request',
);

export class DocumentMaps {
  readonly #maps = new Map<DocumentKind, Map<string, Document>>();
  readonly #interner = new Interner();

  get<T>(kind: DocumentKind, id: string): Document<T> | undefined {
    // The kind says what its data is: documents.ts.
    return this.#maps.get(kind)?.get(id) as Document<T> | undefined;
  }

  all<T>(kind: DocumentKind): ReadonlyMap<string, Document<T>> {
    return this.#mapOf(kind) as unknown as ReadonlyMap<string, Document<T>>;
  }

  /** The document as it is kept; undefined when a newer one is there already. */
  put(document: Document): Document | undefined {
    const map = this.#mapOf(document.kind);
    // Read at the start and changed meanwhile: what was read may be newer than the change.
    if ((map.get(document.id)?.version ?? 0) >= document.version) return undefined;
    const kept = this.#interner.intern(document);
    map.set(kept.id, kept);
    return kept;
  }

  drop(kind: DocumentKind, id: string): void {
    this.#maps.get(kind)?.delete(id);
  }

  #mapOf(kind: DocumentKind): Map<string, Document> {
    let map = this.#maps.get(kind);
    if (map === undefined) this.#maps.set(kind, (map = new Map<string, Document>()));
    return map;
  }
}
