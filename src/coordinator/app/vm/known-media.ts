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

export async function listKnownMedia(
  { inventory, links }: Coordinator,
  caller: Caller,
  id: string,
  signal: AbortSignal,
): Promise<KnownMedia> {
  const { hostId, definition } = vmDocument(inventory, id).data;
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
  const isNotOwn = findNotOwn(inventory, caller, { hostId, id });
  const files = caller.may('vm.media', { kind: 'vm', id }) ? found.files : [];
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
  const writesToFloppy = definition.hardware.floppy?.readOnly === false;
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
