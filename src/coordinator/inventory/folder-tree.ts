/** Where folders lie in each other. Paths are made when asked for and kept until a folder changes. */
import type { FolderDocument } from '../documents.ts';
import type { Document } from '../store/store.ts';

/** Deeper than any real tree; ends the climb should two folders ever lie in each other. */
const maxDepth = 100;

type FindFolder = (id: string) => Document<FolderDocument> | undefined;

export class FolderTree {
  readonly #find: FindFolder;
  readonly #children = new Map<string, Set<string>>();
  readonly #paths = new Map<string, string>();
  #byPath: Map<string, string> | undefined;

  constructor(find: FindFolder) {
    this.#find = find;
  }

  /** Called with the folder before and after a change, either absent at its beginning and end. */
  change(id: string, before: FolderDocument | undefined, after: FolderDocument | undefined): void {
    const oldParent = before?.parentId ?? null;
    const newParent = after?.parentId ?? null;
    if (oldParent !== null && oldParent !== newParent) this.#children.get(oldParent)?.delete(id);
    if (newParent !== null) {
      let children = this.#children.get(newParent);
      if (children === undefined) this.#children.set(newParent, (children = new Set()));
      children.add(id);
    }
    this.#paths.clear();
    this.#byPath = undefined;
  }

  /** The folder and those above it, nearest first. */
  above(id: string): readonly string[] {
    const ids: string[] = [];
    let at: string | null = id;
    while (at !== null && ids.length < maxDepth) {
      ids.push(at);
      at = this.#find(at)?.data.parentId ?? null;
    }
    return ids;
  }

  /** The folder and all below it. */
  below(id: string): readonly string[] {
    const ids = new Set([id]);
    for (const at of ids) for (const child of this.#children.get(at) ?? []) ids.add(child);
    return [...ids];
  }

  /** `/` at the top, `/lab/blue` below. */
  path(id: string): string {
    let path = this.#paths.get(id);
    if (path === undefined) {
      const names = this.above(id)
        .map((one) => this.#find(one))
        .filter((folder) => folder !== undefined && folder.data.parentId !== null)
        .map((folder) => folder?.data.name);
      path = `/${names.toReversed().join('/')}`;
      this.#paths.set(id, path);
    }
    return path;
  }

  withPath(path: string, all: Iterable<Document<FolderDocument>>): string | undefined {
    this.#byPath ??= new Map(Array.from(all, (folder) => [this.path(folder.id), folder.id]));
    return this.#byPath.get(path === '/' ? path : path.replace(/\/+$/, ''));
  }
}
