/**
 * Everybody's rights, remembered until something they depend on changes: a grant, a role, a user, a
 * folder. A caller's `may` looks here every time, so a withdrawn right is gone with the commit.
 */
import type { Actor, Verb } from '#api';
import type { Caller, Proof, RightObject, RightSource } from '../../context.ts';
import type { GrantDocument, UserDocument } from '../../documents.ts';
import type { Inventory, InventoryChange } from '../../inventory/inventory.ts';
import type { Document } from '../../store/store.ts';
import { RightsView } from './evaluate.ts';

/** Views beyond this many are dropped and made again. */
const maxViews = 1000;

const dependsOn: ReadonlySet<InventoryChange['things'][number]['kind']> = new Set([
  'grant',
  'role',
  'user',
  'folder',
]);

export class Rights implements Disposable {
  readonly #inventory: Inventory;
  readonly #views = new Map<string, RightsView>();
  readonly #stop: () => void;
  /** Grants by subject: `user/<id>` or `group/<name>`. */
  #index: ReadonlyMap<string, readonly Document<GrantDocument>[]> | undefined;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
    this.#stop = inventory.onChange((change) => {
      if (!change.things.some(({ kind }) => dependsOn.has(kind))) return;
      this.#views.clear();
      this.#index = undefined;
    });
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  may(userId: string, verb: Verb, on: RightObject): boolean {
    return this.#view(userId).may(verb, on);
  }

  /** The grants and denials that are the user's, own ones and the groups'. None for a disabled user. */
  grantsOf(userId: string): readonly Document<GrantDocument>[] {
    const user = this.#inventory.document<UserDocument>('user', userId)?.data;
    if (!user || user.disabled) return [];
    const index = (this.#index ??= indexGrants(this.#inventory));
    return [`user/${userId}`, ...user.groups.map((group) => `group/${group}`)].flatMap(
      (subject) => index.get(subject) ?? [],
    );
  }

  sourcesOf(userId: string): readonly RightSource[] {
    return this.grantsOf(userId).map(({ id, version, data: { role, objectKind, objectId } }) => {
      const roleVersion = this.#inventory.document('role', role)?.version ?? 0;
      return { mark: `${id} ${version} ${roleVersion}`, objectKind, objectId };
    });
  }

  #view(userId: string): RightsView {
    let view = this.#views.get(userId);
    if (!view) {
      const grants = this.grantsOf(userId).map((grant) => grant.data);
      view = new RightsView(this.#inventory, grants);
      if (this.#views.size >= maxViews) this.#views.clear();
      this.#views.set(userId, view);
    }
    return view;
  }
}

function indexGrants(
  inventory: Inventory,
): ReadonlyMap<string, readonly Document<GrantDocument>[]> {
  const index = new Map<string, Document<GrantDocument>[]>();
  for (const grant of inventory.documents<GrantDocument>('grant')) {
    const subject = `${grant.data.subjectKind}/${grant.data.subject}`;
    const list = index.get(subject);
    if (list) list.push(grant);
    else index.set(subject, [grant]);
  }
  return index;
}

export interface CallerParts {
  readonly userId: string;
  readonly userName: string;
  /** Of a token; null: all the user's rights. Never more than those (API-25). */
  readonly scope: ReadonlySet<Verb> | null;
  readonly proof: Proof;
  readonly origin: string | null;
  readonly correlationId: string;
}

export function createCaller(rights: Rights, parts: CallerParts): Caller {
  const { userId, userName, scope, proof, origin, correlationId } = parts;
  return {
    actor: { kind: 'user', name: userName },
    userId,
    origin,
    correlationId,
    proof,
    may: (verb, on) => (scope === null || scope.has(verb)) && rights.may(userId, verb, on),
    rightSources: () => rights.sourcesOf(userId),
  };
}

/** The coordinator itself: reconcilers, and operations that it takes up again. */
export function createSystemCaller(
  correlationId: string,
  actor: Actor = { kind: 'system', name: 'gantry' },
): Caller {
  return { actor, userId: null, origin: null, correlationId, may: () => true };
}

/** Somebody whose identity is not known or not needed, or a host: no rights at all. */
export function createRightlessCaller(
  actor: Actor,
  proof: Proof,
  origin: string | null,
  correlationId: string,
): Caller {
  return { actor, userId: null, origin, correlationId, proof, may: () => false };
}
