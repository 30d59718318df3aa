/** The title of a domain, as what it changes of a vm. */
import type { Vm } from '#api';
import { libvirtFault } from '#libvirt';
import { isForeignHost } from '../app/vm/tell-hypervisor.ts';
import { titleKey, titleOf } from '../domain-xml/title.ts';
import type { Connection } from './connection.ts';
import { requireTitle } from './define/wish.ts';

/** A merge patch of extensions, empty where it is the same. Errors: XML_ERROR; CONFIG_UNSUPPORTED where its hypervisor is another one's. */
export function titlePatch(
  { parts }: Connection,
  vm: Pick<Vm, 'hostId' | 'definition'>,
  title: string | undefined,
): Readonly<Record<string, unknown>> {
  const wanted = title === '' ? undefined : title;
  if (wanted === titleOf(vm.definition)) return {};
  if (isForeignHost(parts.coordinator.inventory, vm.hostId))
    throw libvirtFault(
      'CONFIG_UNSUPPORTED',
      'unsupported configuration: the title of a vm of a libvirt host is changed there',
    );
  if (wanted !== undefined) requireTitle(wanted);
  return { [titleKey]: wanted ?? null };
}
