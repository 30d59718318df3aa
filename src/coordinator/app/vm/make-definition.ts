/**
 * The definition of a new vm out of the few things that people say (VM-01): the profile gives the
 * hardware, the guest's entry in the catalogue what fits it, the choices of memory, disk and network the
 * rest; a merge patch comes last. Pure but for the randomness that is given.
 */
import { assert, Fault } from '#lib';
import {
  findGuest,
  isNative,
  placeName,
  placesOf,
  profiles,
  targetProducts,
  type Attachment,
  type Disk,
  type DiskBus,
  type DiskFormat,
  type DiskSource,
  type GuestCatalogueEntry,
  type Hardware,
  type ImageRecipe,
  type Profile,
  type TargetProduct,
  type VmCreate,
  type VmDefinition,
  plainPort,
} from '#api';
import { parseDefinition } from '../check-definition.ts';
import { issuesFault } from '../issues.ts';
import { applyMergePatch } from '../merge-patch.ts';

export interface ChosenImage {
  readonly name: string;
  readonly path: string;
  readonly format: 'qcow2' | 'raw';
  readonly sizeBytes: number;
  readonly guestOs: string | null;
  readonly builtFrom: ImageRecipe | null;
}

export interface MakeOptions {
  readonly id: string;
  readonly create: VmCreate;
  /** The chosen one; undefined: the one recommended for the guest. */
  readonly profile: Profile | undefined;
  /** For the disk choice `image`. */
  readonly image: ChosenImage | undefined;
  /** Virtual size for the disk choice `existing`. */
  readonly existingSizeBytes: number | undefined;
  readonly makeMac: () => string;
}

export interface Made {
  readonly definition: VmDefinition;
  /** Disks whose files are to be made. */
  readonly disks: readonly DiskSource[];
}

/** Errors: `invalid` with every issue and its path. */
export function makeDefinition(options: MakeOptions): Made {
  const { create, image, id } = options;
  const guestId = create.guestOs ?? image?.guestOs ?? undefined;
  const guest = guestId === undefined ? undefined : findGuest(guestId);
  const hardware = makeHardware(guest, options);
  const disks = makeDisk(hardware, guest, options);
  const plain = {
    id,
    name: create.name,
    ...(guestId === undefined ? {} : { guestOs: guestId }),
    hardware: { ...hardware, disks: disks.map(({ disk }) => disk) },
  };
  const patched = parseDefinition(applyMergePatch(plain, withoutIdentity(create)), create.name);
  const { settings } = patched;
  const shutdown = { ...settings.shutdown, quit: { wasRunning: false } };
  const definition = { ...patched, settings: { ...settings, shutdown } };
  return {
    definition,
    disks: allSources(
      definition,
      disks.flatMap(({ source }) => source ?? []),
    ),
  };
}

/** Disks that the patch names with a relative path lie in the vm's folder, which is new: they are made too. */
function allSources(
  { hardware, name }: VmDefinition,
  chosen: readonly DiskSource[],
): readonly DiskSource[] {
  const known = new Set(chosen.map(({ file }) => file));
  const named = new Set(hardware.disks.map(({ file }) => file));
  const lost = chosen.find(({ file }) => !named.has(file));
  if (lost !== undefined)
    throw new Fault(
      'invalid',
      `the definition of ${name} replaces the disks, so the chosen one is not attached`,
      { hint: 'choose the disk with `disk`, or name all disks in the definition' },
    );
  const more: DiskSource[] = [];
  for (const [index, disk] of hardware.disks.entries()) {
    const { file, sizeBytes } = disk;
    if (known.has(file) || file.startsWith('/')) continue;
    if (!isNative(disk))
      throw issuesFault(`the definition of ${name}`, [
        {
          path: `hardware/disks/${index}/format`,
          problem: `no disks are made in the format ${disk.format}: attach one that is there`,
        },
      ]);
    const { format } = disk;
    if (sizeBytes === 0)
      throw issuesFault(`the definition of ${name}`, [
        { path: `hardware/disks/${index}/sizeBytes`, problem: 'a new disk needs a size' },
      ]);
    more.push({ kind: 'new', file, format, sizeBytes });
  }
  return [...chosen, ...more];
}

/** Id and name stand beside the patch; Gantry keeps the was-running memory itself. */
function withoutIdentity({ definition = {}, name }: VmCreate): Record<string, unknown> {
  const { id: _id, name: given, ...rest } = definition as Record<string, unknown>;
  if (given !== undefined && given !== name)
    throw new Fault(
      'invalid',
      `the definition calls the vm ${JSON.stringify(given).slice(0, 100)}`,
      {
        hint: 'give the same name twice, or leave it out of the definition',
      },
    );
  return rest;
}

/**
 * People's own profiles say what they mean; the built-in ones leave to the catalogue what suits the guest. The
 * catalogue knows PCs: another board keeps what its profile has.
 */
function makeHardware(
  known: GuestCatalogueEntry | undefined,
  { create, makeMac, profile }: MakeOptions,
): Hardware {
  const forVirtualPc = portableIn(create).includes('virtual-pc');
  const usual = forVirtualPc ? 'classic' : (known?.profile ?? 'modern');
  const base = profile?.hardware ?? profiles[usual].hardware;
  const guest = base.machine === 'virt' ? undefined : known;
  const advice = profile?.builtIn === false ? undefined : guest;
  const adapterModel =
    profile?.adapterModel ?? guest?.adapter ?? (base.profile === 'classic' ? 'tulip' : 'virtio');
  const count = create.processors ?? base.processor.count;
  return {
    ...base,
    memory: {
      ...base.memory,
      sizeBytes: create.memoryBytes ?? advice?.memoryBytes ?? base.memory.sizeBytes,
    },
    processor: { ...base.processor, count },
    scsiController: advice?.scsiController ?? base.scsiController,
    clock: { ...base.clock, base: advice?.clock ?? base.clock.base },
    adapters:
      create.network === 'none' && create.forwards === undefined
        ? []
        : [
            {
              slot: 0,
              model: adapterModel,
              mac: makeMac(),
              macMode: 'dynamic',
              link: 'up',
              optional: false,
              ...plainPort,
              attachment: attachmentOf(create),
            },
          ],
  };
}

/** What the patch says; whether it says it rightly is found out with all of it. */
function portableIn({ definition }: VmCreate): readonly TargetProduct[] {
  const said = (definition as { readonly portableTo?: unknown } | undefined)?.portableTo;
  return Array.isArray(said) ? targetProducts.filter((product) => said.includes(product)) : [];
}

function attachmentOf({ name, network, forwards = [] }: VmCreate): Attachment {
  if (network === 'none') return { kind: 'none' };
  if (network === 'user')
    return {
      kind: 'user',
      restrict: false,
      bootFile: null,
      forwards: forwards.map((forward) => ({ ...forward, hostAddress: '127.0.0.1' })),
    };
  if (forwards.length > 0)
    throw new Fault('invalid', `the ports of ${name} are forwarded by its network`, {
      hint: `set them on the network: gantry network set ${network} --forward ...`,
    });
  return { kind: 'network', network };
}

/** The bus a new disk goes on: what the profile's guests can start from without further drivers. */
/** What is meant for Virtual PC has its disks on IDE, where alone that looks for them (CMP-13). */
export function defaultBus(
  { hardware, portableTo }: Pick<VmDefinition, 'hardware' | 'portableTo'>,
  guest: GuestCatalogueEntry | undefined,
): DiskBus {
  if (portableTo.includes('virtual-pc') && hardware.machine !== 'virt') return 'ide';
  if (hardware.machine === 'pc') return 'ide';
  if (hardware.machine === 'virt') return 'virtio';
  return guest?.family === 'windows' ? 'sata' : 'virtio';
}

/** The first free place on the bus. Errors: `exhausted` when there is none. */
export function freePlace(
  hardware: Hardware,
  bus: DiskBus,
  wanted: { readonly controller?: number | undefined; readonly position?: number | undefined } = {},
): { readonly bus: DiskBus; readonly controller: number; readonly position: number } {
  const taken = new Set([...hardware.disks, ...hardware.opticalDrives].map(placeName));
  const { controllers, positions } = placesOf(bus, hardware);
  const range = (given: number | undefined, count: number): readonly number[] =>
    given === undefined ? Array.from({ length: count }, (_, index) => index) : [given];
  for (const controller of range(wanted.controller, controllers))
    for (const position of range(wanted.position, positions)) {
      const place = { bus, controller, position };
      if (!taken.has(placeName(place))) return place;
    }
  throw new Fault(
    wanted.position === undefined ? 'exhausted' : 'exists',
    `there is no free place on the bus ${bus}`,
    { hint: 'detach a disk, or choose another bus' },
  );
}

function makeDisk(
  hardware: Hardware,
  guest: GuestCatalogueEntry | undefined,
  { create, image, existingSizeBytes }: MakeOptions,
): readonly { readonly disk: Disk; readonly source: DiskSource | undefined }[] {
  const choice = create.disk ?? { kind: 'none' };
  const place = (): Pick<Disk, 'bus' | 'controller' | 'position'> =>
    freePlace(hardware, defaultBus({ hardware, portableTo: [...portableIn(create)] }, guest));
  switch (choice.kind) {
    case 'none':
      return [];
    case 'new': {
      const { sizeBytes, format, allocation } = choice;
      const file = choice.file ?? `${create.name}.${format}`;
      return [
        {
          disk: newDisk(place(), file, format, sizeBytes, allocation),
          source: newSource(file, format, sizeBytes, allocation),
        },
      ];
    }
    case 'existing':
      assert(existingSizeBytes !== undefined, 'an existing disk was looked at');
      return [
        {
          disk: newDisk(place(), choice.file, choice.format, existingSizeBytes),
          source: undefined,
        },
      ];
    case 'image': {
      assert(image !== undefined, 'the image of the disk was looked up');
      const sizeBytes = choice.sizeBytes ?? image.sizeBytes;
      if (sizeBytes < image.sizeBytes)
        throw new Fault(
          'invalid',
          `the disk would be smaller than the image ${image.name} (${image.sizeBytes} bytes)`,
          { hint: 'leave the size out, or make it larger' },
        );
      const file = `${create.name}.qcow2`;
      return [
        {
          disk: newDisk(place(), file, 'qcow2', sizeBytes),
          source: {
            kind: 'image',
            file,
            format: 'qcow2',
            sizeBytes,
            imagePath: image.path,
            imageFormat: image.format,
          },
        },
      ];
    }
  }
}

export function newSource(
  file: string,
  format: DiskFormat,
  sizeBytes: number,
  allocation: 'dynamic' | 'fixed' = 'dynamic',
): DiskSource {
  const source = { kind: 'new', file, format, sizeBytes } as const;
  return allocation === 'fixed' ? { ...source, allocation } : source;
}

/** Errors: `invalid` for a fixed disk of a format that grows. */
export function newDisk(
  place: Pick<Disk, 'bus' | 'controller' | 'position'>,
  file: string,
  format: Disk['format'],
  sizeBytes: number,
  allocation: 'dynamic' | 'fixed' = 'dynamic',
): Disk {
  const { bus, controller, position } = place;
  if (allocation === 'fixed' && format !== 'raw')
    throw new Fault('invalid', `the disk ${file} cannot be fixed: its format ${format} grows`, {
      hint: 'choose the format raw',
    });
  return {
    bus,
    controller,
    position,
    file,
    format,
    sizeBytes,
    readOnly: false,
    shared: false,
    // What a fixed disk has taken it keeps.
    discard: allocation === 'dynamic',
    cache: 'writeback',
    serial: '',
  };
}
