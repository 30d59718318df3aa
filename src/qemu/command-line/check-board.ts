/**
 * What the virt board does not have of a PC (HW-56). Each is a device that some other board of ours has, so
 * that a specification may ask for it.
 */
import type { Report } from './check-values.ts';
import type { MachineSpec } from './spec.ts';

export function checkBoardDevices(spec: MachineSpec, report: Report): void {
  if (spec.chipset !== 'virt') return;
  if (spec.firmware.kind === 'bios') report('firmware', 'virt has no BIOS', 'choose uefi');
  if (spec.floppyDrive) report('floppyDrive', 'virt has no floppy controller');
  if (spec.parallelPort) report('parallelPort', 'virt has no parallel port');
  if (spec.serialPorts.some(({ position }) => position > 0)) {
    report('serialPorts', 'virt has one serial port', 'keep the first');
  }
  if (spec.display === 'standard' || spec.display === 'cirrus') {
    report('display', 'virt has no VGA', 'choose virtio');
  }
  if (spec.renderNodePath !== undefined) {
    report('renderNodePath', 'virt draws in software');
  }
  if (spec.sound === 'sb16') report('sound', 'virt has no ISA bus', 'choose hda');
  if (spec.usbControllers.some((generation) => generation !== 'usb3')) {
    report('usbControllers', 'virt has USB 3 alone', 'choose usb3');
  }
  const drives = [...spec.disks, ...spec.opticalDrives];
  if (drives.some(({ attach }) => attach.bus === 'sata')) {
    report('disks', 'virt has no SATA controller', 'choose virtio or scsi');
  }
  const { count, sockets, cores, threads } = spec.processor;
  if (count < sockets * cores * threads) {
    report('processor.count', 'virt takes no processors later', 'have all of them from the start');
  }
  if (spec.hypervisorSignature === 'hidden') {
    report('hypervisorSignature', 'is that of an x86 processor; virt has none to hide');
  }
  if (spec.generationId !== undefined) report('generationId', 'virt has no generation device');
}
