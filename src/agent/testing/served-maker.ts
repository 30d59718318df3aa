/** Disks in formats of other products, over others and in several files, and vms that have them; made by an agent's tests. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk, VmDefinition } from '#api';
import { hostStore, makeDisk, openDisk, parentFor } from '#disk';
import { miB } from '#lib';
import { bareDefinition, byTester, testDisk, type QemuAgent } from './qemu-agent.ts';

export const sizeBytes = 8 * miB;

export class ServedMaker {
  readonly agent: QemuAgent;
  #number = 0;

  constructor(agent: QemuAgent) {
    this.agent = agent;
  }

  call(id: string): { id: string; generation: number; cause: typeof byTester } {
    return { id, generation: this.agent.generation(id), cause: byTester };
  }

  define(...disks: readonly Disk[]): VmDefinition {
    return bareDefinition({ disks: [...disks] }, { settings: { acceleration: 'tcg' } });
  }

  attach(id: string, disk: Disk): Promise<unknown> {
    return this.agent.host.call('machine.disk.attach', { ...this.call(id), disk });
  }

  detach(id: string, disk: Disk): Promise<unknown> {
    return this.agent.host.call('machine.disk.detach', { ...this.call(id), disk });
  }

  async run(id: string): Promise<void> {
    assert.equal((await this.agent.act(id, 'turn-on')).state, 'running');
    assert.equal((await this.agent.act(id, 'turn-off')).state, 'off');
  }

  get store(): ReturnType<typeof hostStore> {
    return hostStore([this.agent.shelf, this.agent.process.folder]);
  }

  served(file: string, format: 'vhd' | 'vmdk'): Disk {
    return { ...testDisk(file), format, sizeBytes };
  }

  /** Whose first megabyte is full of fives, and which its owner alone may read. */
  async makeBase(
    format: 'vhd' | 'vmdk' | 'qcow2',
    folder: string = this.agent.shelf,
  ): Promise<string> {
    const path = this.#name('base', format, folder);
    await makeDisk({ path, format, sizeBytes }, this.store, (made) =>
      made.write(Buffer.alloc(miB, 5), 0),
    );
    chmodSync(path, 0o600);
    return path;
  }

  async makeOver(parent: string, folder: string = this.agent.shelf): Promise<string> {
    const format = parent.endsWith('.vhd') ? 'vhd' : 'vmdk';
    const path = this.#name('over', format, folder);
    await using below = await openDisk({ path: parent, store: this.store });
    const on = await parentFor(path, below);
    await makeDisk({ path, format, sizeBytes, parent: on }, this.store);
    return path;
  }

  /** A text that names the file with its content. */
  async makeFlat(folder: string = this.agent.shelf): Promise<{ path: string; part: string }> {
    const path = this.#name('flat', 'vmdk', folder);
    const flat = { path, format: 'vmdk', variant: 'monolithicFlat', sizeBytes } as const;
    await makeDisk(flat, this.store, (made) => made.write(Buffer.alloc(miB, 7), 0));
    return { path, part: path.replace('.vmdk', '-flat.vmdk') };
  }

  #name(stem: string, format: string, folder: string): string {
    this.#number += 1;
    return join(folder, `${stem}${this.#number}.${format}`);
  }
}

/** As a process that broke out of QEMU does it. */
export function rename(descriptor: string, from: string, to: string): void {
  const text = readFileSync(descriptor, 'utf8');
  assert.ok(text.includes(from));
  writeFileSync(descriptor, text.replaceAll(from, to));
}
