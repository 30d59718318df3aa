/** Ports, screen, sound and USB of a domain's XML, in the words of a definition. Pure. */
import type { Hardware, PortBackend } from '#api';
import { kiB, miB } from '#lib';
import { attributeOf, find, findAll, wholeNumber, type XmlNode } from '#foreign';

export type ReadDevices = Pick<
  Hardware,
  'serialPorts' | 'parallelPort' | 'sound' | 'usb' | 'tablet' | 'scsiController' | 'graphics'
>;

export function readDevices(devices: XmlNode | undefined): ReadDevices {
  const controllers = findAll(devices, 'controller');
  const usb = usbOf(controllers.filter((one) => attributeOf(one, 'type') === 'usb'));
  const isTablet = (input: XmlNode): boolean => attributeOf(input, 'type') === 'tablet';
  return {
    serialPorts: serialPortsOf(devices),
    parallelPort: parallelPortOf(find(devices, 'parallel')),
    sound: soundOf(find(devices, 'sound')),
    usb,
    tablet: usb !== 'none' && findAll(devices, 'input').some(isTablet),
    scsiController: scsiOf(controllers.find((one) => attributeOf(one, 'type') === 'scsi')),
    graphics: graphicsOf(find(devices, 'video', 'model')),
  };
}

/** The first two. A console that is no serial port, as hypervisors without any have it, counts as one. */
function serialPortsOf(devices: XmlNode | undefined): PortBackend[] {
  const serial = findAll(devices, 'serial');
  const ports = serial.length > 0 ? serial : findAll(devices, 'console').slice(0, 1);
  return ports.slice(0, 2).map((port): PortBackend => {
    const path = attributeOf(find(port, 'source'), 'path') ?? '';
    switch (attributeOf(port, 'type') ?? 'none') {
      case 'pty':
        return { kind: 'console' };
      case 'file':
        return isPlain(path) ? { kind: 'file', file: path } : { kind: 'none' };
      case 'dev':
        return isDevice(path) ? { kind: 'device', device: path } : { kind: 'none' };
      default:
        return { kind: 'none' };
    }
  });
}

function parallelPortOf(port: XmlNode | undefined): Hardware['parallelPort'] {
  const path = attributeOf(find(port, 'source'), 'path') ?? '';
  const type = attributeOf(port, 'type');
  if (type === 'file' && isPlain(path)) return { kind: 'file', file: path };
  if (type === 'dev' && isDevice(path)) return { kind: 'device', device: path };
  return { kind: 'none' };
}

const isPlain = (path: string): boolean =>
  path !== '' && path.length <= 1024 && !path.split('/').includes('..');
const isDevice = (path: string): boolean => /^\/dev\/[\w./-]{1,200}$/.test(path);

function soundOf(sound: XmlNode | undefined): Hardware['sound'] {
  switch (attributeOf(sound, 'model') ?? 'none') {
    case 'ich6':
    case 'ich7':
    case 'ich9':
      return 'hda';
    case 'ac97':
      return 'ac97';
    case 'sb16':
      return 'sb16';
    default:
      return 'none';
  }
}

/** The fastest. */
function usbOf(controllers: readonly XmlNode[]): Hardware['usb'] {
  const models = controllers
    .map((one) => attributeOf(one, 'model') ?? 'piix3-uhci')
    .filter((model) => model !== 'none');
  if (models.some((model) => model.includes('xhci'))) return '3';
  if (models.some((model) => model.includes('ehci'))) return '2.0';
  return models.length > 0 ? '1.1' : 'none';
}

function scsiOf(controller: XmlNode | undefined): Hardware['scsiController'] {
  switch (attributeOf(controller, 'model') ?? 'auto') {
    case 'lsilogic':
      return 'lsi53c895a';
    case 'am53c974':
      return 'am53c974';
    default:
      return 'virtio-scsi';
  }
}

function graphicsOf(model: XmlNode | undefined): Hardware['graphics'] {
  const type = attributeOf(model, 'type') ?? 'none';
  const known = { none: 'none', cirrus: 'cirrus', virtio: 'virtio' } as const;
  const adapter = Object.hasOwn(known, type) ? known[type as keyof typeof known] : 'std';
  const videoMemoryBytes = (wholeNumber(attributeOf(model, 'vram')) ?? 16_384) * kiB;
  const fits =
    videoMemoryBytes % miB === 0 && videoMemoryBytes >= 4 * miB && videoMemoryBytes <= 256 * miB;
  return {
    adapter,
    videoMemoryBytes: fits ? videoMemoryBytes : 16 * miB,
    acceleration3d:
      adapter === 'virtio' && attributeOf(find(model, 'acceleration'), 'accel3d') === 'yes',
  };
}
