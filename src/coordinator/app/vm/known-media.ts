/**
 * What is known for the drives of a vm (RCON-35): images in the library on its host, files in the host's folders, and drives of
 * the host itself. What the caller may not see, name or give is left out; vms that the caller may not see are told without their names.
 */
import { posix } from 'node:path';
import type { KnownMedia, KnownMedium, LinkResult } from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { ImageDocument } from '../../documents.ts';
import { vmDocument } from '../find.ts';
import { namesOf } from '../host-disks.ts';
import { findNotOwn } from './others-files.ts';

type Inserted = LinkResult<'host.media'>['inserted'];
type Known = Omit<KnownMedium, 'vms' | 'held'>;

/** For whose drives. */
interface Asker {
  readonly hostId: string;
  /** Of the vm; null: one that is yet to be made there. */
  readonly id: string | null;
  readonly mayUseFiles: boolean;
  readonly writesToFloppy: boolean;
}

export async function listKnownMedia(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  signal: AbortSignal,
): Promise<KnownMedia> {
  const { hostId, definition } = vmDocument(coordinator.inventory, id).data;
  const mayUseFiles = caller.may('vm.media', { kind: 'vm', id });
  const writesToFloppy = definition.hardware.floppy?.readOnly === false;
  return await listFor(coordinator, caller, { hostId, id, mayUseFiles, writesToFloppy }, signal);
}

/** What a vm that is to be made on the host can have in its drives. Files are told to those who may make one. */
export async function listMediaOfHost(
  coordinator: Coordinator,
  caller: Caller,
  hostId: string,
  signal: AbortSignal,
): Promise<KnownMedia> {
  const mayUseFiles = caller.may('vm.create', { kind: 'anywhere' });
  const asker = { hostId, id: null, mayUseFiles, writesToFloppy: false };
  return await listFor(coordinator, caller, asker, signal);
}

async function listFor(
  { inventory, links }: Coordinator,
  caller: Caller,
  { hostId, id, mayUseFiles, writesToFloppy }: Asker,
  signal: AbortSignal,
): Promise<KnownMedia> {
  const found = await links.call(hostId, 'host.media', {}, { signal });
  const images = [...inventory.documents<ImageDocument>('image')].filter(
    ({ data }) => data.hostId === hostId,
  );
  const inLibrary = images.flatMap((image): Known[] => {
    const { imageKind: drive, name, path, sizeBytes, builtFrom } = image.data;
    if (drive === 'disk' || !caller.may('image.view', { kind: 'image', id: image.id })) return [];
    const medium = { kind: 'image', image: image.id } as const;
    return [{ drive, medium, name, path, sizeBytes, builtFrom }];
  });
  const imagePaths = new Set(images.map(({ data }) => data.path));
  const isNotOwn = findNotOwn(inventory, caller, { hostId, id: id ?? '' });
  const files = mayUseFiles ? found.files : [];
  const inFolders = files
    .filter(({ path }) => !imagePaths.has(path) && !isNotOwn(path))
    .map(({ path, drive, sizeBytes }): Known => {
      const medium = { kind: 'file', file: path } as const;
      return { drive, medium, name: posix.basename(path), path, sizeBytes, builtFrom: null };
    });
  const drives = caller.may('host.drives', { kind: 'host', id: hostId }) ? found.drives : [];
  const ofHost = drives.map(({ path, drive, name }): Known => {
    const medium = { kind: 'device', device: path } as const;
    return { drive, medium, name, path, sizeBytes: 0, builtFrom: null };
  });
  const users = Map.groupBy(
    found.inserted.filter(({ vmId }) => vmId !== id),
    ({ path }) => path,
  );
  const withUsers = (known: Known): KnownMedium => {
    const others: Inserted = users.get(known.path) ?? [];
    const vmIds = [...new Set(others.map(({ vmId }) => vmId))].slice(0, 1000);
    return {
      ...known,
      vms: namesOf(inventory, caller, vmIds),
      held:
        known.medium.kind === 'device'
          ? others.length > 0
          : known.drive === 'floppy' && writesToFloppy && others.some(({ writes }) => writes),
    };
  };
  const all = [inLibrary, inFolders, ofHost].flatMap((known) => known.sort(byName));
  const media = all.map(withUsers);
  return { media, complete: found.complete };
}

const byName = (one: Known, other: Known): number =>
  one.name < other.name ? -1 : Number(one.name > other.name);
