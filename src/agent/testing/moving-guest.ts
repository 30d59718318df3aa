/** A guest that runs, whose disks for data are moved between its folder and another volume. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Disk, LinkParams, LinkResult, VmDefinition } from '#api';
import { hostStore, makeDisk } from '#disk';
import { giB, miB, present } from '#lib';
import type { FakeHost } from './fake-coordinator.ts';
import { byTester, QemuAgent, testDisk } from './qemu-agent.ts';
import { WrittenGuest } from './written-guest.ts';

/** A file system of its own on every Linux machine. */
export const otherVolume = '/dev/shm';

/** Bytes per second: for ever, and a second or so. */
const slow = 65_536;
const faster = 4 * miB;

/** Makes the file of a disk. */
type MakeDisk = (disk: {
  readonly path: string;
  readonly format: string;
  readonly sizeBytes: number;
}) => Promise<void>;

export class MovingGuest implements AsyncDisposable {
  readonly agent: QemuAgent;
  readonly guest: WrittenGuest;
  /** On another volume. */
  readonly elsewhere: string;
  #revision = 10;

  private constructor(agent: QemuAgent, elsewhere: string) {
    this.agent = agent;
    this.guest = new WrittenGuest(agent);
    this.elsewhere = elsewhere;
  }

  /** `format`: of its disk for data, /dev/vdb. */
  static async boot(format: Disk['format'] = 'qcow2'): Promise<MovingGuest> {
    const agent = await QemuAgent.start();
    const elsewhere = await mkdtemp(join(otherVolume, 'gl-'));
    await chmod(elsewhere, 0o755);
    const { settings } = agent.coordinator;
    agent.coordinator.settings = { ...settings, searchPath: [...settings.searchPath, elsewhere] };
    const moving = new MovingGuest(agent, elsewhere);
    await moving.limit(null);
    await moving.#create(format);
    await moving.guest.boot();
    return moving;
  }

  async #create(format: Disk['format']): Promise<void> {
    const { agent, guest } = this;
    const data = { ...testDisk(`data.${format}`), position: 1, format };
    await guest.create({}, { disks: [{ ...testDisk('disk.qcow2'), sizeBytes: giB }, data] });
    if (format === 'qcow2') return;
    const folder = agent.folder(guest.id);
    await makeDisk(
      { path: join(folder, data.file), format, sizeBytes: data.sizeBytes },
      hostStore(),
    );
    await rm(join(folder, 'data.qcow2'));
  }

  /** A further disk, which the running guest has by then. */
  async attach(name: string, position: number, make: MakeDisk): Promise<void> {
    const { agent, guest } = this;
    const format = name.slice(name.lastIndexOf('.') + 1) as Disk['format'];
    const disk = { ...testDisk(name), position, format };
    const path = join(agent.folder(guest.id), name);
    await make({ path, format, sizeBytes: disk.sizeBytes });
    await guest.call('machine.disk.attach', { disk });
    const device = `/dev/vd${'abcdef'[position]}`;
    await guest.run(`until [ -b ${device} ]; do sleep 0.1; done`);
  }

  detach(file: string): Promise<LinkResult<'machine.disk.detach'>> {
    const disk = this.#definition.hardware.disks.find((one) => one.file === file);
    return this.guest.call('machine.disk.detach', { disk: present(disk, file) });
  }

  async limit(liveMergeBytesPerSecond: number | null): Promise<void> {
    const { coordinator, host } = this.agent;
    coordinator.settings = { ...coordinator.settings, liveMergeBytesPerSecond };
    const { settings, eventScripts } = coordinator;
    await host.call('host.configure', { settings, eventScripts });
  }

  /** The first of them as the vm's own configuration file names it. */
  get file(): string {
    return this.fileAt(1);
  }

  fileAt(index: number): string {
    return this.#definition.hardware.disks[index]?.file ?? 'none';
  }

  get #definition(): VmDefinition {
    const { agent, guest } = this;
    const path = join(agent.folder(guest.id), `${guest.definition.name}.json`);
    return (JSON.parse(readFileSync(path, 'utf8')) as { definition: VmDefinition }).definition;
  }

  /** Files of the first in the folder of the vm. */
  get inFolder(): readonly string[] {
    const names = readdirSync(this.agent.folder(this.guest.id));
    return names.filter((name) => /^data[.-]/.test(name)).toSorted();
  }

  move(to: string, from?: string): Promise<LinkResult<'machine.relocate'>> {
    return this.agent.host.call('machine.relocate', this.#params(to, from));
  }

  /** A copy that takes until it is let go, of which something has been done. `top`: of a disk with layers the last file made, into which the guest's writes go then. */
  async beginSlowly(to: string, top?: string): Promise<ReturnType<FakeHost['begin']>> {
    await this.limit(top === undefined ? slow : faster);
    const { host } = this.agent;
    const begun = host.begin('machine.relocate', this.#params(to));
    begun.answer.catch(() => undefined);
    if (top !== undefined) {
      await host.until('the layers to be copied', () => existsSync(top), 60_000);
      await this.limit(slow);
    }
    const told = host.progress.length;
    await host.until('the copy to be told of', () => host.progress.length > told + 2, 60_000);
    return begun;
  }

  /** `from`: where the disk is, in whose place there is another one then. */
  #params(to: string, from = this.file): LinkParams<'machine.relocate'> {
    const { agent, guest } = this;
    const now = this.#definition;
    const { hardware } = now;
    const disks = hardware.disks.map((disk) => (disk.file === from ? { ...disk, file: to } : disk));
    this.#revision += 1;
    return {
      id: guest.id,
      generation: agent.generation(guest.id),
      cause: byTester,
      definition: { ...now, hardware: { ...hardware, disks } },
      definitionVersion: this.#revision,
      parent: null,
      disks: [{ from, to }],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.guest.close();
    await this.agent[Symbol.asyncDispose]();
    await rm(this.elsewhere, { recursive: true, force: true });
  }
}
