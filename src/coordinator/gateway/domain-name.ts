/**
 * What a vm is called for libvirt's clients: its name in Gantry, which no other vm has. A vm that others run, and that
 * Gantry has numbered because its own name was taken, is called by its own name and its host instead: `web@h2`, as there
 * is only one of that name on a host.
 */
import type { Vm } from '#api';
import type { Inventory } from '../inventory/inventory.ts';

export function domainNameOf(vm: Vm, inventory: Pick<Inventory, 'find'>): string {
  const own = ownNameOf(vm);
  if (own === undefined || !isNumbered(vm.name, own)) return vm.name;
  const name = `${own}@${vm.host}`;
  return inventory.find('vm', name) === undefined ? name : vm.name;
}

/** The id of the vm with the name; undefined where it is nobody's. */
export function findByDomainName(
  name: string,
  inventory: Pick<Inventory, 'find' | 'vm' | 'vmsOfHost'>,
): string | undefined {
  const known = inventory.find('vm', name)?.id;
  if (known !== undefined) return inventory.vm(known)?.name === name ? known : undefined;
  const at = name.lastIndexOf('@');
  const host = at < 0 ? undefined : inventory.find('host', name.slice(at + 1));
  if (host === undefined) return undefined;
  return [...inventory.vmsOfHost(host.id)].find((id) => {
    const vm = inventory.vm(id);
    return vm !== undefined && domainNameOf(vm, inventory) === name;
  });
}

/** What its hypervisor calls it, where that is not Gantry's own. */
function ownNameOf({ definition }: Vm): string | undefined {
  const said = definition.extensions['libvirt'];
  const isObject = typeof said === 'object' && said !== null && !Array.isArray(said);
  return isObject && typeof said['name'] === 'string' ? said['name'] : undefined;
}

function isNumbered(name: string, own: string): boolean {
  return name.startsWith(`${own} (`) && /^\d+\)$/.test(name.slice(own.length + 2));
}
