/**
 * Screens of running vms as addresses, for clients of libvirt on this machine: VNC, one port on loopback for each vm
 * that a client has asked about. A port is there until its vm goes off, or until more vms have been asked about than
 * there may be ports; then the one that was asked about longest ago, and that nobody looks at, goes.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { vmStateFacts } from '#api';
import type { Inventory } from '../inventory/inventory.ts';
import { loopback } from './loopback-owner.ts';

const maxPorts = 1000;
const maxViewers = 16;

export interface ScreensParts {
  readonly inventory: Pick<Inventory, 'vm' | 'onChange'>;
  /** Joins a viewer with the screen; never rejects. */
  readonly show: (vmId: string, viewer: Socket) => Promise<void>;
}

interface Place {
  readonly server: Server;
  readonly viewers: Set<Socket>;
}

export class Screens implements AsyncDisposable {
  readonly #parts: ScreensParts;
  /** By vm, in the order in which they were asked about. */
  readonly #places = new Map<string, Place>();
  readonly #stop: () => void;

  constructor(parts: ScreensParts) {
    this.#parts = parts;
    this.#stop = parts.inventory.onChange(({ things }) => {
      for (const { kind, id, how } of things)
        if (kind === 'vm' && how !== 'sampled' && this.#places.has(id)) this.#look(id);
    });
  }

  /** Undefined where no port is to be had. */
  async portOf(vmId: string): Promise<number | undefined> {
    const place = this.#places.get(vmId) ?? this.#open(vmId);
    if (place === undefined) return undefined;
    this.#places.delete(vmId);
    this.#places.set(vmId, place);
    const { server } = place;
    if (!server.listening) await once(server, 'listening').catch(() => this.#places.delete(vmId));
    const address = server.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    const closed = [...this.#places.values()].map(({ server }) => once(server, 'close'));
    for (const vmId of this.#places.keys()) this.#close(vmId);
    await Promise.all(closed);
  }

  #open(vmId: string): Place | undefined {
    if (this.#places.size >= maxPorts) this.#makeRoom();
    if (this.#places.size >= maxPorts) return undefined;
    const place: Place = { server: createServer({ noDelay: true }), viewers: new Set() };
    const { server, viewers } = place;
    server.maxConnections = maxViewers;
    server.on('connection', (viewer) => {
      viewers.add(viewer);
      viewer.on('close', () => viewers.delete(viewer));
      void this.#parts.show(vmId, viewer);
    });
    server.listen({ host: loopback, port: 0 });
    this.#places.set(vmId, place);
    return place;
  }

  #makeRoom(): void {
    for (const [vmId, { viewers }] of this.#places)
      if (viewers.size === 0) {
        this.#close(vmId);
        return;
      }
  }

  #look(vmId: string): void {
    const state = this.#parts.inventory.vm(vmId)?.state;
    if (state === undefined || !vmStateFacts[state].live) this.#close(vmId);
  }

  #close(vmId: string): void {
    const place = this.#places.get(vmId);
    this.#places.delete(vmId);
    place?.server.close();
    for (const viewer of place?.viewers ?? []) viewer.destroy();
  }
}
