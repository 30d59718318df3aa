/**
 * What one user may do (SEC-38), from the grants that are the user's own or a group's of the user.
 *
 *   installation <- folder <- ... <- folder <- vm
 *   installation <- host <- vm
 *   installation <- host <- image
 *
 * A right holds on an object when some grant on it or above it gives it and no denial on it or above it
 * takes it away. Both are bits that are or-ed along the way, so a look-up costs as many steps as a vm
 * has parents: what folders inherit is remembered per verb. Where a vm is, is read anew every time;
 * whoever keeps a view must drop it when grants, roles, users or folders change.
 */
import type { Verb } from '#api';
import type { RightObject } from '../../context.ts';
import type { GrantDocument, ImageDocument, VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { roleById } from './roles.ts';

export type RightsInventory = Pick<Inventory, 'document' | 'documents' | 'foldersAbove'>;

const allows = 1;
const denies = 2;

type ObjectKind = GrantDocument['objectKind'];

type PlaceOfRight = Exclude<RightObject, { readonly kind: 'anywhere' | 'everywhere' }>;

/** The bits of one verb. */
interface VerbTable {
  installation: number;
  readonly direct: Readonly<Record<Exclude<ObjectKind, 'installation'>, Map<string, number>>>;
  /** With everything above; filled as asked for. */
  readonly folders: Map<string, number>;
  anywhere: boolean | undefined;
  hasDenial: boolean;
}

export class RightsView {
  readonly #inventory: RightsInventory;
  readonly #grants: readonly GrantDocument[];
  readonly #tables = new Map<Verb, VerbTable>();

  constructor(inventory: RightsInventory, grants: readonly GrantDocument[]) {
    this.#inventory = inventory;
    this.#grants = grants;
  }

  may(verb: Verb, on: RightObject): boolean {
    let table = this.#tables.get(verb);
    if (!table) {
      table = this.#build(verb);
      this.#tables.set(verb, table);
    }
    if (on.kind === 'anywhere') return this.#isHeldAnywhere(verb, table);
    if (on.kind === 'everywhere') return table.installation === allows && !table.hasDenial;
    return this.#bits(table, on) === allows;
  }

  #build(verb: Verb): VerbTable {
    const table: VerbTable = {
      installation: 0,
      direct: { folder: new Map(), host: new Map(), vm: new Map(), image: new Map() },
      folders: new Map(),
      anywhere: undefined,
      hasDenial: false,
    };
    for (const grant of this.#grants) {
      if (!roleById(this.#inventory, grant.role)?.verbs.includes(verb)) continue;
      const bit = grant.deny ? denies : allows;
      table.hasDenial ||= grant.deny;
      if (grant.objectKind === 'installation') table.installation |= bit;
      else {
        const map = table.direct[grant.objectKind];
        map.set(grant.objectId, (map.get(grant.objectId) ?? 0) | bit);
      }
    }
    return table;
  }

  #bits(table: VerbTable, on: PlaceOfRight): number {
    switch (on.kind) {
      case 'installation':
        return table.installation;
      case 'folder':
        return this.#folderBits(table, on.id);
      case 'host':
        return hostBits(table, on.id);
      case 'place':
        return this.#folderBits(table, on.folderId) | hostBits(table, on.hostId);
      case 'vm': {
        const direct = table.direct.vm.get(on.id) ?? 0;
        const vm = this.#inventory.document<VmDocument>('vm', on.id)?.data;
        // Of a vm that is gone only its events are left: the installation's rights count.
        if (!vm) return direct | table.installation;
        return direct | this.#folderBits(table, vm.folderId) | hostBits(table, vm.hostId);
      }
      case 'image': {
        const direct = table.direct.image.get(on.id) ?? 0;
        const image = this.#inventory.document<ImageDocument>('image', on.id)?.data;
        return direct | (image ? hostBits(table, image.hostId) : table.installation);
      }
    }
  }

  #folderBits(table: VerbTable, folderId: string): number {
    // Without a grant on any folder there is nothing to climb for.
    if (table.direct.folder.size === 0) return table.installation;
    let bits = table.folders.get(folderId);
    if (bits === undefined) {
      bits = table.installation;
      const path = this.#inventory.document('folder', folderId)
        ? this.#inventory.foldersAbove(folderId)
        : [];
      for (const id of path) bits |= table.direct.folder.get(id) ?? 0;
      table.folders.set(folderId, bits);
    }
    return bits;
  }

  /** A grant counts where it lies, unless a denial there or above undoes it; below, nothing can bring it back. */
  #isHeldAnywhere(verb: Verb, table: VerbTable): boolean {
    table.anywhere ??=
      table.installation === allows ||
      this.#grants.some(
        (grant) =>
          !grant.deny &&
          grant.objectKind !== 'installation' &&
          this.#inventory.document(grant.objectKind, grant.objectId) !== undefined &&
          this.may(verb, { kind: grant.objectKind, id: grant.objectId }),
      );
    return table.anywhere;
  }
}

function hostBits(table: VerbTable, hostId: string): number {
  return table.installation | (table.direct.host.get(hostId) ?? 0);
}
