/** Images that this host keeps: built here, or registered where they lie. */

import { chmod, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageRecipe, LinkParams, LinkResult } from '#api';
import { Fault } from '#lib';
import { inspectImage } from '#qemu';
import { buildImage, driverFolders, findDriverIso, isImageKind, takesDrivers } from '#images';
import { isInside, requireInside } from '../../../storage/allowed.ts';
import { hashFile } from '../../../storage/packages/hash-file.ts';
import type { Images } from '../../driver.ts';
import { judgeImage } from './judge-image.ts';

export interface HostImagesOptions {
  /** Where built images are kept; everybody on the host may read them. */
  readonly folder: string;
  readonly folders: () => readonly string[];
  /** Errors: `unsupported` where it is not installed. */
  readonly qemuImg: () => string;
}

type Built = LinkResult<'image.build'>;

export class HostImages implements Images {
  readonly #options: HostImagesOptions;

  constructor(options: HostImagesOptions) {
    this.#options = options;
  }

  async build(
    { recipe, drivers }: LinkParams<'image.build'>,
    progress: (note: string) => void,
    signal: AbortSignal,
  ): Promise<Built> {
    const kind: string = recipe;
    if (!isImageKind(kind)) {
      throw new Fault('unsupported', `this host has no recipe for ${kind}`, {
        hint: 'update the agent',
      });
    }
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o755 });
    const driversPath = takesDrivers(kind) ? await this.#findDrivers(drivers) : undefined;
    const image = await buildImage({ kind, cacheDir: folder, driversPath, progress, signal });
    // Machines under accounts of their own read it.
    await chmod(join(image.path, '..'), 0o755);
    await chmod(image.path, 0o644);
    const format = image.format === 'qcow2' ? 'qcow2' : 'raw';
    const info = await inspectImage(
      this.#options.qemuImg(),
      { path: image.path, format, signal },
      [],
    );
    return {
      path: image.path,
      format,
      sizeBytes: info.virtualBytes,
      fileBytes: (await stat(image.path)).size,
      sha256: image.sha256,
      imageKind: kindOf(recipe),
    };
  }

  /** The CD that was named, or the one that is there. */
  async #findDrivers(path: string | undefined): Promise<string> {
    const folders = this.#options.folders();
    if (path === undefined) return findDriverIso(folders);
    await requireInside(path, [...folders, ...driverFolders]);
    return path;
  }

  async inspect(
    { file: path, ...said }: LinkParams<'image.inspect'>,
    signal: AbortSignal,
  ): Promise<LinkResult<'image.inspect'>> {
    await requireInside(path, this.#options.folders());
    const stats = await stat(path).catch(() => undefined);
    if (!stats?.isFile()) throw new Fault('not-found', `there is no image ${path}`);
    const { qemuImg, folders } = this.#options;
    const { format, imageKind } = await judgeImage(path, said);
    const info = await inspectImage(qemuImg(), { path, format, signal }, folders());
    return {
      path,
      format,
      imageKind,
      sizeBytes: info.virtualBytes,
      fileBytes: stats.size,
      sha256: await hashFile(path, { signal }),
    };
  }

  /** Only what was built here is deleted; a registered file stays where it lies. */
  async delete(path: string): Promise<void> {
    if (!(await isInside(path, [this.#options.folder]))) return;
    await rm(path, { force: true });
  }
}

function kindOf(recipe: ImageRecipe): Built['imageKind'] {
  switch (recipe) {
    case 'starter':
    case 'debian':
      return 'disk';
    case 'starter-iso':
    case 'additions':
    case 'additions-windows':
      return 'cd';
    case 'starter-floppy':
    case 'netboot-floppy':
    case 'drivers-floppy':
      return 'floppy';
  }
}
