/**
 * What domain XML says of a vm beside its devices: features of the board, what becomes of it when it ends, and the menu of its
 * firmware. What a vm here does anyway is taken as said; what it cannot do otherwise is refused by name.
 */
import type { GuestRebootAction } from '#api';
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

const rebootActions = { destroy: 'turn-off', restart: 'restart' } as const;

/** What becomes of it when its guest has crashed or restarts itself; undefined: nothing is said of that. */
export interface Endings {
  readonly crashReaction: CrashReaction | undefined;
  readonly onGuestReboot: GuestRebootAction | undefined;
}

export function readEndings(root: XmlNode, lost: Lost): Endings {
  lost.choose('on_poweroff', textOf(find(root, 'on_poweroff')), { destroy: true });
  return {
    crashReaction: lost.choose('on_crash', textOf(find(root, 'on_crash')), crashReactions),
    onGuestReboot: lost.choose('on_reboot', textOf(find(root, 'on_reboot')), rebootActions),
  };
}

export function readFirmwareWords(os: XmlNode | undefined, lost: Lost): void {
  if (attributeOf(find(os, 'bootmenu'), 'enable') === 'yes') lost.add('boot menu');
  for (const name of find(os, 'bios')?.attributes.keys() ?? []) lost.add(`os/bios/${name}`);
  lost.choose('smbios', attributeOf(find(os, 'smbios'), 'mode'), { emulate: true });
}
