/**
 * Gantry's networks as libvirt's clients change them: what they say becomes a request of the API, with its rights and its
 * faults; whether one is active is what clients have been told (network-standing.ts) and whether vms need it.
 */
import { libvirtFault, type NetworkHandle } from '#libvirt';
import { findNetwork } from '../app/network/show-network.ts';
import type { NetworkDocument } from '../documents.ts';
import type { Document } from '../store/store.ts';
import { isActive, notNow, type Connection } from './connection.ts';
import { changedNetwork, newNetwork } from './define/merge-network.ts';
import { readNetwork, type NetworkWish } from './define/network-wish.ts';
import { patchOfUpdate, type NetworkUpdate } from './define/network-update.ts';

type Network = Document<NetworkDocument>;

/** Vms that are named where they stand against something. */
const maxNamed = 5;

export class OwnNetworks {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Errors: `forbidden`. */
  all(): readonly Network[] {
    const { coordinator, desk, caller } = this.#connection.parts;
    desk.admit(caller, 'network.list');
    return [...coordinator.inventory.documents<NetworkDocument>('network')];
  }

  /** Errors: `not-found`. */
  find(id: string): Network {
    const { coordinator, desk, caller } = this.#connection.parts;
    desk.admit(caller, 'network.show', { network: id });
    return findNetwork(coordinator.inventory, id);
  }

  isActive({ id }: Network): boolean {
    return !this.#standing.isStopped(id) || this.#users(id).length > 0;
  }

  isPersistent({ id }: Network): boolean {
    return !this.#standing.isPassing(id);
  }

  /** Made, or changed where it is there. Errors: those of the routes; OPERATION_FAILED for a name or UUID of another one. */
  async define(xml: string, signal: AbortSignal): Promise<NetworkHandle> {
    const wish = readNetwork(xml);
    const known = this.#known(wish);
    if (known === undefined) return await this.#make(wish, signal);
    await this.#change(known.id, changedNetwork(wish, known), signal);
    this.#standing.keep(known.id);
    return { name: wish.name, uuid: known.id };
  }

  /** Made and started, to go with its end. Errors: as `define`; OPERATION_FAILED for one that is active. */
  async create(xml: string, signal: AbortSignal): Promise<NetworkHandle> {
    const wish = readNetwork(xml);
    const known = this.#known(wish);
    if (known !== undefined && this.isActive(known))
      throw libvirtFault(
        'OPERATION_FAILED',
        `operation failed: network is already active as '${wish.name}'`,
      );
    const net =
      known === undefined ? await this.#make(wish, signal) : await this.define(xml, signal);
    if (known === undefined) this.#standing.pass(net.uuid);
    this.#standing.start({ id: net.uuid, name: net.name });
    return net;
  }

  /** Errors: OPERATION_INVALID for one that is active. */
  start(id: string): void {
    const network = this.#mayChange(id);
    if (this.isActive(network)) throw notNow('network is already active');
    this.#standing.start({ id, name: network.data.name });
  }

  /** Errors: OPERATION_INVALID for one that is not active, or that vms use. */
  async stop(id: string, signal: AbortSignal): Promise<void> {
    const network = this.#mayChange(id);
    const { name } = network.data;
    const users = this.#users(id);
    if (users.length > 0)
      throw notNow(
        `network ${name} is in use by ${listNames(users)}, which would be cut off: turn them off, or plug them into another network`,
      );
    if (!this.isActive(network)) throw notNow('network is not active');
    if (this.#standing.isPassing(id)) await this.remove(id, signal);
    else this.#standing.stop({ id, name });
  }

  /** Errors: those of network.delete. */
  async remove(id: string, signal: AbortSignal): Promise<void> {
    const { desk, caller, coordinator } = this.#connection.parts;
    await desk.ask(caller, 'network.delete', { params: { network: id } }, signal);
    this.#standing.prune((one) => coordinator.inventory.document('network', one) !== undefined);
  }

  /** Errors: OPERATION_UNSUPPORTED for what only libvirt has. */
  setAutostart(id: string, autostart: boolean): void {
    const network = this.#mayChange(id);
    if (!this.isPersistent(network)) throw notNow('cannot set autostart for transient network');
    if (autostart) return;
    throw libvirtFault(
      'OPERATION_UNSUPPORTED',
      `network ${network.data.name} is brought up wherever a vm needs it, so that it always starts by itself`,
    );
  }

  /** Errors: those of network.update; OPERATION_INVALID, OPERATION_UNSUPPORTED for what cannot be changed by itself. */
  async update(id: string, update: NetworkUpdate, signal: AbortSignal): Promise<void> {
    await this.#change(id, patchOfUpdate(this.find(id), update), signal);
  }

  async #make(wish: NetworkWish, signal: AbortSignal): Promise<NetworkHandle> {
    const { desk, caller } = this.#connection.parts;
    const uuid = await this.#standing.define(wish.name, async () => {
      const made = await desk.ask(caller, 'network.create', { body: newNetwork(wish) }, signal);
      return made.id;
    });
    return { name: wish.name, uuid };
  }

  async #change(
    id: string,
    patch: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { desk, caller } = this.#connection.parts;
    await desk.ask(caller, 'network.update', { params: { network: id }, body: patch }, signal);
  }

  #mayChange(id: string): Network {
    const { coordinator, desk, caller } = this.#connection.parts;
    desk.admit(caller, 'network.update', { network: id });
    return findNetwork(coordinator.inventory, id);
  }

  #known({ name, uuid }: NetworkWish): Network | undefined {
    const all = this.all();
    const named = all.find(({ data }) => data.name === name);
    const own = all.find(({ id }) => id === uuid);
    if (uuid === undefined || named?.id === uuid) return named;
    const taken = named ?? own;
    if (taken === undefined) return undefined;
    throw libvirtFault(
      'OPERATION_FAILED',
      `operation failed: network '${taken.data.name}' already exists with uuid ${taken.id}`,
    );
  }

  /** Names of vms that run, or may do so, on it; those that are not seen have none. */
  #users(id: string): readonly string[] {
    const { coordinator, caller } = this.#connection.parts;
    const { inventory } = coordinator;
    return [...inventory.vmsOnNetwork(id).keys()].flatMap((vmId) => {
      const vm = inventory.vm(vmId);
      if (vm === undefined || (!isActive(vm) && vm.state !== 'unknown')) return [];
      return [caller.may('vm.view', { kind: 'vm', id: vmId }) ? vm.name : 'a vm'];
    });
  }

  get #standing(): Connection['parts']['networkStanding'] {
    return this.#connection.parts.networkStanding;
  }
}

function listNames(names: readonly string[]): string {
  const more = names.length > maxNamed ? ` and ${names.length - maxNamed} more` : '';
  return `${names.slice(0, maxNamed).join(', ')}${more}`;
}
