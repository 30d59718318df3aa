/**
 * What follows from documents: names, where vms and images are, how folders lie, and which things look
 * different when a document changes. A vm shows its host's name and its folder's path, so a host or folder
 * that is renamed touches all its vms.
 */
import { isDeepStrictEqual } from 'node:util';
import type {
  AcknowledgementDocument,
  FolderDocument,
  HostDocument,
  ImageDocument,
  NetworkDocument,
  OperationDocument,
  PortNumbersDocument,
  VmDocument,
} from '../documents.ts';
import type { Document, DocumentKind } from '../store/store.ts';
import type { DocumentMaps } from './document-maps.ts';
import { FolderTree } from './folder-tree.ts';
import { IdIndex } from './id-index.ts';
import { Moves } from './moves.ts';
import { Names } from './names.ts';
import { NetworkUse, networksOf } from './network-use.ts';
import { PortNumbers } from './port-numbers.ts';
import { QuotaUses } from './quota-use.ts';
import type { How, TouchedKind } from './touched.ts';
import { VmNames } from './vm-names.ts';

/** Told of every thing that looks different; deleted things are told as deleted. */
export type Touch = (kind: TouchedKind, id: string, how: How) => void;

export class Indexes {
  readonly names = new Names();
  readonly vmNames: VmNames;
  readonly folders: FolderTree;
  readonly vmsOfHost = new IdIndex();
  readonly vmsOfFolder = new IdIndex();
  readonly imagesOfHost = new IdIndex();
  readonly moves = new Moves();
  readonly networkUse = new NetworkUse();
  readonly portNumbers: PortNumbers;
  readonly quotaUses: QuotaUses;
  readonly templates = new Set<string>();

  constructor(documents: DocumentMaps) {
    this.vmNames = new VmNames(this.names, documents);
    this.portNumbers = new PortNumbers(documents);
    this.quotaUses = new QuotaUses(documents);
    this.folders = new FolderTree((id) => documents.get<FolderDocument>('folder', id));
  }

  /** The document before and after; absent at its beginning and end. */
  change(
    kind: DocumentKind,
    id: string,
    before: Document | undefined,
    after: Document | undefined,
    touch: Touch,
  ): void {
    const how = after === undefined ? 'deleted' : 'changed';
    this.names.change(kind, id, before?.data, after?.data);
    switch (kind) {
      case 'vm':
        touch('vm', id, how);
        return this.#changeVm(id, dataOf(before), dataOf(after), touch);
      case 'status':
        return touch('vm', id, 'changed');
      case 'host':
        touch('host', id, how);
        return this.#changeHost(id, dataOf(before), dataOf(after), touch);
      case 'folder':
        touch('folder', id, how);
        return this.#changeFolder(id, dataOf(before), dataOf(after), touch);
      case 'image': {
        touch('image', id, how);
        const from = dataOf<ImageDocument>(before)?.hostId;
        return this.imagesOfHost.move(id, from, dataOf<ImageDocument>(after)?.hostId);
      }
      case 'network':
        this.networkUse.changeNetwork(id, dataOf<NetworkDocument>(after));
        return touch('network', id, how);
      case 'operation': {
        touch('operation', id, how);
        const states = [before, after].map((document) => dataOf<OperationDocument>(document));
        this.quotaUses.changeOperation(id, states[0], states[1]);
        // A vm shows that it moves.
        const vm = this.moves.change(id, states[0], states[1]);
        return vm === undefined ? undefined : touch('vm', vm, 'changed');
      }
      case 'profile':
      case 'team':
      case 'user':
      case 'role':
      case 'grant':
      case 'token':
      case 'setting':
        return touch(kind, id, how);
      // Whoever looks at what is wrong reads that again with the thing.
      case 'acknowledgement': {
        const thing = dataOf<AcknowledgementDocument>(after ?? before)?.thing;
        if (thing?.kind === 'vm' || thing?.kind === 'host') touch(thing.kind, thing.id, 'changed');
        return;
      }
      // Whoever looks at a folder's quota reads it again with the folder.
      case 'quota':
        return touch('folder', id, 'changed');
      // A network shows where it is served.
      case 'span':
        return touch('network', id, 'changed');
      // A network shows its ports.
      case 'port-numbers': {
        const numbers = [before, after].map((document) => dataOf<PortNumbersDocument>(document));
        this.portNumbers.changeNumbers(id, numbers[0], numbers[1]);
        for (const network of new Set(
          numbers.flatMap((data) => data?.ports.map((port) => port.network) ?? []),
        ))
          touch('network', network, 'changed');
        return;
      }
      case 'agent':
      case 'charge':
      case 'session':
      case 'link':
      case 'console-link':
      case 'recording':
      case 'viewer-port':
      case 'viewer-certificate':
      case 'request':
      case 'name':
      case 'lock':
        return;
    }
  }

  #changeVm(
    id: string,
    before: VmDocument | undefined,
    after: VmDocument | undefined,
    touch: Touch,
  ): void {
    this.vmNames.change(id, before, after);
    this.vmsOfFolder.move(id, before?.folderId, after?.folderId);
    this.networkUse.changeVm(id, before, after);
    this.quotaUses.changeVm(id, before, after);
    if (after?.template === undefined) this.templates.delete(id);
    else this.templates.add(id);
    this.portNumbers.changeVm(id);
    // A network shows how many adapters are on it.
    const [left, joined] = [networksOf(before), networksOf(after)];
    if (!isDeepStrictEqual(left, joined))
      for (const network of new Set([...left, ...joined])) touch('network', network, 'changed');
    if (before?.hostId === after?.hostId) return;
    this.vmsOfHost.move(id, before?.hostId, after?.hostId);
    // A host shows how many vms it has.
    for (const hostId of [before?.hostId, after?.hostId])
      if (hostId !== undefined) touch('host', hostId, 'changed');
  }

  #changeHost(
    id: string,
    before: HostDocument | undefined,
    after: HostDocument | undefined,
    touch: Touch,
  ): void {
    const shown = (host: HostDocument | undefined): unknown => [
      host?.name,
      host?.driver,
      host?.facts?.acceleration.use,
      host?.facts?.additionsVersion,
    ];
    if (isDeepStrictEqual(shown(before), shown(after))) return;
    for (const vmId of this.vmsOfHost.get(id)) touch('vm', vmId, 'changed');
    for (const imageId of this.imagesOfHost.get(id)) touch('image', imageId, 'changed');
  }

  #changeFolder(
    id: string,
    before: FolderDocument | undefined,
    after: FolderDocument | undefined,
    touch: Touch,
  ): void {
    this.folders.change(id, before, after);
    if (before?.name === after?.name && before?.parentId === after?.parentId) return;
    for (const folderId of this.folders.below(id)) {
      if (folderId !== id) touch('folder', folderId, 'changed');
      for (const vmId of this.vmsOfFolder.get(folderId)) touch('vm', vmId, 'changed');
    }
  }
}

/** The kind says what its data is: documents.ts. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
function dataOf<T>(document: Document | undefined): T | undefined {
  return document?.data as T | undefined;
}
