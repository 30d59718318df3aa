/**
 * MAC addresses: one is given once in the whole installation, and none that an adapter of a host has (NET-27).
 * Two vms have the same one all the same where a host comes that brought them along, or where two were made at once:
 * of those only one runs on networks that are connected (NET-29).
 */
import { randomBytes } from 'node:crypto';
import { Fault, type Reason } from '#lib';
import { vmStateFacts, type VmDefinition } from '#api';
import { installationSettings } from '../access/sign-in/sessions.ts';
import type { Caller } from '../context.ts';
import type { HostDocument, NetworkDocument, VmDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Document } from '../store/store.ts';
import type { RandomBytes } from './vm-identity.ts';

const maxAttempts = 100;

/** Of all known vms, and of the hosts themselves. */
export function usedMacs(inventory: Inventory): Set<string> {
  const macs = new Set<string>();
  for (const { data } of inventory.documents<VmDocument>('vm'))
    for (const { mac } of data.definition.hardware.adapters) macs.add(mac);
  for (const { data } of inventory.documents<HostDocument>('host'))
    for (const { mac } of data.facts?.interfaces ?? []) if (mac !== null) macs.add(mac);
  return macs;
}

/**
 * An address with the installation's prefix that is not in use, nor was seen on a physical network; it is in use from
 * then on. One that somebody enters may have been seen: its machine may have moved here.
 */
export function giveMac(
  inventory: Inventory,
  used: Set<string>,
  random: RandomBytes = randomBytes,
): string {
  const seen = [...inventory.documents('network')].flatMap(({ id }) =>
    [...inventory.networkReports(id).values()].flatMap((report) => report.seen),
  );
  const mac = makeMac(
    installationSettings(inventory).macPrefix,
    new Set([...used, ...seen]),
    random,
  );
  used.add(mac);
  return mac;
}

/** `prefix` are the first three bytes, as addresses are written. */
export function makeMac(
  prefix: string,
  used: Set<string>,
  random: RandomBytes = randomBytes,
): string {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const rest = Array.from(random(3), (byte) => byte.toString(16).padStart(2, '0'));
    const mac = [prefix, ...rest].join(':');
    if (used.has(mac)) continue;
    used.add(mac);
    return mac;
  }
  throw new Fault('exhausted', 'no free MAC address was found', {
    hint: 'give the adapter a static address',
  });
}

/** Who has each address; what the caller may not see has no name. */
export function macOwners(
  inventory: Inventory,
  caller: Pick<Caller, 'may'>,
): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { data } of inventory.documents<HostDocument>('host'))
    for (const at of data.facts?.interfaces ?? [])
      if (at.mac !== null) owners.set(at.mac, `${at.name} of host ${data.name}`);
  for (const vm of inventory.documents<VmDocument>('vm'))
    for (const { mac } of vm.data.definition.hardware.adapters) owners.set(mac, nameOf(vm, caller));
  return owners;
}

/** Of those that the definition brings along. Errors: `exists` naming the first one that somebody else has, and who. */
export function requireFreeMacs(
  inventory: Inventory,
  caller: Pick<Caller, 'may'>,
  { id, name, hardware }: VmDefinition,
): void {
  const present = inventory.document<VmDocument>('vm', id)?.data.definition.hardware.adapters ?? [];
  const wanted = new Map(hardware.adapters.map(({ mac }, index) => [mac, index]));
  for (const { mac } of present) wanted.delete(mac);
  const refuse = (mac: string, owner: string): never => {
    throw new Fault('exists', `${owner} has the MAC address ${mac}, so ${name} cannot have it`, {
      facts: { path: `hardware/adapters/${wanted.get(mac) ?? 0}/mac` },
      hint: 'leave the address out to get a free one',
    });
  };
  if (wanted.size === 0) return;
  for (const other of inventory.documents<VmDocument>('vm')) {
    const theirs = other.data.definition.hardware.adapters.find(({ mac }) => wanted.has(mac));
    if (theirs !== undefined) refuse(theirs.mac, nameOf(other, caller));
  }
  for (const { data } of inventory.documents<HostDocument>('host'))
    for (const at of data.facts?.interfaces ?? [])
      if (at.mac !== null && wanted.has(at.mac)) refuse(at.mac, `${at.name} of host ${data.name}`);
}

/** Why the vm cannot be on its networks now: a running one has an address of it there (NET-29). */
export function judgeMacs(inventory: Inventory, vm: VmDocument): readonly Reason[] {
  const { definition, hostId } = vm;
  const own = new Map(definition.hardware.adapters.map((adapter) => [adapter.mac, adapter]));
  const reasons: Reason[] = [];
  for (const { id, data } of inventory.documents<VmDocument>('vm')) {
    if (id === definition.id || !isLive(inventory, id)) continue;
    for (const theirs of data.definition.hardware.adapters) {
      const adapter = own.get(theirs.mac);
      if (adapter === undefined) continue;
      const here = { hostId, network: networkOf(inventory, adapter) };
      const there = { hostId: data.hostId, network: networkOf(inventory, theirs) };
      if (!areConnected(here, there)) continue;
      const { slot, mac } = adapter;
      reasons.push({
        code: 'mac-in-use',
        text: `network adapter ${slot} of ${definition.name} has the MAC address ${mac}, which ${data.definition.name} runs with`,
        remedy: `give it another one: gantry vm set-adapter ${definition.name} ${slot} --mac new`,
      });
    }
  }
  return reasons;
}

/** Of a vm that runs. Errors: `blocked` with all reasons. */
export function requireOwnMacs(inventory: Inventory, vm: VmDocument): void {
  const reasons = isLive(inventory, vm.definition.id) ? judgeMacs(inventory, vm) : [];
  const [first] = reasons;
  if (first === undefined) return;
  throw new Fault('blocked', `cannot plug in ${vm.definition.name}: ${first.text}`, {
    reasons,
    hint: first.remedy,
  });
}

function nameOf({ id, data }: Document<VmDocument>, caller: Pick<Caller, 'may'>): string {
  return caller.may('vm.view', { kind: 'vm', id }) ? data.definition.name : 'another vm';
}

function isLive(inventory: Inventory, id: string): boolean {
  const state = inventory.vm(id)?.state;
  return state !== undefined && vmStateFacts[state].live;
}

type Adapter = VmDefinition['hardware']['adapters'][number];

function networkOf(
  inventory: Inventory,
  { attachment }: Adapter,
): Document<NetworkDocument> | undefined {
  return attachment.kind === 'network'
    ? inventory.document<NetworkDocument>('network', attachment.network)
    : undefined;
}

interface Place {
  readonly hostId: string;
  readonly network: Document<NetworkDocument> | undefined;
}

/** Whether frames of the one may come to the other. Bridged networks meet on the physical one. */
function areConnected(one: Place, other: Place): boolean {
  if (one.network === undefined || other.network === undefined) return false;
  const isBridged = ({ data }: Document<NetworkDocument>): boolean => data.type === 'bridged';
  if (isBridged(one.network) && isBridged(other.network)) return true;
  if (one.network.id !== other.network.id) return false;
  return one.network.data.span !== null || one.hostId === other.hostId;
}
