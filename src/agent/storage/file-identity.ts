/** Which file a path leads to, by whatever name or link (stat(2)). */
import { stat } from 'node:fs/promises';
import { realPath } from './allowed.ts';

/** Equal for two paths of one file. Of one that is not there: by its path. */
export async function fileIdentity(path: string): Promise<string> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined);
  return stats === undefined ? realPath(path) : `${stats.dev}:${stats.ino}`;
}
