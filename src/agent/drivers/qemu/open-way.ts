/** The way to what vms use, through folders of the agent's own. */
import { chmod, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Lets the accounts of vms pass to the agent's own folders. The folder above is opened as well where it is
 * the agent's and nobody's home: an installation keeps its agent's data in a folder of its own.
 */
export async function openWay(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const uid = process.getuid?.() ?? -1;
  if (uid !== 0) return;
  const homes = new Set((await readFile('/etc/passwd', 'utf8')).split('\n').map(homeOf));
  for (const path of [folder, dirname(folder)]) {
    if (homes.has(path)) continue;
    const stats = await stat(path);
    if (stats.uid === uid && (stats.mode & 0o001) === 0)
      await chmod(path, (stats.mode & 0o777) | 0o001);
  }
}

function homeOf(line: string): string {
  return line.split(':')[5] ?? '';
}
