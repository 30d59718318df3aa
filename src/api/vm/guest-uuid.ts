/**
 * The UUID that a guest reads: the vm's id, but of a vm that others run, or ran before it was adopted, what its hypervisor calls so
 * (docs/rfd/0024, 0034).
 */
import { isUuid } from '../ids.ts';
import type { VmDefinition } from './definition.ts';

export function guestUuid({ id, extensions }: Pick<VmDefinition, 'id' | 'extensions'>): string {
  const { libvirt } = extensions;
  if (typeof libvirt !== 'object' || libvirt === null || Array.isArray(libvirt)) return id;
  const { uuid } = libvirt;
  return typeof uuid === 'string' && isUuid(uuid) ? uuid : id;
}
