/**
 * Networks as libvirt's clients see them: Gantry's own, by their names, and those of hypervisors that others run, called
 * NAME@HOST. A connection about one such host shows its networks alone, by the names they have there: no vm of it can be
 * plugged into another one.
 *
 * A network of a hypervisor has the UUID that it has there, unless another one has the same: then it has one made of host and UUID,
 * by which it is found at any time.
 */
import { createHash } from 'node:crypto';
import type { Host, HypervisorNetwork } from '#api';
import { uuidOf } from '#lib';
import { libvirtFault, type NetworkHandle } from '#libvirt';
import type { NetworkDocument } from '../documents.ts';
import type { Document } from '../store/store.ts';
import type { Connection } from './connection.ts';
import { isHypervisor, isOfOneHypervisor } from './hypervisors.ts';
import { OwnNetworks } from './own-networks.ts';
import { shownHosts } from './shown-hosts.ts';

interface Shown {
  /** As this connection calls it. */
  readonly name: string;
  readonly uuid: string;
  readonly isActive: boolean;
  readonly isPersistent: boolean;
  readonly startsByItself: boolean;
}

export interface OwnNetwork extends Shown {
  readonly owner: 'gantry';
  readonly document: Document<NetworkDocument>;
}

/** Of a hypervisor; `there` is as that tells it. */
export interface TheirNetwork extends Shown {
  readonly owner: 'host';
  readonly host: Pick<Host, 'id' | 'name'>;
  readonly there: HypervisorNetwork;
}

export type Network = OwnNetwork | TheirNetwork;

const mostNamed = 5;

export class Networks {
  readonly own: OwnNetworks;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.own = new OwnNetworks(connection);
  }

  /** Those of all hosts that the connection shows. */
  async all(): Promise<readonly Network[]> {
    const own = this.own.all();
    const theirs = await this.#theirs();
    return [
      ...(isOfOneHypervisor(this.#connection) ? [] : own.map((one) => this.#show(one))),
      ...theirs,
    ];
  }

  /** Errors: NO_NETWORK. */
  async find({
    name,
    uuid,
  }: Pick<NetworkHandle, 'uuid'> & { readonly name?: string }): Promise<Network> {
    const { inventory } = this.#connection.parts.coordinator;
    if (!isOfOneHypervisor(this.#connection) && inventory.document('network', uuid) !== undefined)
      return this.#show(this.own.find(uuid));
    const found = (await this.all()).filter(
      (one) =>
        one.uuid === uuid ||
        (one.owner === 'host' && (one.there.uuid === uuid || madeUuid(one) === uuid)),
    );
    const network = found.find((one) => one.name === name) ?? found[0];
    if (network !== undefined) return network;
    throw noNetwork(`Network not found: no network with matching uuid '${uuid}'`, name);
  }

  /** Errors: NO_NETWORK, naming those that it may mean. */
  async findByName(name: string): Promise<Network> {
    const own = isOfOneHypervisor(this.#connection)
      ? undefined
      : this.own.all().find(({ data }) => data.name === name);
    if (own !== undefined) return this.#show(own);
    const all = await this.all();
    const network =
      all.find((one) => one.name === name) ?? all.find((one) => longName(one) === name);
    if (network !== undefined) return network;
    const meant = all.filter((one) => one.owner === 'host' && one.there.name === name);
    const shown = meant.slice(0, mostNamed).map((one) => one.name);
    const hint =
      meant.length === 0
        ? ''
        : `: hosts have networks of this name, which are called ${shown.join(', ')}${meant.length > mostNamed ? ', …' : ''}`;
    throw noNetwork(
      `Network not found: no network with matching name '${name.slice(0, 100)}'${hint}`,
    );
  }

  /** Of one that its hypervisor has just told of, whether or not it is still there. */
  async handleOfTheirs(
    host: Pick<Host, 'id' | 'name'>,
    { name, uuid }: NetworkHandle,
  ): Promise<NetworkHandle> {
    const { inventory } = this.#connection.parts.coordinator;
    const { scope } = this.#connection.parts.named;
    const isTaken =
      inventory.document('network', uuid) !== undefined ||
      (await this.#theirs()).some((one) => one.there.uuid === uuid && one.host.id !== host.id);
    return {
      name: scope.kind === 'host' ? name : `${name}@${host.name}`,
      uuid: isTaken ? madeUuid({ host, there: { uuid } }) : uuid,
    };
  }

  async #theirs(): Promise<readonly TheirNetwork[]> {
    const { named, hostNetworks, coordinator } = this.#connection.parts;
    const hosts = shownHosts(this.#connection).filter(isHypervisor);
    const told = await Promise.all(
      hosts.map(async (host) => ({ host, networks: await hostNetworks.of(host) })),
    );
    const found = told.flatMap(({ host, networks }) => networks.map((there) => ({ host, there })));
    const counts = Map.groupBy(found, ({ there }) => there.uuid);
    return found.map(({ host: { id, name }, there }) => {
      const isTaken =
        counts.get(there.uuid)?.length !== 1 ||
        coordinator.inventory.document('network', there.uuid) !== undefined;
      const place = { host: { id, name }, there };
      return {
        owner: 'host',
        ...place,
        name: named.scope.kind === 'host' ? there.name : `${there.name}@${name}`,
        uuid: isTaken ? madeUuid(place) : there.uuid,
        isActive: there.active,
        isPersistent: there.persistent,
        startsByItself: there.autostart,
      };
    });
  }

  #show(document: Document<NetworkDocument>): OwnNetwork {
    return {
      owner: 'gantry',
      document,
      name: document.data.name,
      uuid: document.id,
      isActive: this.own.isActive(document),
      isPersistent: this.own.isPersistent(document),
      startsByItself: this.own.isPersistent(document),
    };
  }
}

export function handleOfNetwork({ name, uuid }: Network): NetworkHandle {
  return { name, uuid };
}

/** On any connection it means it, too. */
function longName(network: Network): string {
  return network.owner === 'host' ? `${network.there.name}@${network.host.name}` : network.name;
}

/** The same whatever its host is called. */
function madeUuid({
  host,
  there,
}: {
  readonly host: Pick<Host, 'id'>;
  readonly there: Pick<HypervisorNetwork, 'uuid'>;
}): string {
  const digest = createHash('sha256').update(`gantry network ${host.id}/${there.uuid}`).digest();
  return uuidOf(digest.subarray(0, 16), 8);
}

function noNetwork(message: string, name?: string): Error {
  return libvirtFault('NO_NETWORK', name === undefined ? message : `${message} (${name})`);
}
