/** What a builder of an image is given. */

export interface BuildContext {
  /** An empty folder of this build alone; what is left in it is thrown away. */
  readonly workDir: string;
  /** Where the image must stand at the end. */
  readonly outputPath: string;
  readonly cacheDir: string;
  /** Downloaded packages: path of the .deb by package name; the kernel's also as `kernel`. */
  readonly debs: ReadonlyMap<string, string>;
  /** Called with a short text at each step. */
  readonly progress: (step: string) => void;
  readonly signal: AbortSignal | undefined;
}
