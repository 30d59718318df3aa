/** Disks of a host as the trees that they are: each below its parent, with how deep it lies. */
import type { Host, HostDisk } from '#api';

export interface DiskRow {
  readonly disk: HostDisk;
  /** How many parents of it are in the list. */
  readonly depth: number;
}

/** In the order of their paths, children right after their parents. What lies in a ring is listed flat. */
export function arrangeDisks(disks: readonly HostDisk[]): readonly DiskRow[] {
  const sorted = disks.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  const known = new Set(sorted.map(({ path }) => path));
  const childrenOf = Map.groupBy(sorted, ({ parentPath }) => parentPath ?? '');
  const rows: DiskRow[] = [];
  const placed = new Set<string>();
  const place = (disk: HostDisk, depth: number): void => {
    if (placed.has(disk.path)) return;
    placed.add(disk.path);
    rows.push({ disk, depth });
    for (const child of childrenOf.get(disk.path) ?? []) place(child, depth + 1);
  };
  for (const disk of sorted)
    if (disk.parentPath === null || !known.has(disk.parentPath)) place(disk, 0);
  for (const disk of sorted) place(disk, 0);
  return rows;
}

/** What nobody would miss: the space of disks that no vm has, as a disk or below one. */
export function unusedBytes(disks: readonly HostDisk[]): number {
  return disks
    .filter(({ orphan }) => orphan === 'unused')
    .reduce((sum, { fileBytes }) => sum + fileBytes, 0);
}

/** Without its folder. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** The one for new vms. */
export function usualFolder({ settings, load }: Host): string {
  return settings.vmFolder ?? load?.volumes[0]?.path ?? '/';
}
