/** Bounds of disks, drives and their buses (HW-09 to HW-14). */
import { maxVirtioDisks } from './addresses.ts';
import { isWithin, patterns, type Report } from './check-values.ts';
import type { MachineSpec } from './spec.ts';
import type { Attachment, Disk, Image, Medium } from './spec-storage.ts';
import { imageChain } from './storage.ts';

const scsiControllers = 4;
const classicTargets = 7;
const virtioTargets = 256;
const sataPorts = 6;
const maxChain = 64;

/** Formats whose images may have a parent under QEMU. */
const layered: ReadonlySet<string> = new Set(['qcow2', 'vmdk']);

export function checkStorage(spec: MachineSpec, report: Report): void {
  checkControllers(spec, report);
  const taken = new Map<string, string>();
  const attach = (setting: string, attachment: Attachment): void => {
    const problem = attachmentProblem(spec, attachment);
    if (problem !== undefined) report(`${setting}.attach`, ...problem);
    const place = JSON.stringify(Object.values(attachment));
    const holder = taken.get(place);
    if (holder !== undefined) report(`${setting}.attach`, `the place is taken by ${holder}`);
    taken.set(place, setting);
  };
  for (const [index, disk] of spec.disks.entries()) {
    attach(`disks[${index}]`, disk.attach);
    checkDisk(`disks[${index}]`, disk, report);
  }
  for (const [index, drive] of spec.opticalDrives.entries()) {
    const setting = `opticalDrives[${index}]`;
    attach(setting, drive.attach);
    if (drive.attach.bus === 'virtio') {
      report(`${setting}.attach`, 'virtio has no optical drives', 'choose sata or scsi');
    }
    checkMedium(setting, drive.medium, report);
  }
  if (spec.floppyDrive) checkMedium('floppyDrive', spec.floppyDrive.medium, report);
}

function checkControllers(spec: MachineSpec, report: Report): void {
  const positions = spec.scsiControllers.map(({ position }) => position);
  if (!positions.every((position) => isWithin(position, 0, scsiControllers - 1))) {
    report('scsiControllers', `have positions from 0 to ${scsiControllers - 1}`);
  }
  if (new Set(positions).size !== positions.length) {
    report('scsiControllers', 'two have the same position');
  }
}

type Problem = readonly [text: string, remedy?: string];

function attachmentProblem(spec: MachineSpec, attach: Attachment): Problem | undefined {
  switch (attach.bus) {
    case 'ide':
      if (spec.chipset !== 'pc')
        return [`${spec.chipset} has no IDE channels`, 'choose another bus'];
      return isWithin(attach.channel, 0, 1) && isWithin(attach.position, 0, 1)
        ? undefined
        : ['IDE has two channels with two positions each, 0 and 1'];
    case 'sata':
      return isWithin(attach.port, 0, sataPorts - 1)
        ? undefined
        : [`SATA has ports 0 to ${sataPorts - 1}`];
    case 'scsi': {
      const controller = spec.scsiControllers.find(
        ({ position }) => position === attach.controller,
      );
      if (!controller) return [`there is no SCSI controller at position ${attach.controller}`];
      const targets = controller.model === 'virtio-scsi' ? virtioTargets : classicTargets;
      return isWithin(attach.target, 0, targets - 1)
        ? undefined
        : [`${controller.model} has targets 0 to ${targets - 1}`];
    }
    case 'virtio':
      return isWithin(attach.position, 0, maxVirtioDisks - 1)
        ? undefined
        : [`virtio disks have positions 0 to ${maxVirtioDisks - 1}`, 'use virtio-scsi for more'];
  }
}

function checkDisk(setting: string, disk: Disk, report: Report): void {
  if (disk.serial !== undefined && !patterns.diskSerial.test(disk.serial)) {
    report(`${setting}.serial`, 'is not up to 20 printable ASCII characters');
  }
  if (disk.access === 'read-only' && (disk.attach.bus === 'ide' || disk.attach.bus === 'sata')) {
    const text = 'IDE and SATA know no write-protected disks';
    report(`${setting}.access`, text, 'attach it to scsi or virtio');
  }
  if (disk.medium === 'solid' && disk.attach.bus === 'virtio') {
    report(`${setting}.medium`, 'virtio cannot tell the guest');
  }
  const chain = imageChain(disk.image);
  if (chain.length > maxChain) report(`${setting}.image`, `has more than ${maxChain} layers`);
  for (const [generation, image] of chain.entries()) {
    checkImage(`${setting}.image${'.backing'.repeat(generation)}`, image, report);
  }
}

function checkImage(setting: string, image: Image, report: Report): void {
  if (image.backing && !layered.has(image.format)) {
    report(`${setting}.backing`, `QEMU opens ${image.format} images without a parent only`);
  }
  const { source } = image;
  const path = source.kind === 'nbd' ? source.socketPath : source.path;
  if (!patterns.path.test(path)) report(`${setting}.source`, 'is not an absolute path');
  if (source.kind === 'device' && source.set !== undefined && !isSet(source.set))
    report(`${setting}.source.set`, 'is not a number from 1 to 65535');
  if (
    source.kind === 'nbd' &&
    (source.exportName.length > 4096 || source.exportName.includes('\0'))
  ) {
    report(`${setting}.source.exportName`, 'is too long or has a zero character');
  }
}

function isSet(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= 65_535;
}

function checkMedium(setting: string, medium: Medium | undefined, report: Report): void {
  if (medium !== undefined && !patterns.path.test(medium.path)) {
    report(`${setting}.medium.path`, 'is not an absolute path');
  }
}
