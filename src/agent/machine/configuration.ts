/** Whether the configuration file beside a vm's disks is whole before the vm starts (VM-71). */
import { isFault } from '#lib';
import type { Obstacle } from '../drivers/driver.ts';
import type { Storage } from '../drivers/storage.ts';
import type { MachineFile } from './record.ts';

/**
 * A file that is gone is written with the next change and keeps nobody from starting; one that somebody has
 * spoilt is not passed over, since it is what a folder that is carried elsewhere is known by.
 */
export async function judgeConfiguration(
  storage: Storage,
  { file, definition }: MachineFile,
): Promise<readonly Obstacle[]> {
  try {
    await storage.readDefinition(file);
    return [];
  } catch (error) {
    if (!isFault(error) || !spoilt.has(error.code)) return [];
    const setting = error.facts['setting'];
    const mend = error.code === 'unsupported' ? 'update Gantry on this host' : 'put the file back';
    return [
      {
        code: 'configuration-invalid',
        text: error.message,
        remedy: `${mend}, or have it written anew by any change: gantry vm set ${definition.name} description=...`,
        about: { device: 'configuration', hostPath: typeof setting === 'string' ? setting : file },
      },
    ];
  }
}

const spoilt: ReadonlySet<string> = new Set(['invalid', 'unsupported', 'too-large']);
