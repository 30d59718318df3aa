/** Display, sound, USB and the small paravirtual devices. */
import { crashAddress, fixedAddress, usb1Address } from './addresses.ts';
import { displayArguments } from './display.ts';
import { balloonName } from './names.ts';
import { formatOptions, jsonArgument, type Argument, type JsonFields } from './options.ts';
import type { MachineSpec, SoundModel, UsbGeneration } from './spec.ts';

const audioName = 'board-audio';
const randomName = 'board-random';

export function peripheralArguments(spec: MachineSpec): readonly Argument[] {
  return [
    ...displayArguments(spec),
    ...soundArguments(spec),
    ...vncArguments(spec),
    ...usbArguments(spec),
    ...paravirtualArguments(spec),
    ...crashArguments(spec),
    ...(spec.generationId === undefined
      ? []
      : [
          jsonArgument('-device', {
            driver: 'vmgenid',
            id: 'board-generation',
            guid: spec.generationId,
          }),
        ]),
  ];
}

function crashArguments({ crashDevice, chipset }: MachineSpec): readonly Argument[] {
  if (crashDevice === 'none') return [];
  const id = 'board-crash';
  const device =
    chipset === 'virt'
      ? { driver: 'pvpanic-pci', id, ...crashAddress() }
      : { driver: 'pvpanic', id };
  return [jsonArgument('-device', device)];
}

const soundDrivers: Readonly<Record<Exclude<SoundModel, 'none'>, string>> = {
  sb16: 'sb16',
  es1370: 'ES1370',
  ac97: 'AC97',
  hda: 'intel-hda',
};

/** The host plays nothing; a viewer hears through the screen's connection. */
function soundArguments(spec: MachineSpec): readonly Argument[] {
  if (spec.sound === 'none') return [];
  const id = 'board-sound';
  const address = spec.sound === 'sb16' ? {} : fixedAddress(spec.chipset, 'sound');
  const audiodev = spec.sound === 'hda' ? undefined : audioName;
  const device = { driver: soundDrivers[spec.sound], id, ...address, audiodev };
  const codec = { driver: 'hda-duplex', id: `${id}-codec`, bus: `${id}.0`, audiodev: audioName };
  return [
    jsonArgument('-audiodev', { driver: 'none', id: audioName }),
    jsonArgument('-device', device),
    ...(spec.sound === 'hda' ? [jsonArgument('-device', codec)] : []),
  ];
}

function vncArguments(spec: MachineSpec): readonly Argument[] {
  if (spec.vnc === undefined) return [];
  const audiodev = spec.sound === 'none' ? undefined : audioName;
  const options = { share: 'force-shared', audiodev };
  return [['-vnc', formatOptions(`unix:${spec.vnc.socketPath}`, options)]];
}

function usbArguments(spec: MachineSpec): readonly Argument[] {
  const controllers = spec.usbControllers.flatMap((generation) => usbController(spec, generation));
  const tablet =
    spec.tablet === undefined
      ? []
      : [{ driver: 'usb-tablet', id: 'board-tablet', bus: usbBus(spec.tablet), port: '1' }];
  return [...controllers, ...keyboard(spec), ...tablet].map((device) =>
    jsonArgument('-device', device),
  );
}

/** Of a board that has no other. */
function keyboard({ chipset, usbControllers }: MachineSpec): readonly JsonFields[] {
  const [generation] = usbControllers;
  if (chipset !== 'virt' || generation === undefined) return [];
  return [{ driver: 'usb-kbd', id: 'board-keyboard', bus: usbBus(generation), port: '2' }];
}

/** USB 2.0 is a controller for fast devices with three companions that serve the slow ones on its ports. */
function usbController(spec: MachineSpec, generation: UsbGeneration): readonly JsonFields[] {
  const { chipset } = spec;
  const id = usbName(generation);
  switch (generation) {
    case 'usb1':
      return [{ driver: 'piix3-usb-uhci', id, ...usb1Address(chipset) }];
    case 'usb2':
      return [
        { driver: 'ich9-usb-ehci1', id, ...fixedAddress(chipset, 'usb2', 7) },
        ...[0, 1, 2].map((nth) => ({
          driver: `ich9-usb-uhci${nth + 1}`,
          id: `${id}-companion${nth + 1}`,
          ...fixedAddress(chipset, 'usb2', nth),
          multifunction: nth === 0 ? true : undefined,
          masterbus: usbBus(generation),
          firstport: nth * 2,
        })),
      ];
    case 'usb3':
      return [{ driver: 'qemu-xhci', id, ...fixedAddress(chipset, 'usb3') }];
  }
}

function usbName(generation: UsbGeneration): string {
  return `board-${generation}`;
}

function usbBus(generation: UsbGeneration): string {
  return `${usbName(generation)}.0`;
}

function paravirtualArguments(spec: MachineSpec): readonly Argument[] {
  const balloon: JsonFields = {
    driver: 'virtio-balloon-pci',
    id: balloonName,
    ...fixedAddress(spec.chipset, 'balloon'),
    'deflate-on-oom': true,
  };
  const source = { 'qom-type': 'rng-random', id: `${randomName}-source`, filename: '/dev/urandom' };
  const random: JsonFields = {
    driver: 'virtio-rng-pci',
    id: randomName,
    ...fixedAddress(spec.chipset, 'random'),
    rng: source.id,
  };
  return [
    ...(spec.balloon === 'virtio' ? [jsonArgument('-device', balloon)] : []),
    ...(spec.randomSource === 'virtio'
      ? [jsonArgument('-object', source), jsonArgument('-device', random)]
      : []),
  ];
}
