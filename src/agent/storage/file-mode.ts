/** How files that come to this host from elsewhere are kept from others. */
import { isNamedAsDisk } from './disk-forest.ts';
import { driveFor } from './media-catalogue.ts';

/** As disks have it that are made here; any vm may have a CD or a floppy in its drive, and reads it itself. */
export function modeOfFile(path: string, sizeBytes: number): number {
  const isMedium = driveFor(path, sizeBytes) !== undefined;
  return isNamedAsDisk(path) && !isMedium ? 0o600 : 0o644;
}
