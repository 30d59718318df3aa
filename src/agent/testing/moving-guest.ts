/** A guest that runs, whose second disk is moved between its folder and another volume. */
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LinkParams, LinkResult, VmDefinition } from '#api';
import type { FakeHost } from './fake-coordinator.ts';
import { byTester, QemuAgent } from './qemu-agent.ts';
import { WrittenGuest } from './written-guest.ts';

/** A file system of its own on every Linux machine. */
export const otherVolume = '/dev/shm';

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

  static async boot(): Promise<MovingGuest> {
    const agent = await QemuAgent.start();
    const elsewhere = await mkdtemp(join(otherVolume, 'gl-'));
    await chmod(elsewhere, 0o755);
    const { settings } = agent.coordinator;
    agent.coordinator.settings = { ...settings, searchPath: [...settings.searchPath, elsewhere] };
    const moving = new MovingGuest(agent, elsewhere);
    await moving.limit(null);
    await moving.guest.create();
    await moving.guest.boot();
    return moving;
  }

  async limit(liveMergeBytesPerSecond: number | null): Promise<void> {
    const { coordinator, host } = this.agent;
    coordinator.settings = { ...coordinator.settings, liveMergeBytesPerSecond };
    const { settings, eventScripts } = coordinator;
    await host.call('host.configure', { settings, eventScripts });
  }

  /** The disk as the vm's own configuration file names it. */
  get file(): string {
    const { agent, guest } = this;
    const path = join(agent.folder(guest.id), `${guest.definition.name}.json`);
    const { definition } = JSON.parse(readFileSync(path, 'utf8')) as {
      definition: VmDefinition;
    };
    return definition.hardware.disks[1]?.file ?? 'none';
  }

  /** Files of that disk in the folder of the vm. */
  get inFolder(): readonly string[] {
    const names = readdirSync(this.agent.folder(this.guest.id));
    return names.filter((name) => name.includes('data'));
  }

  move(to: string, from?: string): Promise<LinkResult<'machine.relocate'>> {
    return this.agent.host.call('machine.relocate', this.#params(to, from));
  }

  /** A copy that takes until it is let go, of which something has been done. */
  async beginSlowly(to: string): Promise<ReturnType<FakeHost['begin']>> {
    await this.limit(65_536);
    const { host } = this.agent;
    const told = host.progress.length;
    const begun = host.begin('machine.relocate', this.#params(to));
    begun.answer.catch(() => undefined);
    await host.until('the copy to be told of', () => host.progress.length > told + 2, 60_000);
    return begun;
  }

  async killAgent(): Promise<void> {
    const { host, process } = this.agent;
    const { links } = host;
    await process.stop('SIGKILL');
    process.run();
    await host.until('the agent is back', () => host.links > links, 60_000);
  }

  #params(to: string, from = this.file): LinkParams<'machine.relocate'> {
    const { agent, guest } = this;
    const { hardware } = guest.definition;
    const disks = hardware.disks.map((disk, index) => (index === 1 ? { ...disk, file: to } : disk));
    this.#revision += 1;
    return {
      id: guest.id,
      generation: agent.generation(guest.id),
      cause: byTester,
      definition: { ...guest.definition, hardware: { ...hardware, disks } },
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
