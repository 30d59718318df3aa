/**
 * Hardware of a vm on its way from a hypervisor to an agent of the same computer, and back (docs/rfd/0034). Pure. Files of disks keep
 * their names; what adapters are plugged into is called otherwise on both sides.
 */
import { isDeepStrictEqual } from 'node:util';
import { placeName, type Adapter, type Attachment, type Hardware, type UefiInUse } from '#api';
import type { Reason } from '#lib';

const userMode: Attachment = { kind: 'user', restrict: false, bootFile: null, forwards: [] };

export interface Adopted {
  readonly hardware: Hardware;
  readonly warnings: readonly Reason[];
}

/**
 * `networkNames`: networks here by what its hypervisor calls them; what has none is in the user-mode network. `uefi`: the firmware that its
 * hypervisor chooses for it, which its definition there need not say.
 */
export function adoptHardware(
  theirs: Hardware,
  networkNames: ReadonlyMap<string, string>,
  uefi: UefiInUse | null,
): Adopted {
  const warnings: Reason[] = [];
  const adapters = theirs.adapters.map((adapter): Adapter => {
    if (adapter.attachment.kind !== 'foreign') return adapter;
    const { name } = adapter.attachment;
    const network = networkNames.get(name) ?? networkNames.get(name.replace(/^network /, ''));
    const attachment = network === undefined ? userMode : attachmentTo(network);
    const where = attachment.kind === 'network' ? `network ${network}` : 'the user-mode network';
    warnings.push({
      code: 'network',
      text: `adapter ${adapter.slot} is in ${attachment.kind === 'none' ? 'no network' : where}, not in ${name} of its hypervisor`,
      remedy: `name the network that it is here: --map '${name}=NETWORK'`,
    });
    return { ...adapter, attachment };
  });
  const { secureBoot } = uefi ?? theirs.firmware;
  const firmware = { ...theirs.firmware, secureBoot };
  return { hardware: { ...theirs, firmware, adapters }, warnings };
}

function attachmentTo(network: string): Attachment {
  if (network === 'none') return { kind: 'none' };
  return network === 'user' ? userMode : { kind: 'network', network };
}

/**
 * What its hypervisor is to be told: what it was before (`theirs`), with all that has been changed since it was adopted as `ours`.
 * An adapter that is plugged in as it was then is where it was there.
 */
export function returnHardware(theirs: Hardware, ours: Hardware, now: Hardware): Hardware {
  const parts = Object.entries(now).map(([part, value]) => {
    const key = part as keyof Hardware;
    return [key, isDeepStrictEqual(ours[key], value) ? theirs[key] : value];
  });
  const changed = Object.fromEntries(parts) as unknown as Hardware;
  const adapters = now.adapters.map((adapter) => {
    const same = ours.adapters.find(({ mac }) => mac === adapter.mac);
    const there = theirs.adapters.find(({ mac }) => mac === adapter.mac);
    if (same === undefined || there === undefined) return adapter;
    if (isDeepStrictEqual(same, adapter)) return there;
    return isDeepStrictEqual(same.attachment, adapter.attachment)
      ? { ...adapter, attachment: there.attachment }
      : adapter;
  });
  // How large a disk is says its file, not the text.
  const sizes = new Map(theirs.disks.map((disk) => [placeName(disk), disk.sizeBytes]));
  const disks = changed.disks.map((disk) => ({
    ...disk,
    sizeBytes: sizes.get(placeName(disk)) ?? disk.sizeBytes,
  }));
  // Gantry gives every vm numbers of its own, which nobody has asked for.
  return { ...changed, bios: theirs.bios, adapters, disks };
}
