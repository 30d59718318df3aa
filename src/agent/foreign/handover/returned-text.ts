/** What a hypervisor is given of a vm that comes back to it: the text that it had, with what has become of the vm meanwhile. */
import type { LinkParams } from '#api';
import { readXml } from '#foreign';
import { editDomain, type Change } from '../edit/edit-domain.ts';
import { changeOfKept, readKept } from '../hardware/kept-for-others.ts';
import { readShare } from '../hardware/processor-share.ts';

type Returned = Pick<
  LinkParams<'machine.handover.plan'>,
  'xml' | 'base' | 'wanted' | 'onGuestReboot' | 'resources' | 'extensions'
>;

/** Errors: `unsupported`, `invalid` with what the text cannot say. */
export function returnedText(returned: Returned, architecture: string): string {
  const { xml, base, wanted, onGuestReboot } = returned;
  const change = { base, wanted, onGuestReboot, ...changedSince(returned) };
  return editDomain(xml, change, { architecture, sizes: new Map() });
}

/** Beside its hardware. */
function changedSince({
  xml,
  base,
  resources,
  extensions,
}: Returned): Pick<Change, 'share' | 'kept'> {
  const domain = readXml(xml);
  const known = readShare(domain, base.processor.count).resources;
  return {
    // A guarantee is no word of its hypervisor's.
    share: resources && {
      base: known,
      wanted: { ...resources, cpuReservePercent: known.cpuReservePercent },
    },
    kept: extensions && changeOfKept(readKept(xml, domain).kept, extensions),
  };
}
