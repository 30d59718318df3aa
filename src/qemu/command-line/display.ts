/** The graphics adapter, its memory and how the guest's three dimensions are drawn (HW-20, HW-22). */
import { miB } from '#lib';
import { displayAddress } from './addresses.ts';
import type { Report } from './check-values.ts';
import { formatOptions, jsonArgument, type Argument, type JsonFields } from './options.ts';
import type { DisplayModel, MachineSpec } from './spec.ts';

const drivers: Readonly<Record<Exclude<DisplayModel, 'none'>, string>> = {
  standard: 'VGA',
  cirrus: 'cirrus-vga',
  virtio: 'virtio-vga',
};

const acceleratedDriver = 'virtio-vga-gl';
/** Of a board that has no VGA. */
const plainDriver = 'virtio-gpu-pci';

const maxStandardMiB = 256;
/** The card that is emulated, a GD5446, shows no more than this whatever QEMU is told. */
const cirrusMiB = 4;

export function displayArguments(spec: MachineSpec): readonly Argument[] {
  const { display, renderNodePath } = spec;
  if (display === 'none') return [['-display', 'none']];
  const window =
    renderNodePath === undefined
      ? 'none'
      : formatOptions('egl-headless', { rendernode: renderNodePath });
  const device = {
    driver: displayDriver(spec, display),
    id: 'board-display',
    ...displayAddress(spec.chipset),
    ...displayMemory(display, spec.videoMemoryBytes),
  };
  return [['-display', window], jsonArgument('-device', device)];
}

function displayDriver(
  { chipset, renderNodePath }: MachineSpec,
  display: Exclude<DisplayModel, 'none'>,
): string {
  if (chipset === 'virt') return plainDriver;
  return renderNodePath === undefined ? drivers[display] : acceleratedDriver;
}

/** Classic cards have memory of their own; virtio takes what a guest draws in from its host, up to a bound. */
function displayMemory(
  display: Exclude<DisplayModel, 'none'>,
  sizeBytes: number | undefined,
): JsonFields {
  if (sizeBytes === undefined) return {};
  return display === 'virtio' ? { max_hostmem: sizeBytes } : { vgamem_mb: sizeBytes / miB };
}

export function checkDisplay(spec: MachineSpec, report: Report): void {
  const { display, renderNodePath, videoMemoryBytes } = spec;
  if (renderNodePath !== undefined) {
    if (!/^\/dev\/dri\/renderD\d{1,3}$/.test(renderNodePath)) {
      report('renderNodePath', 'is not a render node such as /dev/dri/renderD128');
    }
    if (display !== 'virtio')
      report('renderNodePath', 'is for virtio', 'choose the virtio adapter');
  }
  if (videoMemoryBytes === undefined || display === 'none') return;
  const sizeMiB = videoMemoryBytes / miB;
  if (display === 'virtio') {
    if (!Number.isInteger(sizeMiB) || sizeMiB < 1) {
      report('videoMemoryBytes', 'is not a multiple of 1 MiB');
    }
    return;
  }
  if (display === 'cirrus') {
    if (sizeMiB !== cirrusMiB)
      report('videoMemoryBytes', `is not the ${cirrusMiB} MiB of a Cirrus`);
    return;
  }
  if (!Number.isInteger(Math.log2(sizeMiB)) || sizeMiB < 1 || sizeMiB > maxStandardMiB) {
    report('videoMemoryBytes', `is not a power of two from 1 to ${maxStandardMiB} MiB`);
  }
}
