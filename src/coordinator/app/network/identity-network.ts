/** The check of MAC addresses as identity (CMP-38): one bridged adapter with a static address of its own for each vm. */
import type { Adapter, IdentityDeviation, NetworkIdentity, Thing } from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { HostDocument, NetworkDocument, VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { vmThing } from '../things.ts';
import { findNetwork } from './show-network.ts';

/** Errors: `not-found`. */
export function checkIdentity(
  { inventory }: Pick<Coordinator, 'inventory'>,
  caller: Pick<Caller, 'may'>,
  reference: string,
): NetworkIdentity {
  const { id, data } = findNetwork(inventory, reference);
  const deviations = deviationsOf(data);
  const owners = countOwners(inventory);
  let checked = 0;
  for (const vm of inventory.documents<VmDocument>('vm')) {
    const { name, hardware } = vm.data.definition;
    if (!hardware.adapters.some((adapter) => isOn(adapter, id))) continue;
    checked += 1;
    const seen = caller.may('vm.view', { kind: 'vm', id: vm.id });
    const thing = seen ? vmThing(vm.id, vm.data) : null;
    const called = seen ? name : 'another vm';
    deviations.push(...judgeVm(thing, called, hardware.adapters, { inventory, owners }));
  }
  return { ok: deviations.length === 0, checked, deviations };
}

function isOn({ attachment }: Adapter, id: string): boolean {
  return attachment.kind === 'network' && attachment.network === id;
}

function deviationsOf({ name, type, forgedAddresses }: NetworkDocument): IdentityDeviation[] {
  const at = { vm: null, slot: null, mac: null };
  const found: IdentityDeviation[] = [];
  if (type !== 'bridged')
    found.push({
      ...at,
      code: 'network-not-bridged',
      text: `${name} is of the type ${type}: switches beyond its host do not see the addresses of its vms`,
      remedy: 'plug the vms into a bridged network',
    });
  if (forgedAddresses)
    found.push({
      ...at,
      code: 'addresses-may-be-forged',
      text: `vms of ${name} may send under other addresses than their own`,
      remedy: `gantry network set ${name} --forged-addresses off`,
    });
  return found;
}

function judgeVm(
  vm: Thing | null,
  name: string,
  adapters: readonly Adapter[],
  around: { readonly inventory: Inventory; readonly owners: ReadonlyMap<string, number> },
): readonly IdentityDeviation[] {
  const bridged = adapters.filter((adapter) => isBridged(around.inventory, adapter));
  const found: IdentityDeviation[] = [];
  if (bridged.length > 1)
    found.push({
      code: 'several-adapters',
      vm,
      slot: null,
      mac: null,
      text: `${name} has ${bridged.length} adapters on bridged networks, so it is known by ${bridged.length} addresses`,
      remedy: `keep one: gantry vm detach-adapter ${name}`,
    });
  for (const { slot, mac, macMode } of bridged) {
    if (macMode !== 'static')
      found.push({
        code: 'address-not-static',
        vm,
        slot,
        mac,
        text: `adapter ${slot} of ${name} has the address ${mac}, which was given to it and is not static`,
        remedy: `gantry vm set-adapter ${name} ${slot} --mac ${mac}`,
      });
    if ((around.owners.get(mac) ?? 0) > 1)
      found.push({
        code: 'address-not-unique',
        vm,
        slot,
        mac,
        text: `adapter ${slot} of ${name} has the address ${mac}, which another adapter has too`,
        remedy: `gantry vm set-adapter ${name} ${slot} --mac new`,
      });
  }
  return found;
}

function isBridged(inventory: Inventory, { attachment }: Adapter): boolean {
  return (
    attachment.kind === 'network' &&
    inventory.document<NetworkDocument>('network', attachment.network)?.data.type === 'bridged'
  );
}

/** How many adapters of vms and hosts have an address. */
function countOwners(inventory: Inventory): ReadonlyMap<string, number> {
  const owners = new Map<string, number>();
  const add = (mac: string): void => void owners.set(mac, (owners.get(mac) ?? 0) + 1);
  for (const { data } of inventory.documents<VmDocument>('vm'))
    for (const { mac } of data.definition.hardware.adapters) add(mac);
  for (const { data } of inventory.documents<HostDocument>('host')) {
    const own = new Set(data.facts?.interfaces.map(({ mac }) => mac));
    for (const mac of own) if (mac !== null) add(mac);
  }
  return owners;
}
