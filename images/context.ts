/** What a builder of an image is given. */
import { Fault } from '#lib';

export interface BuildContext {
  /** An empty folder of this build alone; what is left in it is thrown away. */
  readonly workDir: string;
  /** Where the image must stand at the end. */
  readonly outputPath: string;
  readonly cacheDir: string;
  /** Downloaded packages: path of the .deb by package name; the kernel's also as `kernel`. */
  readonly debs: ReadonlyMap<string, string>;
  /** The CD with drivers for Windows, where one was named. */
  readonly driversPath: string | undefined;
  /** Called with a short text at each step. */
  readonly progress: (step: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** Errors: `not-found` where none was named. */
export function requireDrivers({
  driversPath,
}: {
  readonly driversPath?: string | undefined;
}): string {
  if (driversPath !== undefined) return driversPath;
  throw new Fault('not-found', 'no CD with drivers for Windows was named', {
    hint: 'name virtio-win.iso of the virtio-win project',
  });
}
