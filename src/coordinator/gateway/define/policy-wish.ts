/**
 * What domain XML says of a vm beside its devices: features of the board, what becomes of it when it ends, and the menu of its
 * firmware. What a vm here does anyway is taken as said; what it cannot do otherwise is refused by name.
 */
import { attributeOf, find, textOf, type XmlNode } from '#foreign';
import type { Lost } from './xml-words.ts';

/** Those that every vm has, or has where they are of use, whatever is said of them. */
const givenFeatures = 'acpi apic pae hap hyperv vmport smm kvm'.split(' ');

/** Whether the guest must not see that it is one; undefined: nothing is said of features. */
export function readFeatures(root: XmlNode, lost: Lost): boolean | undefined {
  const features = find(root, 'features');
  if (features === undefined || features.children.length === 0) return undefined;
  lost.others(features, 'features', givenFeatures);
  const architecture = attributeOf(find(root, 'os', 'type'), 'arch') ?? 'x86_64';
  if (architecture !== 'aarch64' && find(features, 'acpi') === undefined)
    lost.add('board without ACPI');
  const kvm = find(features, 'kvm');
  lost.others(kvm, 'features/kvm', ['hidden']);
  return attributeOf(find(kvm, 'hidden'), 'state') === 'on';
}

export type CrashReaction = 'none' | 'restart';

const crashReactions = { destroy: 'none', restart: 'restart' } as const;

/**
 * What a domain is described for: to be kept, or to be started at once. Programs that install a system start it with words
 * for that one time, such as that it ends when its guest reboots, and describe it as it is to be kept afterwards.
 */
export type Purpose = 'keep' | 'start';

/** What becomes of it when its guest has crashed; undefined: nothing is said of that. */
export function readEndings(
  root: XmlNode,
  purpose: Purpose,
  lost: Lost,
): CrashReaction | undefined {
  lost.choose('on_poweroff', textOf(find(root, 'on_poweroff')), { destroy: true });
  const rebooted = purpose === 'start' ? { restart: true, destroy: true } : { restart: true };
  lost.choose('on_reboot', textOf(find(root, 'on_reboot')), rebooted);
  return lost.choose('on_crash', textOf(find(root, 'on_crash')), crashReactions);
}

export function readFirmwareWords(os: XmlNode | undefined, lost: Lost): void {
  if (attributeOf(find(os, 'bootmenu'), 'enable') === 'yes') lost.add('boot menu');
  for (const name of find(os, 'bios')?.attributes.keys() ?? []) lost.add(`os/bios/${name}`);
  lost.choose('smbios', attributeOf(find(os, 'smbios'), 'mode'), { emulate: true });
}
