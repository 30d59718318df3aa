/**
 * Media of drives. People name images; an agent knows only files. Definitions go to an agent with images
 * resolved to their files, and come back with files of known images as those images.
 */
import type { Medium, VmDefinition } from '#api';
import type { ImageDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';

/** The file of an image on the host; undefined when there is no such image there. */
export function imageOnHost(
  inventory: Inventory,
  hostId: string,
  image: string,
): { readonly id: string; readonly document: ImageDocument } | undefined {
  const found = inventory.find<ImageDocument>('image', image);
  return found === undefined || found.data.hostId !== hostId
    ? undefined
    : { id: found.id, document: found.data };
}

/** The definition as the agent gets it. An image that is missing stays named: the start check tells it. */
export function definitionForAgent(
  inventory: Inventory,
  hostId: string,
  definition: VmDefinition,
): VmDefinition {
  return mapMedia(definition, (medium) => {
    if (medium.kind !== 'image') return medium;
    const image = imageOnHost(inventory, hostId, medium.image);
    return image === undefined ? medium : { kind: 'file', file: image.document.path };
  });
}

/** The definition as people see it: files that are known images, as images. */
export function definitionFromAgent(
  inventory: Inventory,
  hostId: string,
  definition: VmDefinition,
): VmDefinition {
  return mapMedia(definition, (medium) => {
    if (medium.kind !== 'file') return medium;
    for (const image of inventory.documents<ImageDocument>('image'))
      if (image.data.hostId === hostId && image.data.path === medium.file)
        return { kind: 'image', image: image.id };
    return medium;
  });
}

/** All media of a definition, with the drive they are in. */
export function mediaOf(definition: VmDefinition): readonly Medium[] {
  const { opticalDrives, floppy } = definition.hardware;
  return [...opticalDrives.map(({ medium }) => medium), floppy?.medium ?? null].filter(
    (medium) => medium !== null,
  );
}

function mapMedia(definition: VmDefinition, change: (medium: Medium) => Medium): VmDefinition {
  const { hardware } = definition;
  const { opticalDrives, floppy } = hardware;
  return {
    ...definition,
    hardware: {
      ...hardware,
      opticalDrives: opticalDrives.map((drive) => ({
        ...drive,
        medium: drive.medium === null ? null : change(drive.medium),
      })),
      floppy:
        floppy === null || floppy.medium === null
          ? floppy
          : { ...floppy, medium: change(floppy.medium) },
    },
  };
}
