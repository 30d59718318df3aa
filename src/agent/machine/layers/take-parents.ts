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
  const machines = [...host.others(definition.id), file];
  const { disks } = definition.hardware;
  let layers = { ...file.layers, untold: file.layers.untold.filter((one) => has(disks, one)) };
  const reasons: Reason[] = [];
  for (const disk of disks) {
    const isUntold = layers.untold.includes(disk.file);
    if (disk.kind !== undefined) continue;
    if (!isUntold && before.some((one) => isSame(one, disk))) continue;
    const untold = layers.untold.filter((one) => one !== disk.file);
    try {
      if (!disk.readOnly)
        requireNoBorrower(file, disk, await storage.findBorrowers(file, disk.file, machines));
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
  if (hands.file.layers.untold.length === 0) return;
  const { layers } = await takeParents(
    hands.host,
    hands.file,
    hands.file.definition.hardware.disks,
  );
  if (layers === hands.file.layers) return;
  hands.set({ layers });
  await hands.persist();
  await hands.host.driver.storage.layers.write(hands.file, layers);
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
  return one.file === other.file && one.format === other.format && one.readOnly === other.readOnly;
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
