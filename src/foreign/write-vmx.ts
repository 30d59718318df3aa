/** Writes a VMX: what `parseVmx` reads of it again is what was given. */
import type { ForeignAdapter, ForeignMedium, ForeignPort, WritableMachine } from './machine.ts';

const mib = 1024 * 1024;

/** `hardwareVersion`: of the product that is to run it. */
export function writeVmx(machine: WritableMachine, hardwareVersion: number): Buffer {
  const lines: string[] = [];
  const put = (name: string, value: string | number | boolean): void => {
    const text = typeof value === 'boolean' ? (value ? 'TRUE' : 'FALSE') : String(value);
    lines.push(`${name} = "${escapeValue(text)}"`);
  };
  put('.encoding', 'UTF-8');
  put('config.version', 8);
  put('virtualHW.version', hardwareVersion);
  if (machine.name !== null) put('displayName', machine.name);
  // The file's own escapes are of the text that is shown.
  if (machine.description !== '') put('annotation', escapeValue(machine.description));
  if (machine.guestOs !== null) put('guestOS', machine.guestOs);
  if (machine.memoryBytes !== null) put('memsize', machine.memoryBytes / mib);
  put('numvcpus', machine.processors ?? 1);
  if (machine.coresPerSocket !== null) put('cpuid.coresPerSocket', machine.coresPerSocket);
  if (machine.firmware === 'uefi') put('firmware', 'efi');
  if (machine.secureBoot) put('uefi.secureBoot.enabled', true);
  if (machine.uuid !== null) put('uuid.bios', spaced(machine.uuid));
  if (machine.assetTag !== null) put('SMBIOS.assetTag', machine.assetTag);
  if (machine.bootOrder !== null) put('bios.bootOrder', bootOrder(machine.bootOrder));
  putDevices(machine, put);
  for (const [slot, adapter] of machine.adapters.entries())
    putAdapter(`ethernet${slot}`, adapter, put);
  put('floppy0.present', machine.floppy !== undefined);
  if (machine.floppy !== undefined)
    putMedium('floppy0', 'fileType', 'file', machine.floppy.medium, put);
  for (const [slot, port] of machine.serialPorts.entries()) putPort(`serial${slot}`, port, put);
  if (machine.parallelPort !== null) putPort('parallel0', machine.parallelPort, put);
  if (machine.sound !== null) {
    put('sound.present', true);
    put('sound.virtualDev', { hda: 'hdaudio', sb16: 'sb16', ac97: 'es1371' }[machine.sound]);
  }
  if (machine.usb !== null) put('usb.present', true);
  if (machine.usb === '2.0' || machine.usb === '3') put('ehci.present', true);
  if (machine.usb === '3') put('usb_xhci.present', true);
  if (machine.clock === 'utc') put('rtc.diffFromUTC', 0);
  if (machine.tpm) put('vtpm.present', true);
  if (machine.acceleration3d) put('mks.enable3d', true);
  for (const [name, value] of Object.entries(machine.kept)) put(name, value);
  return Buffer.from(`${lines.join('\n')}\n`);
}

type Put = (name: string, value: string | number | boolean) => void;

/** Characters that have a meaning in the file, and those that are none. */
function escapeValue(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is escaped
  return text.replaceAll(/[|"\u0000-\u001f]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, '0');
    return `|${code.toUpperCase()}`;
  });
}

/** Sixteen bytes with spaces, the eighth followed by a dash. */
function spaced(uuid: string): string {
  const bytes = uuid.replaceAll('-', '').match(/../g) ?? [];
  return `${bytes.slice(0, 8).join(' ')}-${bytes.slice(8).join(' ')}`;
}

function bootOrder(devices: readonly string[]): string {
  const words: Readonly<Record<string, string>> = {
    disk: 'hdd',
    cd: 'cdrom',
    floppy: 'floppy',
    network: 'ethernet0',
  };
  return devices.map((device) => words[device] ?? device).join(',');
}

function putDevices(machine: WritableMachine, put: Put): void {
  const controllers = new Set(
    [...machine.disks, ...machine.drives].map(({ bus, controller }) => `${bus}${controller}`),
  );
  for (const name of controllers) {
    // IDE is always there.
    if (name.startsWith('ide')) continue;
    put(`${name}.present`, true);
    if (name.startsWith('scsi')) put(`${name}.virtualDev`, machine.scsiModel ?? 'lsilogic');
  }
  for (const { bus, controller, position, files, operationsPerSecond } of machine.disks) {
    const at = `${bus}${controller}:${position}`;
    put(`${at}.present`, true);
    put(`${at}.fileName`, files[0] ?? '');
    if (operationsPerSecond !== undefined) put(`sched.${at}.throughputCap`, operationsPerSecond);
  }
  for (const { bus, controller, position, medium } of machine.drives) {
    const at = `${bus}${controller}:${position}`;
    put(`${at}.present`, true);
    putMedium(at, 'deviceType', 'cdrom-image', medium, put);
  }
}

function putMedium(
  at: string,
  typeName: string,
  imageType: string,
  medium: ForeignMedium | null,
  put: Put,
): void {
  const isFile = medium?.kind === 'file';
  const deviceType = typeName === 'deviceType' ? 'cdrom-raw' : 'device';
  put(`${at}.${typeName}`, isFile ? imageType : deviceType);
  if (medium === null) {
    put(`${at}.fileName`, 'auto detect');
    put(`${at}.autodetect`, true);
  } else put(`${at}.fileName`, medium.kind === 'file' ? medium.file : medium.device);
}

function putAdapter(at: string, adapter: ForeignAdapter, put: Put): void {
  put(`${at}.present`, true);
  if (adapter.model !== null) put(`${at}.virtualDev`, adapter.model);
  if (adapter.network === null) put(`${at}.startConnected`, false);
  else if (/^(bridged|nat|hostonly)$/.test(adapter.network))
    put(`${at}.connectionType`, adapter.network);
  else {
    put(`${at}.connectionType`, 'custom');
    put(`${at}.networkName`, adapter.network);
  }
  put(`${at}.addressType`, adapter.macOrigin);
  if (adapter.mac === null) return;
  put(`${at}.${adapter.macOrigin === 'static' ? 'address' : 'generatedAddress'}`, adapter.mac);
}

function putPort(at: string, port: ForeignPort, put: Put): void {
  if (port.kind === 'none') return;
  put(`${at}.present`, true);
  put(`${at}.fileType`, port.kind);
  const name = port.kind === 'file' ? port.file : port.kind === 'pipe' ? port.name : port.device;
  put(`${at}.fileName`, name);
}
