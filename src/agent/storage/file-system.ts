/** Which volume a path is on, and how much of it is free (statfs(2)). */
import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface Volume {
  readonly path: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** The volume that the path is on, or will be. */
export async function readVolume(path: string): Promise<Volume> {
  const existing = await nearestExisting(path);
  const stats = await statfs(existing);
  return {
    path,
    totalBytes: stats.blocks * stats.bsize,
    freeBytes: stats.bavail * stats.bsize,
  };
}

/** The path, or the folder on the way to it that is there. */
export async function nearestExisting(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  const parent = dirname(path);
  return found || parent === path ? path : nearestExisting(parent);
}

/** One per volume: folders on the same one are counted once. */
export async function readVolumes(paths: readonly string[]): Promise<Volume[]> {
  const seen = new Set<number>();
  const volumes: Volume[] = [];
  for (const path of paths) {
    const stats = await stat(path).catch(() => undefined);
    if (!stats || seen.has(stats.dev)) continue;
    seen.add(stats.dev);
    volumes.push(await readVolume(path));
  }
  return volumes;
}
