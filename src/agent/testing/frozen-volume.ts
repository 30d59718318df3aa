/** A volume of its own for a test, ext4 on a loop device, on which all writing can be made to wait (fsfreeze(8)). */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { miB } from '#lib';

export class FrozenVolume implements Disposable {
  static readonly sizeBytes = 64 * miB;
  readonly path: string;
  readonly #image: string;
  #guard: ChildProcess | undefined;

  private constructor(path: string) {
    this.path = path;
    this.#image = `${path}.ext4`;
  }

  /** Answers why not where no volume can be made here. */
  static mount(path: string): FrozenVolume | string {
    if (process.getuid?.() !== 0) return 'only root mounts volumes';
    const volume = new FrozenVolume(path);
    mkdirSync(path);
    writeFileSync(volume.#image, '');
    truncateSync(volume.#image, FrozenVolume.sizeBytes);
    try {
      execFileSync('mkfs.ext4', ['-q', '-F', volume.#image], { stdio: 'pipe' });
      execFileSync('mount', ['-o', 'loop', volume.#image, path], { stdio: 'pipe' });
    } catch (error) {
      volume[Symbol.dispose]();
      return String(error).split('\n')[0] ?? 'no volume can be mounted';
    }
    chmodSync(path, 0o755);
    return volume;
  }

  /** Thawed by a process apart at the latest after the time, whatever becomes of the test. */
  freeze(atMostSeconds: number): void {
    const thaw = `sleep ${atMostSeconds}; exec fsfreeze --unfreeze "$1"`;
    this.#guard = spawn('sh', ['-c', thaw, 'sh', this.path], { stdio: 'ignore', detached: true });
    this.#guard.unref();
    execFileSync('fsfreeze', ['--freeze', this.path]);
  }

  thaw(): void {
    spawnSync('fsfreeze', ['--unfreeze', this.path]);
    const pid = this.#guard?.pid;
    if (pid !== undefined && this.#guard?.exitCode === null) process.kill(-pid, 'SIGKILL');
    this.#guard = undefined;
  }

  [Symbol.dispose](): void {
    this.thaw();
    spawnSync('umount', ['--lazy', this.path]);
    rmSync(this.#image, { force: true });
    rmSync(this.path, { recursive: true, force: true });
  }
}
