/** libvirtd with QEMU, a folder for the disks of its vms, and short words for both. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { qemuDriver, startQemuLibvirtd, type QemuLibvirtd } from './qemu-daemon.ts';
import { run, virsh, whyNot } from './tools.ts';

const missing = await whyNot('libvirtd', 'virsh', 'qemu-img', 'qemu-system-x86_64');

/** Why there can be no such room here. */
export const withoutRoom: string | false =
  missing === false && !existsSync(qemuDriver) ? `${qemuDriver} is missing` : missing;

export class QemuRoom implements AsyncDisposable {
  readonly folder: string;
  readonly daemon: QemuLibvirtd;
  readonly address: string;

  private constructor(folder: string, daemon: QemuLibvirtd) {
    this.folder = folder;
    this.daemon = daemon;
    this.address = `qemu+unix:///system?socket=${daemon.socket}`;
  }

  static async open(): Promise<QemuRoom> {
    const folder = await mkdtemp(join(tmpdir(), 'fq-'));
    return new QemuRoom(folder, await startQemuLibvirtd());
  }

  /** What virsh answers; fails where it does. */
  readonly told = (words: string): Promise<string> => toldAt(this.address, words);

  /** A new disk of the folder, or of the one that is named. Answers its path. */
  async makeDisk(
    name: string,
    format: 'qcow2' | 'raw',
    size: string,
    folder: string = this.folder,
  ): Promise<string> {
    const path = join(folder, name);
    await tool('qemu-img', 'create', '-q', '-f', format, path, size);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true });
  }
}

/** What a program says; fails where it does. */
export async function tool(program: string, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await run(program, args);
  assert.equal(code, 0, out + err);
  return out;
}

/** What virsh answers on a connection; fails where it does. */
export async function toldAt(address: string, words: string): Promise<string> {
  const { code, out, err } = await virsh(address, words);
  assert.equal(code, 0, err);
  return out.trim();
}

/** 64 kB of one byte, written into a disk that nobody has open. `at` as qemu-io takes it. */
export async function fill(file: string, format: string, byte: number, at = '0'): Promise<void> {
  await tool('qemu-io', '-f', format, '-c', `write -P ${byte} ${at} 64k`, file);
}

/** As `fill` wrote them, through all files that the disk stands on; a vm may have it open. */
export async function holds(file: string, format: string, byte: number, at = '0'): Promise<void> {
  const read = `read -P ${byte} ${at} 64k`;
  const { out } = await run('qemu-io', ['-r', '-U', '-f', format, '-c', read, file]);
  assert.match(out, /read 65536\/65536/);
  assert.doesNotMatch(out, /verification failed/, `${file} holds ${byte}`);
}
