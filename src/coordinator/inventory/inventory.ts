/**
 * All documents in memory, indexed, fed by the store's watch: lists, searches and rights never wait for
 * a disk. What passes (samples, load, connection) is kept beside them and is gone with the process.
 */
import type { Event, Host, HostLoad, HostStatus, Image, MachineSample, Operation, Vm, Folder } from '#api';
import type { Change, Document, DocumentKind } from '../store/store.ts';

export interface Inventory {
  /** Takes in a committed change. Called in order of the changes, each once. */
  apply(change: Change): void;
  readonly head: number;

  document<T>(kind: DocumentKind, id: string): Document<T> | undefined;
  documents<T>(kind: DocumentKind): Iterable<Document<T>>;
  /** By id, else by name (a folder also by path), within a kind that has names. */
  find<T>(kind: DocumentKind, reference: string): Document<T> | undefined;
  vmsOfHost(hostId: string): ReadonlySet<string>;
  vmsOfFolder(folderId: string): ReadonlySet<string>;
  /** The folder and those above it, nearest first. */
  foldersAbove(folderId: string): readonly string[];
  folderPath(folderId: string): string;

  /** The resources as the API shows them, made when asked for and kept until something of them changes. */
  vm(id: string): Vm | undefined;
  host(id: string): Host | undefined;
  image(id: string): Image | undefined;
  folder(id: string): Folder | undefined;
  operation(id: string): Operation | undefined;

  setSample(sample: MachineSample): void;
  setHostLoad(hostId: string, load: HostLoad): void;
  setConnection(
    hostId: string,
    connection: {
      readonly connected: boolean;
      readonly reason: string | null;
      readonly lastSeenAt: string | null;
      /** The host's status (HOST-21); absent: ready or service-stopped while connected, unreachable otherwise. */
      readonly status?: HostStatus;
    },
  ): void;

  /** Told of every change: committed ones and passing ones (then with the kind and id only). Returns the way to stop. */
  onChange(listener: (change: InventoryChange) => void): () => void;
}

export interface InventoryChange {
  /** Number of the commit, or of the last one for a passing change. */
  readonly seq: number;
  readonly things: readonly {
    readonly kind:
      'vm' | 'host' | 'folder' | 'image' | 'operation' | 'user' | 'role' | 'grant' | 'token';
    readonly id: string;
    readonly how: 'changed' | 'deleted' | 'sampled';
  }[];
  readonly events: readonly Event[];
}
