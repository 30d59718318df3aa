/**
 * Vms by name. Vms of two hosts that are called the same are told apart by host: one has the name, the others were
 * found later and are `web@h2` (docs/rfd/0024). Then `web` finds none of them, and each is found by its name and its
 * host's.
 */
import type { HostDocument, VmDocument } from '../documents.ts';
import type { DocumentMaps } from './document-maps.ts';
import { IdIndex } from './id-index.ts';
import type { Names } from './names.ts';

/** A vm that shares its name with others, and a name that finds it alone. */
export interface Namesake {
  readonly id: string;
  readonly name: string;
}

export class VmNames {
  readonly #names: Names;
  readonly #documents: DocumentMaps;
  /** What stands before the host's name in a name that has one. */
  readonly #bare = new IdIndex();

  constructor(names: Names, documents: DocumentMaps) {
    this.#names = names;
    this.#documents = documents;
  }

  change(id: string, before: VmDocument | undefined, after: VmDocument | undefined): void {
    this.#bare.move(id, bareName(before), bareName(after));
  }

  find(name: string): string | undefined {
    const exact = this.#names.find('vm', name);
    if (exact !== undefined) return this.#others(name).length === 0 ? exact : undefined;
    const [bare, hostName] = split(name);
    if (hostName === undefined) return undefined;
    const id = this.#names.find('vm', bare);
    return id !== undefined && this.#hostName(id) === hostName ? id : undefined;
  }

  /** Those that the name may mean and does not find; none where it finds one, or means none. */
  namesakes(name: string): readonly Namesake[] {
    const others = this.#others(name);
    const exact = this.#names.find('vm', name);
    if (exact === undefined || others.length === 0) return others;
    return [{ id: exact, name: `${name}@${this.#hostName(exact)}` }, ...others];
  }

  #others(name: string): readonly Namesake[] {
    const others: Namesake[] = [];
    for (const id of this.#bare.get(name)) {
      const full = `${name}@${this.#hostName(id)}`;
      if (this.#vm(id)?.definition.name === full) others.push({ id, name: full });
    }
    return others;
  }

  #hostName(vmId: string): string {
    const hostId = this.#vm(vmId)?.hostId;
    if (hostId === undefined) return '';
    return this.#documents.get<HostDocument>('host', hostId)?.data.name ?? '';
  }

  #vm(id: string): VmDocument | undefined {
    return this.#documents.get<VmDocument>('vm', id)?.data;
  }
}

function split(name: string): readonly [string, string?] {
  const at = name.lastIndexOf('@');
  return at <= 0 ? [name] : [name.slice(0, at), name.slice(at + 1)];
}

function bareName(vm: VmDocument | undefined): string | undefined {
  if (vm === undefined) return undefined;
  const [bare, host] = split(vm.definition.name);
  return host === undefined ? undefined : bare;
}
