/**
 * All documents in memory, indexed, fed by the store's watch: lists, searches and rights never wait for
 * a disk. What passes (samples, load, connection) is kept beside them and is gone with the process.
 */
import type {
  ConnectionState,
  Event,
  Host,
  HostLease,
  HostLoad,
  HostTrouble,
  Image,
  MachineSample,
  NetworkReport,
  Operation,
  Page,
  QuotaUse,
  Vm,
  Folder,
} from '#api';
import type { Change, Document, DocumentKind } from '../store/store.ts';
import type { PlainQuery } from './list/query.ts';
import type { Connection } from './views/host-view.ts';
import type { StepProgress } from './views/operation-view.ts';
import type { Counted } from './quota-use.ts';
import type { Namesake } from './vm-names.ts';
import type { ViewerStanding } from '../viewers/show.ts';

export type { Connection, Namesake, PlainQuery, StepProgress };

export interface Inventory {
  /** Takes in a committed change. Called in order of the changes, each once. */
  apply(change: Change): void;
  readonly head: number;

  document<T>(kind: DocumentKind, id: string): Document<T> | undefined;
  documents<T>(kind: DocumentKind): Iterable<Document<T>>;
  /** By id, else by name (a folder also by path, a vm also by its name and its host's), within a kind that has names. */
  find<T>(kind: DocumentKind, reference: string): Document<T> | undefined;
  /** Vms of several hosts that are called so, where the name finds none for that. */
  namesakes(name: string): readonly Namesake[];
  vmsOfHost(hostId: string): ReadonlySet<string>;
  vmsOfFolder(folderId: string): ReadonlySet<string>;
  /** By vm that is on the network by its definition: how many adapters it has there. */
  vmsOnNetwork(networkId: string): ReadonlyMap<string, number>;
  /** Vms with other ports on networks than their numbers say, the longest known first. */
  vmsToNumber(): ReadonlySet<string>;
  /** The lowest number that no port of the network has, and not below `from`. */
  freePortNumber(networkId: string, from: number): number;
  /** Networks that vms on the host are on by their definitions, and those that it carries. */
  networksOfHost(hostId: string): ReadonlySet<string>;
  /** Networks that one host serves for all. */
  networksServedOnce(): ReadonlySet<string>;
  /** The folder and those above it, nearest first. */
  foldersAbove(folderId: string): readonly string[];
  folderPath(folderId: string): string;

  /** What the vms in the folder and below it have together; operations under way count with what they will give. */
  quotaUse(folderId: string): QuotaUse;
  /** With what the vm counts in its folder; undefined: with nothing. */
  counted(vmId: string): Counted | undefined;
  /** Ids of the vms that are templates. */
  templates(): ReadonlySet<string>;

  /** How many documents of the kind there are. */
  count(kind: DocumentKind): number;

  /** The resources as the API shows them, made when asked for and kept until something of them changes. */
  vm(id: string): Vm | undefined;
  /** In no order, for who goes through all of them: the running time is that of when each was last changed. */
  allVms(): Iterable<Vm>;
  /** The same by their places, for who keeps something of each. */
  readonly vmTable: ThingTable<Vm>;
  host(id: string): Host | undefined;
  image(id: string): Image | undefined;
  folder(id: string): Folder | undefined;
  operation(id: string): Operation | undefined;

  /**
   * A page of the things of a kind, in order; `visible` says which may be seen, undefined: all.
   * Errors: `invalid` naming what is wrong with filter, sort, fields or cursor.
   */
  list<K extends ListedKind>(
    kind: K,
    query: PlainQuery,
    visible: ((id: string) => boolean) | undefined,
  ): Page<ListedThings[K]>;

  /** What passes of the vms that are there to have it: they run, or are paused, on hosts that are connected. */
  liveSamples(): Iterable<{
    readonly hostId: string;
    readonly processors: number;
    readonly sample: MachineSample;
  }>;
  /** Space that the files of vms take up, running or not, on hosts that are connected. */
  diskSpaces(): Iterable<{ readonly vmId: string; readonly usedBytes: number }>;
  /** Of the hosts that are connected. */
  loads(): Iterable<{ readonly hostId: string; readonly load: HostLoad }>;

  setSample(sample: MachineSample): void;
  /** All that the host has measured, by vm. */
  setDiskSpaces(hostId: string, usedBytes: ReadonlyMap<string, number>): void;
  /** What the host's agent has found wrong, all of it; undefined while it is away, and before it has looked. */
  troubles(hostId: string): readonly HostTrouble[] | undefined;
  setTroubles(hostId: string, troubles: readonly HostTrouble[]): void;
  setHostLoad(hostId: string, load: HostLoad): void;
  setConnection(hostId: string, connection: Connection): void;
  /** How its ports for native viewers are; undefined: it has not said. */
  setViewers(hostId: string, standing: ViewerStanding | undefined): void;
  /** How the connection of a host without an agent stands. */
  setForeign(hostId: string, state: ConnectionState): void;
  /** How far a running step of an operation has come. */
  setProgress(operationId: string, progress: StepProgress): void;
  /** How the host carries networks; all that it carries. */
  setNetworkReports(hostId: string, reports: readonly NetworkReport[]): void;
  /** What the service of the network on the host has leased. */
  setNetworkLeases(hostId: string, networkId: string, leases: readonly HostLease[]): void;
  /** By the id of the connected host that serves it. */
  networkLeases(networkId: string): ReadonlyMap<string, readonly HostLease[]>;
  /** How each connected host carries the network, by the host's id. */
  networkReports(networkId: string): ReadonlyMap<string, NetworkReport>;

  /** Told of every change: committed ones and passing ones (then with the kind and id only). Returns the way to stop. */
  onChange(listener: (change: InventoryChange) => void): () => void;
}

/** Kinds whose things the inventory shows itself; pages of others are made by list/page.ts. */
export interface ListedThings {
  readonly vm: Vm;
  readonly host: Host;
  readonly image: Image;
  readonly folder: Folder;
  readonly operation: Operation;
}
export type ListedKind = keyof ListedThings;

/** Things in places from 0 on, which they have as long as they are there; a place may be free, and have another one later. */
export interface ThingTable<T> {
  /** Another number once anything has come, gone or changed: at once, before anybody is told. Samples and time do not count. */
  readonly version: number;
  /** All places that things have are below. */
  readonly places: number;
  /** The version in which what is in the place came, or changed. */
  stampAt(place: number): number;
  idAt(place: number): string | undefined;
  /** As it was when it last changed or was sampled, whatever time has passed. */
  viewAt(place: number): T | undefined;
  placeOf(id: string): number | undefined;
}

export interface InventoryChange {
  /** Number of the commit, or of the last one for a passing change. */
  readonly seq: number;
  readonly things: readonly {
    readonly kind:
      | 'vm'
      | 'host'
      | 'folder'
      | 'image'
      | 'profile'
      | 'team'
      | 'network'
      | 'operation'
      | 'user'
      | 'role'
      | 'grant'
      | 'token'
      | 'setting';
    readonly id: string;
    readonly how: 'changed' | 'deleted' | 'sampled';
  }[];
  readonly events: readonly Event[];
}
