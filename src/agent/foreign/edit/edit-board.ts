/** Processors, memory, boot order and clock of a domain's XML as a definition says (libvirt's page "Domain XML format"). */
import type { BootDevice, Hardware } from '#api';
import { attributeOf, find, findAll, wholeNumber, type XmlNode, type XmlText } from '#foreign';
import { Fault, kiB } from '#lib';
import { bootKindOf, bootWords } from '../hardware/board.ts';

export function editProcessor(xml: XmlText, wanted: Hardware['processor']): void {
  const { root } = xml;
  const { count, maxCount, coresPerSocket, threadsPerCore } = wanted;
  const most = maxCount ?? count;
  const vcpu = find(root, 'vcpu');
  if (vcpu === undefined)
    xml.append(root, `<vcpu${most === count ? '' : ` current='${count}'`}>${most}</vcpu>`);
  else {
    xml.setText(vcpu, String(most));
    if (most === count) xml.removeAttribute(vcpu, 'current');
    else xml.setAttribute(vcpu, 'current', String(count));
  }
  // Says of each one whether it is there now; without it the first ones are.
  const each = find(root, 'vcpus');
  if (each !== undefined) xml.remove(each);
  editTopology(xml, { most, coresPerSocket, threadsPerCore });
}

interface Topology extends Pick<Hardware['processor'], 'coresPerSocket' | 'threadsPerCore'> {
  readonly most: number;
}

function editTopology(xml: XmlText, { most, coresPerSocket, threadsPerCore }: Topology): void {
  const cpu = find(xml.root, 'cpu');
  const topology = find(cpu, 'topology');
  const dies = wholeNumber(attributeOf(topology, 'dies')) ?? 1;
  const numbers = {
    sockets: Math.max(1, Math.floor(most / (dies * coresPerSocket * threadsPerCore))),
    cores: coresPerSocket,
    threads: threadsPerCore,
  };
  if (topology !== undefined) {
    for (const [name, number] of Object.entries(numbers))
      xml.setAttribute(topology, name, String(number));
    return;
  }
  if (coresPerSocket === 1 && threadsPerCore === 1) return;
  const words = Object.entries(numbers).map(([name, number]) => ` ${name}='${number}'`);
  const made = `<topology${words.join('')}/>`;
  if (cpu === undefined) xml.append(xml.root, `<cpu>${made}</cpu>`);
  else xml.append(cpu, made);
}

/** Errors: `unsupported` where the memory is that of its NUMA cells. */
export function editMemory(xml: XmlText, { sizeBytes, maxBytes }: Hardware['memory']): void {
  const { root } = xml;
  if (find(root, 'cpu', 'numa', 'cell') !== undefined)
    throw new Fault('unsupported', 'its memory is divided among NUMA cells', {
      hint: 'change the cells with virsh edit',
    });
  const write = (name: string, bytes: number): void => {
    const element = find(root, name);
    const text = String(bytes / kiB);
    if (element === undefined) xml.append(root, `<${name} unit='KiB'>${text}</${name}>`);
    else {
      xml.setAttribute(element, 'unit', 'KiB');
      xml.setText(element, text);
    }
  };
  write('memory', maxBytes ?? sizeBytes);
  write('currentMemory', sizeBytes);
}

/** Either kinds of devices have an order, or devices by their numbers: libvirt takes one of both. */
export function editBootOrder(xml: XmlText, wanted: readonly BootDevice[]): void {
  const devices = find(xml.root, 'devices')?.children ?? [];
  const numbered = devices.filter((device) => find(device, 'boot') !== undefined);
  if (numbered.length > 0) {
    numberDevices(xml, devices, wanted);
    return;
  }
  const os = find(xml.root, 'os');
  if (os === undefined) throw new Fault('unsupported', 'it does not say how it boots');
  for (const boot of findAll(os, 'boot')) xml.remove(boot);
  for (const device of wanted) {
    const word = [...bootWords].find(([, one]) => one === device)?.[0] ?? device;
    xml.append(os, `<boot dev='${word}'/>`);
  }
}

/** Devices of one kind keep their order; a kind that had no number begins with its first device. */
function numberDevices(
  xml: XmlText,
  devices: readonly XmlNode[],
  wanted: readonly BootDevice[],
): void {
  const orderOf = (device: XmlNode): number =>
    wholeNumber(attributeOf(find(device, 'boot'), 'order')) ?? Number.MAX_SAFE_INTEGER;
  let next = 1;
  const chosen = new Map<XmlNode, number>();
  for (const kind of wanted) {
    const ofKind = devices.filter((device) => bootKindOf(device) === kind);
    const known = ofKind.filter((device) => find(device, 'boot') !== undefined);
    const inOrder = known.length > 0 ? known : ofKind.slice(0, 1);
    for (const device of inOrder.toSorted((one, other) => orderOf(one) - orderOf(other))) {
      chosen.set(device, next);
      next += 1;
    }
  }
  for (const device of devices) {
    const boot = find(device, 'boot');
    const number = chosen.get(device);
    if (number === undefined) {
      // Those of a kind without a word stay behind all that have one.
      if (boot !== undefined && bootKindOf(device) !== undefined) xml.remove(boot);
      else if (boot !== undefined) {
        xml.setAttribute(boot, 'order', String(next));
        next += 1;
      }
    } else if (boot === undefined) xml.append(device, `<boot order='${number}'/>`);
    else xml.setAttribute(boot, 'order', String(number));
  }
}

export function editClock(xml: XmlText, { base, offsetSeconds }: Hardware['clock']): void {
  const { root } = xml;
  const words =
    offsetSeconds === 0
      ? { offset: base }
      : { offset: 'variable', adjustment: String(offsetSeconds), basis: base };
  const clock = find(root, 'clock');
  if (clock === undefined) {
    const said = Object.entries(words).map(([name, value]) => ` ${name}='${value}'`);
    xml.append(root, `<clock${said.join('')}/>`);
    return;
  }
  for (const name of ['adjustment', 'basis', 'timezone', 'start'])
    if (!Object.hasOwn(words, name)) xml.removeAttribute(clock, name);
  for (const [name, value] of Object.entries(words)) xml.setAttribute(clock, name, value);
}
