/**
 * The inventory: documents, indexes over them, and the things made of both as the API shows them.
 *
 *   apply(change) -> documents -> indexes -> things that look different are forgotten -> listeners
 *   setSample, setHostLoad, setConnection, setProgress -> the same, without documents
 *
 * Invariant: when `apply` returns, every look-up shows the change and nothing older. Listeners are told
 * afterwards; passing changes are gathered and told once, after the code that makes them has returned.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '#lib';
import {
  vmStateFacts,
  type ConnectionState,
  type Folder,
  type Host,
  type HostLease,
  type HostLoad,
  type HostTrouble,
  type Image,
  type MachineSample,
  type NetworkReport,
  type Operation,
  type Page,
  type QuotaUse,
  type Vm,
} from '#api';
import type {
  FolderDocument,
  HostDocument,
  ImageDocument,
  OperationDocument,
  StatusDocument,
  VmDocument,
} from '../documents.ts';
import { completeDocument } from '../documents.ts';
import type { Change, Document, DocumentKind, Json } from '../store/store.ts';
import { createCollections, type Collections } from './collections.ts';
import { DocumentMaps, heldKinds } from './document-maps.ts';
import { Indexes, type Touch } from './indexes.ts';
import type {
  Connection,
  Inventory,
  InventoryChange,
  ListedKind,
  ListedThings,
  PlainQuery,
  StepProgress,
  ThingTable,
} from './inventory.ts';
import { NetworkLeases } from './network-leases.ts';
import { NetworkReports } from './network-reports.ts';
import type { Counted } from './quota-use.ts';
import { Touched } from './touched.ts';
import { neverConnected, viewHost } from './views/host-view.ts';
import { viewOperation } from './views/operation-view.ts';
import { viewFolder, viewImage } from './views/plain-views.ts';
import { viewVm } from './views/vm-view.ts';
import type { Namesake } from './vm-names.ts';
import type { ViewerStanding } from '../viewers/show.ts';

export class MemoryInventory implements Inventory {
  readonly #clock: Clock;
  readonly #documents = new DocumentMaps();
  readonly #indexes = new Indexes(this.#documents);
  readonly #collections: Collections;
  readonly #samples = new Map<string, MachineSample>();
  /** By host and vm; a host may measure a vm before its document is here. */
  readonly #diskSpaces = new Map<string, ReadonlyMap<string, number>>();
  readonly #loads = new Map<string, HostLoad>();
  readonly #troubles = new Map<string, readonly HostTrouble[]>();
  readonly #foreign = new Map<string, ConnectionState>();
  readonly #connections = new Map<string, Connection>();
  readonly #viewers = new Map<string, ViewerStanding>();
  readonly #progress = new Map<string, StepProgress>();
  readonly #networks = new NetworkReports();
  readonly #leases = new NetworkLeases();
  readonly #listeners = new Set<(change: InventoryChange) => void>();
  #passing: Touched | undefined;
  #head = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#collections = createCollections(clock, {
      vm: (id) => this.#makeVm(id),
      host: (id) => this.#makeHost(id),
      image: (id) => this.#makeImage(id),
      folder: (id) => this.#makeFolder(id),
      operation: (id) => this.#makeOperation(id),
    });
  }

  get head(): number {
    return this.#head;
  }

  document<T>(kind: DocumentKind, id: string): Document<T> | undefined {
    return this.#documents.get<T>(kind, id);
  }

  documents<T>(kind: DocumentKind): Iterable<Document<T>> {
    return this.#documents.all<T>(kind).values();
  }

  count(kind: DocumentKind): number {
    return this.#documents.all(kind).size;
  }

  find<T>(kind: DocumentKind, reference: string): Document<T> | undefined {
    const byId = this.document<T>(kind, reference);
    if (byId !== undefined) return byId;
    const id = this.#idOf(kind, reference);
    return id === undefined ? undefined : this.document<T>(kind, id);
  }

  #idOf(kind: DocumentKind, name: string): string | undefined {
    const { folders, names, vmNames } = this.#indexes;
    if (kind === 'vm') return vmNames.find(name);
    if (kind === 'folder' && name.startsWith('/'))
      return folders.withPath(name, this.documents<FolderDocument>('folder'));
    return names.find(kind, name);
  }

  namesakes(name: string): readonly Namesake[] {
    return this.#indexes.vmNames.namesakes(name);
  }

  vmsOfHost(hostId: string): ReadonlySet<string> {
    return this.#indexes.vmsOfHost.get(hostId);
  }

  vmsOfFolder(folderId: string): ReadonlySet<string> {
    return this.#indexes.vmsOfFolder.get(folderId);
  }

  vmsOnNetwork(networkId: string): ReadonlyMap<string, number> {
    return this.#indexes.networkUse.vmsOn(networkId);
  }

  vmsToNumber(): ReadonlySet<string> {
    return this.#indexes.portNumbers.unsettled;
  }

  freePortNumber(networkId: string, from: number): number {
    return this.#indexes.portNumbers.lowestFree(networkId, from);
  }

  networksOfHost(hostId: string): ReadonlySet<string> {
    const defined = this.#indexes.networkUse.networksOf(hostId);
    return new Set([...defined, ...this.#networks.carriedBy(hostId)]);
  }

  networksServedOnce(): ReadonlySet<string> {
    return this.#indexes.networkUse.servedOnce;
  }

  foldersAbove(folderId: string): readonly string[] {
    return this.#indexes.folders.above(folderId);
  }

  folderPath(folderId: string): string {
    return this.#indexes.folders.path(folderId);
  }

  quotaUse(folderId: string): QuotaUse {
    return this.#indexes.quotaUses.of(this.#indexes.folders.below(folderId));
  }

  counted(vmId: string): Counted | undefined {
    return this.#indexes.quotaUses.counted(vmId);
  }

  templates(): ReadonlySet<string> {
    return this.#indexes.templates;
  }

  vm(id: string): Vm | undefined {
    return this.#collections.vm.get(id);
  }

  allVms(): Iterable<Vm> {
    return this.#collections.vm.all();
  }

  get vmTable(): ThingTable<Vm> {
    return this.#collections.vm;
  }

  host(id: string): Host | undefined {
    return this.#collections.host.get(id);
  }

  image(id: string): Image | undefined {
    return this.#collections.image.get(id);
  }

  folder(id: string): Folder | undefined {
    return this.#collections.folder.get(id);
  }

  operation(id: string): Operation | undefined {
    return this.#collections.operation.get(id);
  }

  list<K extends ListedKind>(
    kind: K,
    query: PlainQuery,
    visible: ((id: string) => boolean) | undefined,
  ): Page<ListedThings[K]> {
    return this.#collections[kind].page(query, visible);
  }

  /** Takes in what was read at the start, in any order; nobody is told. */
  load(documents: readonly Document[]): void {
    for (const document of documents) this.#put(document, (...thing) => this.#touch(...thing));
  }

  /** Changes up to the number are in what was loaded; later ones are applied. */
  startAt(head: number): void {
    this.#head = head;
  }

  apply(change: Change): void {
    if (change.seq <= this.#head) return;
    const touched = new Touched();
    const touch: Touch = (kind, id, how) => {
      this.#touch(kind, id, how);
      if (how === 'deleted' || this.document(kind, id) !== undefined) touched.add(kind, id, how);
    };
    for (const document of change.documents) this.#put(document, touch);
    for (const { kind, id } of change.deleted) {
      const before = this.#documents.get<Json>(kind, id);
      if (before === undefined) continue;
      this.#documents.drop(kind, id);
      this.#indexes.change(kind, id, before, undefined, touch);
    }
    this.#head = change.seq;
    this.#tell({ seq: change.seq, things: touched.things(), events: change.events });
  }

  *liveSamples(): ReturnType<Inventory['liveSamples']> {
    for (const [id, sample] of this.#samples) {
      const vm = this.document<VmDocument>('vm', id)?.data;
      const report = this.document<StatusDocument>('status', id)?.data.report;
      if (vm === undefined || report === undefined || !this.#connected(vm.hostId)) continue;
      const { hostId, definition } = vm;
      const processors = definition.hardware.processor.count;
      if (vmStateFacts[report.state].live) yield { hostId, processors, sample };
    }
  }

  *diskSpaces(): Iterable<{ readonly vmId: string; readonly usedBytes: number }> {
    for (const [hostId, spaces] of this.#diskSpaces)
      for (const [vmId, usedBytes] of spaces)
        if (this.vmsOfHost(hostId).has(vmId)) yield { vmId, usedBytes };
  }

  *loads(): Iterable<{ readonly hostId: string; readonly load: HostLoad }> {
    for (const [hostId, load] of this.#loads)
      if (this.document('host', hostId) !== undefined && this.#connected(hostId))
        yield { hostId, load };
  }

  setSample(sample: MachineSample): void {
    if (this.document('vm', sample.id) === undefined) return;
    this.#samples.set(sample.id, sample);
    this.#pass('vm', sample.id, 'sampled');
  }

  setDiskSpaces(hostId: string, usedBytes: ReadonlyMap<string, number>): void {
    const before = this.#diskSpaces.get(hostId);
    this.#diskSpaces.set(hostId, usedBytes);
    for (const id of new Set([...(before?.keys() ?? []), ...usedBytes.keys()]))
      if (before?.get(id) !== usedBytes.get(id)) this.#pass('vm', id, 'sampled');
  }

  setHostLoad(hostId: string, load: HostLoad): void {
    this.#loads.set(hostId, load);
    this.#pass('host', hostId, 'sampled');
  }

  troubles(hostId: string): readonly HostTrouble[] | undefined {
    return this.#troubles.get(hostId);
  }

  setTroubles(hostId: string, troubles: readonly HostTrouble[]): void {
    this.#troubles.set(hostId, troubles);
    this.#pass('host', hostId, 'changed');
  }

  setForeign(hostId: string, state: ConnectionState): void {
    const before = this.#foreign.get(hostId);
    this.#foreign.set(hostId, state);
    this.#pass('host', hostId, before?.state === state.state ? 'sampled' : 'changed');
  }

  setViewers(hostId: string, standing: ViewerStanding | undefined): void {
    if (isDeepStrictEqual(this.#viewers.get(hostId), standing)) return;
    if (standing === undefined) this.#viewers.delete(hostId);
    else this.#viewers.set(hostId, standing);
    this.#pass('host', hostId, 'changed');
  }

  setConnection(hostId: string, connection: Connection): void {
    const before = this.#connections.get(hostId) ?? neverConnected;
    this.#connections.set(hostId, connection);
    this.#pass('host', hostId, 'changed');
    if (before.connected === connection.connected) return;
    if (!connection.connected) {
      this.setNetworkReports(hostId, []);
      this.#diskSpaces.delete(hostId);
      this.#troubles.delete(hostId);
    }
    for (const id of this.vmsOfHost(hostId)) {
      if (!connection.connected) this.#samples.delete(id);
      this.#pass('vm', id, 'changed');
    }
  }

  setProgress(operationId: string, progress: StepProgress): void {
    this.#progress.set(operationId, progress);
    this.#pass('operation', operationId, 'sampled');
  }

  setNetworkReports(hostId: string, reports: readonly NetworkReport[]): void {
    this.#leases.keepOnly(hostId, new Set(reports.map(({ id }) => id)));
    for (const id of this.#networks.set(hostId, reports)) this.#pass('network', id, 'changed');
  }

  setNetworkLeases(hostId: string, networkId: string, leases: readonly HostLease[]): void {
    this.#leases.set(hostId, networkId, leases);
    this.#pass('network', networkId, 'changed');
  }

  networkLeases(networkId: string): ReadonlyMap<string, readonly HostLease[]> {
    return this.#leases.of(networkId);
  }

  networkReports(networkId: string): ReadonlyMap<string, NetworkReport> {
    return this.#networks.of(networkId);
  }

  onChange(listener: (change: InventoryChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #put(document: Document, touch: Touch): void {
    const { kind, id } = document;
    if (!heldKinds.includes(kind)) return;
    const before = this.#documents.get<Json>(kind, id);
    const after = this.#documents.put(completeDocument(document));
    if (after === undefined) return;
    if (kind === 'status') this.#forgetRun(after.id);
    this.#indexes.change(kind, after.id, before, after, touch);
  }

  /** What was seen of a guest is over with its run: the next one has to tell its own. */
  #forgetRun(id: string): void {
    const report = this.document<StatusDocument>('status', id)?.data.report;
    if (report !== undefined && !vmStateFacts[report.state].live) this.#samples.delete(id);
  }

  /** Forgets how the thing looked. */
  #touch: Touch = (kind, id, how) => {
    if (how === 'deleted') {
      if (kind === 'vm') this.#samples.delete(id);
      if (kind === 'operation') this.#progress.delete(id);
      if (kind === 'host') {
        this.#foreign.delete(id);
        this.#viewers.delete(id);
      }
    }
    if (!isListed(kind)) return;
    const collection = this.#collections[kind];
    if (how === 'deleted') collection.remove(id);
    else if (how === 'sampled') collection.touch(id, 'sampled');
    // A status may be told before its vm, and a vm's host may be gone.
    else if (this.document(kind, id) !== undefined) collection.add(id);
  };

  /** A passing change of a thing that may not be known. */
  #pass(
    kind: 'vm' | 'host' | 'network' | 'operation',
    id: string,
    how: 'changed' | 'sampled',
  ): void {
    if (this.document(kind, id) === undefined) return;
    this.#touch(kind, id, how);
    if (this.#passing === undefined) {
      this.#passing = new Touched();
      queueMicrotask(() => this.#tellPassing());
    }
    this.#passing.add(kind, id, how);
  }

  #tellPassing(): void {
    const things = this.#passing?.things() ?? [];
    this.#passing = undefined;
    this.#tell({ seq: this.#head, things, events: [] });
  }

  #tell(change: InventoryChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #connected(hostId: string): boolean {
    return this.#connections.get(hostId)?.connected ?? false;
  }

  #makeVm(id: string): Vm | undefined {
    const vm = this.document<VmDocument>('vm', id);
    if (vm === undefined) return undefined;
    const { hostId, folderId } = vm.data;
    const parts = {
      vm,
      report: this.document<StatusDocument>('status', id)?.data.report,
      host: this.document<HostDocument>('host', hostId)?.data,
      hostConnected: this.#connected(hostId),
      moves: this.#indexes.moves.has(id),
      folderPath: this.folderPath(folderId),
      sample: this.#samples.get(id),
      diskSpaceBytes: this.#diskSpaces.get(hostId)?.get(id),
    };
    return viewVm(parts, this.#clock.now());
  }

  #makeHost(id: string): Host | undefined {
    const host = this.document<HostDocument>('host', id);
    if (host === undefined) return undefined;
    const connection = this.#connections.get(id) ?? neverConnected;
    const vms = this.vmsOfHost(id).size;
    return viewHost({
      host,
      connection,
      lastStoredAt: connection.lastSeenAt === null ? this.#lastStored(id) : null,
      foreign: this.#foreign.get(id),
      load: this.#loads.get(id),
      viewers: this.#viewers.get(id),
      vms,
    });
  }

  /** When something was last kept of the host's vms, for one that was not heard of since the coordinator started. */
  #lastStored(hostId: string): string | null {
    let last: string | null = null;
    for (const id of this.vmsOfHost(hostId)) {
      const told = this.document<StatusDocument>('status', id)?.updatedAt ?? null;
      if (told !== null && (last === null || told > last)) last = told;
    }
    return last;
  }

  #makeImage(id: string): Image | undefined {
    const image = this.document<ImageDocument>('image', id);
    if (image === undefined) return undefined;
    const { hostId } = image.data;
    return viewImage(image, this.document<HostDocument>('host', hostId)?.data.name ?? hostId);
  }

  #makeFolder(id: string): Folder | undefined {
    const folder = this.document<FolderDocument>('folder', id);
    return folder && viewFolder(folder, this.folderPath(id));
  }

  #makeOperation(id: string): Operation | undefined {
    const operation = this.document<OperationDocument>('operation', id);
    return operation && viewOperation(operation, this.#progress.get(id));
  }
}

const listed: readonly string[] = ['vm', 'host', 'image', 'folder', 'operation'];

function isListed(kind: string): kind is ListedKind {
  return listed.includes(kind);
}

/** An empty inventory; `followStore` fills it. */
export function createInventory(options: { readonly clock: Clock }): MemoryInventory {
  return new MemoryInventory(options.clock);
}
