/**
 * The process that builds an image for `buildImage`: kind, cache folder and verification as arguments; steps
 * and fault go to its caller as messages. It clears up and ends when it is told to or when its caller is gone.
 */
import { faultToData } from '#lib';
import { buildImageHere, type BuilderMessage } from './image.ts';
import { isImageKind } from './recipes.ts';

const controller = new AbortController();
const stop = (): void => controller.abort();
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
process.once('disconnect', stop);

function tell(message: BuilderMessage): void {
  if (process.connected) process.send?.(message);
}

const [kind = '', cacheDir = '', verification, driversPath] = process.argv.slice(2);
if (process.send === undefined || !isImageKind(kind)) {
  process.stderr.write('this program is started by buildImage; run images/build.ts instead\n');
  process.exit(2);
}
try {
  await buildImageHere({
    kind,
    cacheDir,
    driversPath,
    verification: verification === 'hash' ? 'hash' : 'size',
    signal: controller.signal,
    progress: (step) => tell({ kind: 'step', step }),
  });
} catch (error) {
  tell({ kind: 'fault', fault: faultToData(error) });
  process.exitCode = 1;
}
if (process.connected) process.disconnect?.();
