/** Names of things, by kind. A name can belong to several for a moment; then it finds none. */
import type { DocumentKind } from '../store/store.ts';
import { IdIndex } from './id-index.ts';

/** What things of a kind are called; undefined for kinds without names. */
export function nameOf(kind: DocumentKind, data: unknown): string | undefined {
  switch (kind) {
    case 'vm': {
      const { definition } = data as { readonly definition: { readonly name: string } };
      return definition.name;
    }
    case 'host':
    case 'folder':
    case 'image':
    case 'profile':
    case 'team':
    case 'network':
    case 'user':
    case 'role':
    case 'token':
      return (data as { readonly name: string }).name;
    case 'agent':
    case 'quota':
    case 'charge':
    case 'span':
    case 'status':
    case 'grant':
    case 'session':
    case 'link':
    case 'console-link':
    case 'recording':
    case 'viewer-port':
    case 'port-numbers':
    case 'viewer-certificate':
    case 'acknowledgement':
    case 'operation':
    case 'request':
    case 'name':
    case 'lock':
    case 'setting':
      return undefined;
  }
}

export class Names {
  readonly #indexes = new Map<DocumentKind, IdIndex>();

  change(kind: DocumentKind, id: string, before: unknown, after: unknown): void {
    const from = before === undefined ? undefined : nameOf(kind, before);
    const to = after === undefined ? undefined : nameOf(kind, after);
    if (from === to) return;
    let index = this.#indexes.get(kind);
    if (index === undefined) this.#indexes.set(kind, (index = new IdIndex()));
    index.move(id, from, to);
  }

  find(kind: DocumentKind, name: string): string | undefined {
    const ids = this.#indexes.get(kind)?.get(name);
    return ids?.size === 1 ? ids.values().next().value : undefined;
  }
}
