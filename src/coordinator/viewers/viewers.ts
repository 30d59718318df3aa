/**
 * Native viewers of screens (docs/rfd/0031): each vm of a host that lets them in has a port there, and whoever connects is
 * asked here who it is, and is then a participant of the console like any other.
 *
 *   host set -> ports assigned, stored -> agent told -> listens
 *   viewer -> agent -> here: TLS and proof (security.ts, sign-in.ts) -> route vm.screen.open -> agent -> screen
 *
 * Invariants
 * 1. A vm keeps its port while host and range are the same, also while viewers are switched off.
 * 2. Nothing of a screen is sent before the proof was right and the right was looked at.
 * 3. A host is told one thing at a time; what has not changed is told again only to one that has connected anew, or that
 *    could not have a port.
 */
import { randomUUID } from 'node:crypto';
import { duplexPair } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createWebSocketStream, type WebSocket } from 'ws';
import { describeFault, Fault, faultCodes, isFault, toFault, withDeadline } from '#lib';
import type { Finding, ViewerListen, VmViewer } from '#api';
import { readAddress, SignInLimiter, type Access, type Arrival } from '../access/mod.ts';
import { commitFresh } from '../app/commit-fresh.ts';
import { shown } from '../app/find.ts';
import type { Tickets } from '../consoles/tickets.ts';
import type { HostDocument, ViewerPortDocument, VmDocument } from '../documents.ts';
import { Desk, type DeskParts } from '../gateway/desk.ts';
import type { InventoryChange } from '../inventory/inventory.ts';
import { DuplexSocket } from '../link/duplex-socket.ts';
import type { Reconciler } from '../reconcile/loop.ts';
import type { Write } from '../store/store.ts';
import type { ViewerCertificates } from './certificates.ts';
import { introduce } from './introduce.ts';
import { assignPorts, type Assignment } from './ports.ts';
import { askProof, type ProvingViewer } from './security.ts';
import { findViewerWarnings, viewVmViewer, type ViewerStanding } from './show.ts';
import { signInViewer, type SignedIn } from './sign-in.ts';

/** For somebody to find and type a password. */
const signInMs = 120_000;
const tellMs = 10_000;
const maxSigningIn = 500;
const writesAtOnce = 500;
/** What a viewer that was refused may take to read why. */
const farewellMs = 2_000;

export interface ViewersParts extends Omit<DeskParts, 'gate'> {
  readonly access: Access;
  readonly tickets: Tickets;
  readonly certificates: ViewerCertificates;
}

export class Viewers implements Disposable {
  readonly #parts: ViewersParts;
  readonly #desk: Desk;
  readonly #limiter: SignInLimiter;
  readonly #closing = new AbortController();
  /** By host: what it was told and has done. */
  readonly #told = new Map<string, string>();
  #signingIn = 0;

  constructor(parts: ViewersParts) {
    this.#parts = parts;
    this.#desk = new Desk({ ...parts, gate: parts.access });
    this.#limiter = new SignInLimiter(parts.coordinator.clock);
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new Fault('unavailable', 'the coordinator stops'));
  }

  /** The host has just connected: it listens on nothing. */
  begin(hostId: string): void {
    this.#told.delete(hostId);
    this.#parts.coordinator.inventory.setViewers(hostId, undefined);
  }

  /** Whether a change is about ports. */
  concerns({ things }: Pick<InventoryChange, 'things'>): boolean {
    const { inventory } = this.#parts.coordinator;
    return things.some(({ kind, id, how }) => {
      if (how === 'sampled') return false;
      if (kind === 'host') return true;
      if (kind !== 'vm') return false;
      const port = inventory.document<ViewerPortDocument>('viewer-port', id)?.data;
      const hostId = inventory.document<VmDocument>('vm', id)?.data.hostId;
      if (port?.hostId === hostId) return false;
      return port !== undefined || this.#settings(hostId ?? '')?.enabled === true;
    });
  }

  /** Assigns ports and tells hosts. */
  reconciler(): Reconciler {
    return {
      name: 'place-viewers',
      everyMs: 30_000,
      run: async () => {
        const { inventory } = this.#parts.coordinator;
        await this.#forgetGone();
        await Promise.all([...inventory.documents('host')].map(({ id }) => this.#place(id)));
      },
    };
  }

  /** What people should know about viewers, with the remedy. */
  findings(): Finding[] {
    const { coordinator, certificates } = this.#parts;
    const hosts = [...coordinator.inventory.documents<HostDocument>('host')];
    return hosts
      .filter(({ data }) => data.settings.viewers.enabled)
      .flatMap(({ id, data: { name, settings } }) =>
        findViewerWarnings(name, settings.viewers, certificates.warningOf(id)),
      );
  }

  show(vmId: string): VmViewer {
    const { inventory } = this.#parts.coordinator;
    return viewVmViewer(inventory, shown('vm', vmId, inventory.vm(vmId)));
  }

  /** Whether a host may bring a viewer of the vm: asked before its connection is accepted. */
  expects(hostId: string, vmId: string): boolean {
    const { inventory } = this.#parts.coordinator;
    const port = inventory.document<ViewerPortDocument>('viewer-port', vmId)?.data;
    const vm = inventory.document<VmDocument>('vm', vmId)?.data;
    const isEnabled = this.#settings(hostId)?.enabled === true;
    return isEnabled && port?.hostId === hostId && vm?.hostId === hostId;
  }

  /** Takes the connection that the host has dialled for a viewer who is at the address. */
  accept(hostId: string, vmId: string, from: string, socket: WebSocket): void {
    this.#serve(hostId, vmId, from, socket)
      .catch((error: unknown) => {
        const fault = toFault(error);
        const { log } = this.#parts.coordinator;
        if (fault.code === 'internal') log.error({ err: fault }, 'a viewer failed');
        else log.debug({ fault: describeFault(fault), from }, 'a viewer has not got in');
      })
      .finally(() => {
        socket.close();
        setTimeout(() => socket.terminate(), farewellMs).unref();
      });
  }

  async #serve(hostId: string, vmId: string, from: string, socket: WebSocket): Promise<void> {
    const { certificates } = this.#parts;
    const stream = createWebSocketStream(socket, { allowHalfOpen: false });
    stream.on('error', () => undefined);
    const settings = this.#settings(hostId);
    if (settings === undefined || this.#signingIn >= maxSigningIn) return void stream.destroy();
    this.#signingIn += 1;
    let proving: ProvingViewer;
    try {
      proving = await withDeadline('a viewer', signInMs, this.#closing.signal, async (signal) =>
        askProof(stream, settings, await certificates.contextOf(hostId), signal),
      );
    } finally {
      this.#signingIn -= 1;
    }
    proving.stream.on('error', () => undefined);
    const { encrypted } = proving;
    const origin = readAddress(from);
    const arrival: Arrival = { encrypted, origin, correlationId: randomUUID() };
    try {
      const { access, tickets } = this.#parts;
      const desk = { access, tickets, limiter: this.#limiter };
      const { signIn } = settings;
      const signedIn = await signInViewer(desk, vmId, arrival, signIn, proving.proof);
      await this.#show(vmId, signedIn, proving);
    } catch (error) {
      if (isFault(error, 'unauthenticated')) this.#noteStranger(arrival, error);
      proving.refuse(describeFault(error));
      throw error;
    }
  }

  /** Until either side ends. */
  async #show(vmId: string, { caller, end }: SignedIn, { stream }: ProvingViewer): Promise<void> {
    const gone = new AbortController();
    stream.once('close', () => gone.abort(new Fault('cancelled', 'the viewer has gone')));
    const signal = AbortSignal.any([this.#closing.signal, gone.signal]);
    const [near, far] = duplexPair({ allowHalfOpen: false });
    const client = new DuplexSocket(far);
    try {
      await this.#desk.join(caller, 'vm.screen.open', { params: { vm: vmId } }, client, signal);
      await withDeadline('the screen', tellMs, signal, (inner) => introduce(near, inner));
      await pipeline(stream, near, stream, { signal }).catch(() => undefined);
    } finally {
      client.terminate();
      near.destroy();
      await end();
    }
  }

  #noteStranger(arrival: Arrival, error: unknown): void {
    this.#parts.access.audit({
      ...arrival,
      caller: undefined,
      method: 'VNC',
      route: 'vm.screen.open',
      target: undefined,
      status: faultCodes[toFault(error).code].status,
      error,
    });
  }

  #settings(hostId: string): HostDocument['settings']['viewers'] | undefined {
    const { inventory } = this.#parts.coordinator;
    return inventory.document<HostDocument>('host', hostId)?.data.settings.viewers;
  }

  /** Ports of vms that are gone. */
  async #forgetGone(): Promise<void> {
    const { inventory } = this.#parts.coordinator;
    const gone: Write[] = [...inventory.documents('viewer-port')]
      .filter(({ id }) => inventory.document('vm', id) === undefined)
      .map(({ id }) => ({ kind: 'viewer-port', id, delete: true }));
    for (const { id } of inventory.documents('viewer-certificate'))
      if (inventory.document('host', id) === undefined)
        gone.push({ kind: 'viewer-certificate', id, delete: true });
    await this.#commit(gone);
  }

  async #place(hostId: string): Promise<void> {
    const { inventory, links, log } = this.#parts.coordinator;
    const host = inventory.document<HostDocument>('host', hostId)?.data;
    if (host === undefined || host.connection !== undefined) return;
    const { enabled, address } = host.settings.viewers;
    const assignment = enabled ? await this.#assign(hostId) : { ports: new Map(), without: [] };
    if (!links.connected(hostId)) return;
    const ports = Array.from(assignment.ports, ([id, port]) => ({ id, port }));
    const asked: ViewerListen = { address, ports };
    const key = JSON.stringify(asked);
    const told = this.#told.get(hostId);
    if (told === key || (told === undefined && !enabled)) return;
    try {
      const { failed } = await links.call(hostId, 'viewers.listen', asked, { limitMs: tellMs });
      // One that has connected anew meanwhile is told again.
      if (failed.length === 0) this.#told.set(hostId, key);
      else this.#told.set(hostId, '');
      inventory.setViewers(hostId, standingOf(assignment, failed));
    } catch (error) {
      log.warn({ host: hostId, why: describeFault(error) }, 'a host is not told of its viewers');
      inventory.setViewers(hostId, { state: 'failed', reason: describeFault(error).slice(0, 500) });
    }
  }

  async #assign(hostId: string): Promise<Assignment> {
    const { inventory } = this.#parts.coordinator;
    const settings = this.#settings(hostId);
    if (settings === undefined) return { ports: new Map(), without: [] };
    const vms = [...inventory.vmsOfHost(hostId)]
      .flatMap((id) => inventory.document<VmDocument>('vm', id) ?? [])
      .sort((one, other) => order(one.createdAt + one.id, other.createdAt + other.id));
    const kept = (id: string): ViewerPortDocument | undefined =>
      inventory.document<ViewerPortDocument>('viewer-port', id)?.data;
    const places = vms.map(({ id }) => ({ id, hostId, port: kept(id) }));
    const assignment = assignPorts(places, settings);
    const writes: Write[] = [];
    for (const [id, port] of assignment.ports) {
      const known = kept(id);
      if (known?.hostId === hostId && known.port === port) continue;
      writes.push({ kind: 'viewer-port', id, data: { hostId, port } satisfies ViewerPortDocument });
    }
    for (const id of assignment.without)
      if (kept(id) !== undefined) writes.push({ kind: 'viewer-port', id, delete: true });
    await this.#commit(writes);
    return assignment;
  }

  async #commit(writes: readonly Write[]): Promise<void> {
    for (let at = 0; at < writes.length; at += writesAtOnce)
      await commitFresh(this.#parts.coordinator, () => ({
        writes: writes.slice(at, at + writesAtOnce),
      }));
  }
}

function standingOf(
  { without }: Assignment,
  failed: readonly { readonly port: number; readonly reason: string }[],
): ViewerStanding {
  const [first] = failed;
  if (first !== undefined) {
    const more = failed.length === 1 ? '' : `, and ${failed.length - 1} more`;
    return { state: 'failed', reason: `port ${first.port}: ${first.reason}${more}`.slice(0, 500) };
  }
  const reason =
    without.length === 0
      ? null
      : `${without.length} vms have no port: settings.viewers.ports has more`;
  return { state: 'listening', reason };
}

function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
