/**
 * Limits of disks as ESXi has them: operations in a second, of both ways together, of which one of more than 32 KiB counts as
 * several. What has no counterpart is told. Pure.
 */
import { placeName, type Disk, type DiskLimits } from '#api';
import { kiB } from '#lib';
import type { ExportProfile } from './export-profiles.ts';
import type { ImportNotes } from './import-notes.ts';

const countedBytes = 32 * kiB;

/** `limits`: without what is null. */
export function exportLimits(
  place: Pick<Disk, 'bus' | 'controller' | 'position'>,
  limits: DiskLimits | undefined,
  { operationLimits }: Pick<ExportProfile, 'operationLimits'>,
  notes: ImportNotes,
): { readonly operationsPerSecond?: number } {
  if (limits === undefined) return {};
  const what = `limits of the disk ${placeName(place)}`;
  const { operations, operationSizeBytes, ...others } = limits;
  if (operations === undefined || operations === null || operationLimits !== true) {
    const remedy = 'set them where the vm runs then';
    notes.dropped(what, 'what is shared is not the same there', remedy);
    return {};
  }
  const { perSecond, ...burst } = operations;
  notes.carried(what, `${perSecond} operations per second`);
  const more = [...Object.keys(others), ...(Object.keys(burst).length > 0 ? ['bursts'] : [])];
  if (more.length > 0)
    notes.dropped(
      `${what}: ${more.join(', ')}`,
      'it limits reads and writes together by their number',
      'set them where the vm runs then',
    );
  if (operationSizeBytes !== countedBytes) {
    const before = operationSizeBytes === undefined ? 'counted as one' : `${operationSizeBytes} B`;
    notes.changed(
      `${what}: large operations`,
      before,
      'one of more than 32 KiB counts as several there',
    );
  }
  return { operationsPerSecond: perSecond };
}

/** The same in our words. */
export function importLimits(operationsPerSecond: number | undefined): Pick<Disk, 'limits'> {
  if (operationsPerSecond === undefined) return {};
  const operations = { perSecond: operationsPerSecond };
  return { limits: { operations, operationSizeBytes: countedBytes } };
}
