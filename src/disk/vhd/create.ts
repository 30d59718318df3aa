/** Lays out an empty VHD: fixed, dynamic, or differencing when a parent is given. */
import { Fault } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import { fillFile } from '../file/fill.ts';
import type { CreateOptions } from '../format.ts';
import { sectorBytes } from '../limits.ts';
import { batBytesOf, buildDynamicHeader, headerBytes, withParent } from './dynamic-header.ts';
import { buildFooter, footerBytes, madeHere, type VhdFooter, type VhdVariant } from './footer.ts';
import { roundToGeometry } from './geometry.ts';

/** The largest VHD: 2040 GB. */
export const maxVhdBytes = 2040 * 1024 ** 3;
const usualBlockBytes = 2 * 1024 * 1024;

/** Variants that can be asked for; the ones with `-chs` have a size that their geometry covers exactly. */
export const vhdVariants = [
  'dynamic',
  'fixed',
  'differencing',
  'dynamic-chs',
  'fixed-chs',
] as const;

function isVariant(text: string): text is (typeof vhdVariants)[number] {
  return (vhdVariants as readonly string[]).includes(text);
}

export function vhdSize(sizeBytes: number, variant: string | undefined): number {
  const sectors = Math.ceil(sizeBytes / sectorBytes);
  return (variant?.endsWith('-chs') ? roundToGeometry(sectors) : sectors) * sectorBytes;
}

export async function createVhd(file: DiskFile, options: CreateOptions): Promise<void> {
  const wanted = options.variant ?? (options.parent === undefined ? 'dynamic' : 'differencing');
  if (!isVariant(wanted)) {
    throw new Fault('unsupported', `cannot create ${file.name}: no vhd variant "${wanted}"`);
  }
  if ((wanted === 'differencing') !== (options.parent !== undefined)) {
    throw new Fault('invalid', `cannot create ${file.name}: a differencing disk needs a parent`);
  }
  const sizeBytes = vhdSize(options.sizeBytes, wanted);
  if (sizeBytes > maxVhdBytes || sizeBytes === 0) {
    throw new Fault('too-large', `cannot create ${file.name}: a vhd has at most 2040 GB`, {
      hint: 'use vhdx or qcow2 for a larger disk',
    });
  }
  const variant: VhdVariant = wanted.startsWith('fixed')
    ? 'fixed'
    : wanted === 'differencing'
      ? 'differencing'
      : 'dynamic';
  const footer: VhdFooter = {
    variant,
    headerOffset: variant === 'fixed' ? undefined : footerBytes,
    createdMs: options.nowMs,
    ...madeHere(sizeBytes),
    originalBytes: sizeBytes,
    identity: options.newIdentity().toString('hex'),
    hasSavedState: false,
  };
  if (variant === 'fixed') await layOutFixed(file, footer, options);
  else await layOutDynamic(file, footer, options);
}

export async function layOutFixed(
  file: DiskFile,
  footer: VhdFooter,
  options: Pick<CreateOptions, 'preallocation' | 'signal' | 'onFill'>,
): Promise<void> {
  if (options.preallocation === 'full') {
    await fillFile(file, 0, footer.currentBytes + footerBytes, options);
  }
  await file.write(buildFooter(footer), footer.currentBytes);
}

export async function layOutDynamic(
  file: DiskFile,
  footer: VhdFooter,
  options: Pick<CreateOptions, 'blockBytes' | 'parent'>,
): Promise<void> {
  const blockBytes = options.blockBytes ?? usualBlockBytes;
  const tableEntries = Math.ceil(footer.currentBytes / blockBytes);
  const tableOffset = footerBytes + headerBytes;
  const tableBytes = batBytesOf({ tableEntries });
  let header = buildDynamicHeader({ tableOffset, tableEntries, blockBytes });
  let end = tableOffset + tableBytes;
  if (options.parent !== undefined) {
    const built = withParent(header, options.parent, end);
    header = built.header;
    await file.write(built.locatorData, end);
    end += built.locatorData.length;
  }
  await file.write(Buffer.concat([buildFooter(footer), header]), 0);
  for (let done = 0; done < tableBytes; done += 65536) {
    await file.write(Buffer.alloc(Math.min(65536, tableBytes - done), 0xff), tableOffset + done);
  }
  await file.truncate(end);
  await file.write(buildFooter(footer), end);
}
