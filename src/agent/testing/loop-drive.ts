/** A drive of the host for tests: a loop device over a file, with two partitions. Only for root, where the kernel has such. */
import { spawnSync } from 'node:child_process';

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

  constructor(file: string) {
    const device = run('losetup', ['--show', '-f', file]);
    if (device === undefined) throw new Error('no loop device is free');
    this.device = device;
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
