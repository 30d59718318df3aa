/**
 * A disk that a machine gets may have been made over other files by whoever made it: QEMU, libvirt, Terraform, `gantry disk
 * create --parent`. They stand among the layers from then on, sealed, and are borrowed: this machine reads them, and what
 * becomes of them is not its business (docs/rfd/0041). Every way in which a machine gets disks comes through here.
 */
import { isDeepStrictEqual } from 'node:util';
import { placeName, type Disk } from '#api';
import { Fault, isFault, type Reason } from '#lib';
import type { LayerStorage } from '../../drivers/layer-storage.ts';
import type { Hands, MachineHost } from '../hands.ts';
import type { MachineFile } from '../record.ts';
import { chainOf, putBelow, type Borrowed, type Layers } from './layers.ts';
import {
  isAnyServedUntold,
  isServed,
  keepServed,
  putServed,
  servedChainOf,
} from './served-chain.ts';

type ParentsHost = Pick<MachineHost, 'driver' | 'others'>;

export interface Taken {
  readonly layers: Layers;
  /** Why the parents of a disk could not be told. */
  readonly reasons: readonly Reason[];
}

/**
 * The layers of a machine with the parents of the disks that it had not `before`. Where those of a disk cannot be told it is
 * among `untold`, and the reason with the answer.
 */
export async function takeParents(
  host: ParentsHost,
  file: MachineFile,
  before: readonly Disk[],
): Promise<Taken> {
  const { definition } = file;
  const { layers: storage } = host.driver.storage;
  const others = host.others(definition.id);
  const machines = [...others, file];
  const { disks } = definition.hardware;
  let layers: Layers = keepServed(
    { ...file.layers, untold: file.layers.untold.filter((one) => has(disks, one)) },
    disks,
  );
  const reasons: Reason[] = [];
  for (const disk of disks) {
    const isUntold =
      layers.untold.includes(disk.file) ||
      (isServed(disk) && servedChainOf(layers, disk) === undefined);
    if (disk.kind !== undefined) continue;
    if (!isUntold && before.some((one) => isSame(one, disk))) continue;
    const untold = layers.untold.filter((one) => one !== disk.file);
    try {
      if (!disk.readOnly)
        requireNoBorrower(file, disk, await storage.findBorrowers(file, [disk.file], machines));
      if (isServed(disk)) {
        // What it was made of when the machine got it counts, whatever else of it is set otherwise now.
        if (isUntold || !before.some((one) => isSameFile(one, disk)))
          layers = await withChain(storage, { ...file, layers }, disk, others);
        const { parts = [] } = servedChainOf(layers, disk) ?? {};
        if (!disk.readOnly)
          requireNoBorrower(file, disk, await storage.findBorrowers(file, parts, machines));
        layers = { ...layers, untold };
        continue;
      }
      const parents = await parentsOf(storage, { ...file, layers }, disk, machines);
      // What is not there is said at the start.
      layers =
        parents === null
          ? { ...layers, untold: [...untold, disk.file] }
          : { ...putBelow(layers, disk, parents), untold };
    } catch (error) {
      if (!isFault(error)) throw error;
      const { message: text, hint } = error;
      reasons.push({ code: 'disk-parent', text, ...(hint === undefined ? {} : { remedy: hint }) });
      layers = { ...layers, untold: [...untold, disk.file] };
    }
  }
  return { layers: isDeepStrictEqual(layers, file.layers) ? file.layers : layers, reasons };
}

/** As `takeParents`. Errors: `refused` with the first of the reasons. */
export async function requireParents(
  host: ParentsHost,
  file: MachineFile,
  before: readonly Disk[],
): Promise<Layers> {
  const { layers, reasons } = await takeParents(host, file, before);
  const [reason] = reasons;
  if (reason === undefined) return layers;
  throw new Fault('refused', reason.text, { hint: reason.remedy, reasons });
}

/** Before a start: those that could not be told before are looked for again. */
export async function tellParents(hands: Hands): Promise<void> {
  const { layers: before, definition } = hands.file;
  if (before.untold.length === 0 && !isAnyServedUntold(before, definition.hardware.disks)) return;
  const { layers } = await takeParents(hands.host, hands.file, definition.hardware.disks);
  if (layers === before) return;
  hands.set({ layers });
  await hands.persist();
  await hands.host.driver.storage.layers.write(hands.file, layers);
}

/** Errors: `refused` naming a disk that is served whose files lead to others than the record has. */
export async function requireSameChains(host: ParentsHost, file: MachineFile): Promise<void> {
  const { layers: storage } = host.driver.storage;
  const others = host.others(file.definition.id);
  for (const disk of file.definition.hardware.disks.filter(isServed))
    await storage.requireServed(file, disk, others).catch((error: unknown) => {
      // Why one cannot be opened at all is said by whoever does.
      if (!isFault(error) || error.code === 'refused') throw error;
    });
}

/** Why one cannot be followed is said at the start, by whoever opens it then. */
async function withChain(
  storage: LayerStorage,
  file: MachineFile,
  disk: Disk,
  others: readonly MachineFile[],
): Promise<Layers> {
  const found = await storage.findServed(file, disk, others).catch((error: unknown) => {
    if (isFault(error) || (error as NodeJS.ErrnoException).code !== undefined) return null;
    throw error;
  });
  return putServed(file.layers, disk.file, found);
}

async function parentsOf(
  storage: LayerStorage,
  file: MachineFile,
  disk: Disk,
  machines: readonly MachineFile[],
): Promise<readonly Borrowed[] | null> {
  const lowest = chainOf(file.layers, disk).at(-1);
  if (lowest === undefined || lowest.borrowed || lowest.format !== 'qcow2') return [];
  return await storage.findParents(file, lowest.file, machines);
}

function has(disks: readonly Disk[], file: string): boolean {
  return disks.some((disk) => disk.file === file);
}

function isSame(one: Disk, other: Disk): boolean {
  return isSameFile(one, other) && one.readOnly === other.readOnly;
}

function isSameFile(one: Disk, other: Disk): boolean {
  return one.file === other.file && one.format === other.format;
}

function requireNoBorrower(
  { definition }: MachineFile,
  disk: Disk,
  names: readonly string[],
): void {
  if (names.length === 0) return;
  throw new Fault(
    'refused',
    `${definition.name} would write ${disk.file} (${placeName(disk)}), and disks of ${names.join(', ')} are made from it`,
    { hint: 'attach it as read-only, or attach a differencing disk above it' },
  );
}
