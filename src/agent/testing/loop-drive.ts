/** A drive of the host for tests: a loop device over a file, with two partitions. Only for root, where the kernel has such. */
import { spawnSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

function run(program: string, args: readonly string[], input?: string): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', input });
  return status === 0 ? stdout.trim() : undefined;
}

/** Why there are none here, or false. */
export const withoutLoopDrives: string | false =
  process.getuid?.() !== 0
    ? 'loop devices need root'
    : run('losetup', ['-f']) === undefined
      ? 'this machine has no loop devices'
      : false;

export class LoopDrive implements Disposable {
  readonly device: string;
  /** That lies behind it. */
  readonly file: string;

  /** Over a new file in the folder, which holds zeros behind the bytes given. */
  static make(folder: string, sizeBytes: number, begins: Uint8Array = Buffer.alloc(0)): LoopDrive {
    const file = join(folder, 'drive.img');
    writeFileSync(file, begins);
    truncateSync(file, sizeBytes);
    return new LoopDrive(file);
  }

  constructor(file: string) {
    const device = run('losetup', ['--show', '-f', file]);
    if (device === undefined) throw new Error('no loop device is free');
    this.device = device;
    this.file = file;
  }

  /** The device of its first partition; undefined where the kernel makes none. */
  partition(): string | undefined {
    run('sfdisk', ['-q', this.device], 'label: dos\n2048,16384\n,\n');
    run('partx', ['-a', this.device]);
    const first = `${this.device}p1`;
    return run('test', ['-b', first]) === undefined ? undefined : first;
  }

  [Symbol.dispose](): void {
    run('partx', ['-d', this.device]);
    run('losetup', ['-d', this.device]);
  }
}
