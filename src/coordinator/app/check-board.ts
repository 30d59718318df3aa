/** What a definition asks for that its board does not have: the machine type virt is no PC (HW-56). */
import { machineArchitectures, placeName, type VmDefinition } from '#api';
import type { Issue } from './issues.ts';

export function checkBoard({ hardware }: VmDefinition): readonly Issue[] {
  if (machineArchitectures[hardware.machine] === 'x86_64') return [];
  return [...checkFirmware(hardware), ...checkPorts(hardware), ...checkCards(hardware)];
}

type Hardware = VmDefinition['hardware'];

function lacks({ machine }: Hardware, path: string, what: string, instead: string): Issue {
  return {
    path: `hardware/${path}`,
    problem: `the machine type ${machine} has ${what}; ${instead}`,
  };
}

function checkFirmware(hardware: Hardware): readonly Issue[] {
  const { firmware, processor } = hardware;
  const issues: Issue[] = [];
  if (firmware.type !== 'uefi')
    issues.push(lacks(hardware, 'firmware/type', 'no BIOS', 'choose uefi'));
  if (firmware.secureBoot)
    issues.push(
      lacks(hardware, 'firmware/secureBoot', 'nothing that protects its keys', 'choose false'),
    );
  if (processor.maxCount !== null && processor.maxCount > processor.count)
    issues.push(
      lacks(
        hardware,
        'processor/maxCount',
        'no way to add processors while it runs',
        'leave it null and choose the count',
      ),
    );
  if (processor.hideHypervisor)
    issues.push(
      lacks(hardware, 'processor/hideHypervisor', 'no signature to hide', 'choose false'),
    );
  return issues;
}

function checkPorts(hardware: Hardware): readonly Issue[] {
  const { floppy, parallelPort, serialPorts, usb } = hardware;
  const issues: Issue[] = [];
  if (floppy !== null)
    issues.push(lacks(hardware, 'floppy', 'no floppy controller', 'use a CD image'));
  if (parallelPort.kind !== 'none')
    issues.push(lacks(hardware, 'parallelPort', 'no parallel port', 'choose none'));
  for (const [index, { kind }] of serialPorts.entries())
    if (index > 0 && kind !== 'none')
      issues.push(lacks(hardware, `serialPorts/${index}`, 'one serial port', 'use the first'));
  if (usb === '1.1' || usb === '2.0')
    issues.push(lacks(hardware, 'usb', 'no USB controller but that of USB 3', 'choose 3'));
  return issues;
}

function checkCards(hardware: Hardware): readonly Issue[] {
  const { disks, opticalDrives, graphics, sound } = hardware;
  const issues: Issue[] = [];
  const drives = [
    ...disks.map((disk, index) => ({ disk, path: `disks/${index}/bus` })),
    ...opticalDrives.map((disk, index) => ({ disk, path: `opticalDrives/${index}/bus` })),
  ];
  for (const { disk, path } of drives)
    if (disk.bus === 'ide' || disk.bus === 'sata')
      issues.push(
        lacks(
          hardware,
          path,
          `no ${disk.bus === 'ide' ? 'IDE' : 'SATA'} controller for ${placeName(disk)}`,
          'choose virtio or scsi',
        ),
      );
  if (graphics.adapter === 'std' || graphics.adapter === 'cirrus')
    issues.push(lacks(hardware, 'graphics/adapter', 'no VGA', 'choose virtio or none'));
  if (graphics.acceleration3d)
    issues.push(
      lacks(hardware, 'graphics/acceleration3d', 'software drawing alone', 'choose false'),
    );
  if (sound === 'sb16') issues.push(lacks(hardware, 'sound', 'no ISA bus', 'choose hda'));
  return issues;
}
