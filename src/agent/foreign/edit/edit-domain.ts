/**
 * A domain's XML with a change of its definition: what the definition models is written, all else stays as it is. What
 * has been written is read again: a change that does not come out as it was wanted has no word in libvirt, and nothing is
 * done. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  diffSettings,
  placeName,
  type GuestRebootAction,
  type Hardware,
  type SettingChange,
} from '#api';
import { find, withMetadata, withTitle, XmlText } from '#foreign';
import { Fault } from '#lib';
import { rebootActionOf } from '../hardware/board.ts';
import type { KeptChange } from '../hardware/kept-for-others.ts';
import { readHardware, type HardwareContext } from '../hardware/read-hardware.ts';
import { editBootOrder, editClock, editMemory, editProcessor } from './edit-board.ts';
import { editAdapters, editDisks } from './edit-devices.ts';
import { editShare, type ShareChange } from './edit-share.ts';

export interface Change {
  /** That the change was made from. */
  readonly base: Hardware;
  readonly wanted: Hardware;
  /** Undefined: it stays as it is there. */
  readonly onGuestReboot?: GuestRebootAction | undefined;
  /** Undefined: as they are there. */
  readonly share?: ShareChange | undefined;
  /** What is kept for other programs; undefined: as it is there. */
  readonly kept?: KeptChange | undefined;
}

interface Part {
  readonly of: (hardware: Hardware) => unknown;
  readonly edit: (xml: XmlText, change: Change) => void;
}

/** In their order; each is done on its own text. */
const parts: readonly Part[] = [
  {
    of: ({ processor }) => processor,
    edit: (xml, { wanted }) => editProcessor(xml, wanted.processor),
  },
  { of: ({ memory }) => memory, edit: (xml, { wanted }) => editMemory(xml, wanted.memory) },
  {
    of: ({ clock }) => clock,
    edit: (xml, { wanted }) => editClock(xml, wanted.clock),
  },
  {
    of: ({ disks, opticalDrives, floppy }) => [disks, opticalDrives, floppy],
    edit: (xml, { base, wanted }) => editDisks(xml, base, wanted),
  },
  {
    of: ({ adapters }) => adapters,
    edit: (xml, { base, wanted }) => editAdapters(xml, base, wanted),
  },
  {
    of: ({ firmware }) => firmware.bootOrder,
    edit: (xml, { wanted }) => editBootOrder(xml, wanted.firmware.bootOrder),
  },
];

/**
 * `sizes` in the context are those of disks that are there. Errors: `stale` for what somebody else has changed in another
 * way meanwhile; `unsupported` naming what libvirt has no word for; those of the XML.
 */
export function editDomain(text: string, change: Change, context: HardwareContext): string {
  const { onGuestReboot, share, kept, base, wanted } = change;
  // What is a share of all its processors is one of those that it has had.
  const shared = share === undefined ? text : editShare(text, share, base.processor.count);
  const edited = editHardware(shared, { base, wanted }, context);
  const ending = onGuestReboot === undefined ? edited : editReboot(edited, onGuestReboot);
  return kept === undefined ? ending : editKept(ending, kept);
}

function editKept(text: string, { title, metadata }: KeptChange): string {
  const titled = title === undefined ? text : withTitle(text, title ?? undefined);
  return withMetadata(titled, metadata);
}

function editReboot(text: string, wanted: GuestRebootAction): string {
  const xml = new XmlText(text);
  if (rebootActionOf(xml.root) === wanted) return text;
  const word = wanted === 'turn-off' ? 'destroy' : 'restart';
  const told = find(xml.root, 'on_reboot');
  if (told === undefined) xml.append(xml.root, `<on_reboot>${word}</on_reboot>`);
  else xml.setText(told, word);
  return xml.toString();
}

function editHardware(text: string, change: Change, context: HardwareContext): string {
  const base = inOrder(change.base);
  const wanted = inOrder(change.wanted);
  const changes = diffHardware(base, wanted);
  if (changes.length === 0) return text;
  requireFresh(changes, diffHardware(base, readHardware(text, context).hardware));
  let edited = text;
  for (const part of parts) {
    if (isDeepStrictEqual(part.of(base), part.of(wanted))) continue;
    const xml = new XmlText(edited);
    part.edit(xml, { base, wanted });
    edited = xml.toString();
  }
  requireDone(edited, { base, wanted }, changes, context);
  return edited;
}

/** Adapters are told in their order, without gaps; who gave an address is not told. */
function inOrder(hardware: Hardware): Hardware {
  const adapters = hardware.adapters
    .toSorted((one, other) => one.slot - other.slot)
    .map((adapter, slot) => ({ ...adapter, slot, macMode: 'static' as const }));
  return { ...hardware, adapters };
}

const sizePath = /^hardware\/disks\/([^/]+)\/size_bytes$/;

function diffHardware(before: Hardware, after: Hardware): readonly SettingChange[] {
  return diffSettings({ hardware: before }, { hardware: after });
}

function requireFresh(ours: readonly SettingChange[], theirs: readonly SettingChange[]): void {
  const wanted = new Map(ours.map(({ path, newValue }) => [path, newValue]));
  const both = theirs
    .filter(({ path, newValue }) => wanted.has(path) && wanted.get(path) !== newValue)
    // Of a disk that runs it is told in another way than of one that does not.
    .filter(({ path }) => !sizePath.test(path));
  if (both.length === 0) return;
  throw new Fault('stale', `${listed(both)} has been changed on its hypervisor meanwhile`, {
    facts: { paths: both.map(({ path }) => path).slice(0, 20) },
    hint: 'look at it as it is now, and change that',
  });
}

function requireDone(
  edited: string,
  { base, wanted }: Change,
  changes: readonly SettingChange[],
  context: HardwareContext,
): void {
  const { hardware } = readHardware(edited, context);
  const left = new Set(diffHardware(hardware, wanted).map(({ path }) => path));
  // How large a disk is that is new to the vm is told by its hypervisor afterwards.
  const known = new Set(base.disks.map(placeName));
  const isNewSize = (path: string): boolean => {
    const place = sizePath.exec(path)?.[1];
    return place !== undefined && !known.has(place);
  };
  const lost = changes.filter(({ path }) => left.has(path) && !isNewSize(path));
  if (lost.length > 0)
    throw new Fault('unsupported', `${listed(lost)} cannot be changed over libvirt`, {
      facts: { paths: lost.map(({ path }) => path).slice(0, 20) },
      hint: "change it with the hypervisor's own tools",
    });
}

function listed(changes: readonly SettingChange[]): string {
  const paths = changes.map(({ path }) => path);
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : '';
  return `${paths.slice(0, 3).join(', ')}${more}`;
}
