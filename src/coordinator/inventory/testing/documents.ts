/** Documents for the tests of this room: small, whole and told apart by their names. */
import { createHash } from 'node:crypto';
import {
  hostSettingsSchema,
  profiles,
  topFolderId,
  vmDefinitionSchema,
  type MachineReport,
  type MachineSample,
} from '#api';
import type {
  FolderDocument,
  HostDocument,
  ImageDocument,
  OperationDocument,
  VmDocument,
} from '../../documents.ts';
import type { Change, Document, DocumentKind, Json } from '../../store/store.ts';
import type { MemoryInventory } from '../memory-inventory.ts';

export const time = '2026-01-01T00:00:00.000Z';

/** A UUID that follows from the text. */
export function idOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function vmData(name: string, more: Partial<VmDocument> = {}): VmDocument {
  return {
    definition: vmDefinitionSchema.parse({
      id: idOf(name),
      name,
      hardware: profiles.modern.hardware,
    }),
    hostId: idOf('h1'),
    folderId: topFolderId,
    path: `/vms/${name}`,
    revision: 1,
    generation: 1,
    ...more,
  };
}

export function hostData(name: string, more: Partial<HostDocument> = {}): HostDocument {
  return {
    name,
    driver: 'simulated',
    settings: hostSettingsSchema.parse({}),
    facts: null,
    certificate: 'c'.repeat(64),
    serviceRunning: true,
    ...more,
  };
}

export function folderData(name: string, parentId: string | null = topFolderId): FolderDocument {
  return { name, parentId };
}

export function imageData(name: string, hostId: string): ImageDocument {
  return {
    name,
    imageKind: 'disk',
    format: 'qcow2',
    sizeBytes: 1,
    fileBytes: 1,
    sha256: null,
    guestOs: null,
    description: '',
    hostId,
    path: `/images/${name}`,
    builtFrom: null,
  };
}

export function operationData(more: Partial<OperationDocument> = {}): OperationDocument {
  return {
    action: 'vm.turn-on',
    target: { kind: 'vm', id: idOf('web'), name: 'web' },
    input: {},
    memory: {},
    state: 'running',
    steps: [],
    at: 0,
    actor: { kind: 'user', name: 'ann' },
    userId: null,
    origin: null,
    correlationId: idOf('correlation'),
    startedAt: time,
    endedAt: null,
    fault: null,
    result: null,
    ...more,
  };
}

export function report(name: string, more: Partial<MachineReport> = {}): MachineReport {
  return {
    id: idOf(name),
    name,
    generation: 1,
    state: 'running',
    held: false,
    since: time,
    startedAt: time,
    accelerator: 'simulated',
    wasRunning: true,
    path: `/vms/${name}`,
    pending: [],
    forwards: [],
    snapshots: [],
    undo: null,
    lastFault: null,
    ...more,
  };
}

export function sample(name: string, cpuPercent: number): MachineSample {
  return {
    id: idOf(name),
    cpuPercent,
    memoryBytes: 1024,
    diskUse: null,
    networkUse: null,
    heartbeat: { state: 'good', lastAt: time, beats: 3 },
    guestHealth: 'working',
    additions: { state: 'running', version: '1', agentVersion: '8', functions: {} },
    guest: null,
  };
}

/** Applies one commit after the other to an inventory, counting versions as a store does. */
export class Writer {
  readonly #inventory: MemoryInventory;

  constructor(inventory: MemoryInventory) {
    this.#inventory = inventory;
  }

  put(kind: DocumentKind, id: string, data: unknown, createdAt = time): void {
    const version = (this.#inventory.document(kind, id)?.version ?? 0) + 1;
    // As the store does it: through JSON.
    const copy = JSON.parse(JSON.stringify(data)) as Json;
    const document = { kind, id, version, createdAt, updatedAt: time, data: copy };
    this.#apply({ documents: [document], deleted: [] });
  }

  drop(kind: DocumentKind, id: string): void {
    this.#apply({ documents: [], deleted: [{ kind, id }] });
  }

  #apply(change: { documents: readonly Document[]; deleted: Change['deleted'] }): void {
    this.#inventory.apply({ seq: this.#inventory.head + 1, events: [], ...change });
  }
}
