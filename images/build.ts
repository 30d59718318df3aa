/**
 * The program: `node images/build.ts KIND --cache DIR [--out FILE] [--drivers ISO] [--verify]` makes an image and prints
 * what and where it is as JSON on its last line; steps go to standard error. `packages` lists what it needs.
 */
import { copyFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeFault, isFault } from '#lib';
import { buildImageHere } from './image.ts';
import { imageKinds, imageRecipes, isImageKind, takesDrivers } from './recipes.ts';
import { requiredPackages } from './requirements.ts';
import { findDriverIso } from './windows/driver-iso.ts';

const usage = [
  'usage: node images/build.ts KIND --cache DIR [--out FILE] [--drivers ISO] [--verify]',
  '       node images/build.ts packages',
  '',
  ...imageKinds.map((kind) => `  ${kind.padEnd(15)} ${imageRecipes[kind].summary}`),
  '',
  '  --cache DIR     where images and packages are kept',
  '  --out FILE      copy the image there',
  '  --drivers ISO   virtio-win.iso, for what has drivers for Windows; else where packages put it',
  '  --verify        read a cached image wholly and compare its hash',
].join('\n');

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      cache: { type: 'string' },
      out: { type: 'string' },
      drivers: { type: 'string' },
      verify: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [kind = ''] = positionals;
  if (values.help === true) {
    say(usage);
    return 0;
  }
  if (kind === 'packages') {
    for (const need of requiredPackages()) say(`${need.package.padEnd(12)} ${need.reason}`);
    return 0;
  }
  if (positionals.length !== 1 || !isImageKind(kind) || values.cache === undefined) {
    complain(usage);
    return 2;
  }
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  const image = await buildImageHere({
    kind,
    cacheDir: values.cache,
    driversPath: takesDrivers(kind) ? (values.drivers ?? (await findDriverIso())) : undefined,
    signal: controller.signal,
    verification: values.verify === true ? 'hash' : 'size',
    progress: (step) => complain(`${kind}: ${step}`),
  });
  const path = values.out === undefined ? image.path : resolve(values.out);
  if (path !== image.path) await copyFile(image.path, path);
  say(JSON.stringify({ ...image, path }));
  return 0;
}

// Whoever reads the output may stop reading.
process.stdout.on('error', () => process.exit(1));
try {
  process.exitCode = await main();
} catch (error) {
  complain(`images: ${describeFault(error)}`);
  if (isFault(error) && error.hint !== undefined) complain(`hint: ${error.hint}`);
  process.exitCode = 1;
}
