/** Puts the commands into one file, in the folder given: `node src/cli/system/command-bundle.ts FOLDER`. */
import { resolve } from 'node:path';
import { bundle, givenFolder } from './bundle.ts';

const folder = givenFolder('command-bundle.ts');
if (folder !== undefined)
  await bundle(
    resolve(folder),
    { main: 'src/cli/main.ts' },
    [],
    ['src/disk/packing/pack-thread.ts', 'src/disk/moving/move-thread.ts'],
  );
