/** What a definition says of a vm that others run (docs/rfd/0024): who it is to its hypervisor. */
import type { VmDefinition } from '#api';

/** What its hypervisor calls it; undefined for a vm of our own. */
export function foreignName(definition: VmDefinition): string | undefined {
  return said(definition, 'name');
}

/** Whether its hardware has been read in full; until then there are its processors and memory. */
export function isHardwareRead(definition: VmDefinition): boolean {
  return said(definition, 'hardware') === 'read';
}

function said({ extensions }: VmDefinition, what: 'name' | 'hardware'): string | undefined {
  const all = extensions['libvirt'];
  const isObject = typeof all === 'object' && all !== null && !Array.isArray(all);
  const value = isObject ? all[what] : undefined;
  return typeof value === 'string' ? value : undefined;
}
