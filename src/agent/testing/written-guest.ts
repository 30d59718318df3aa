/** The starter appliance with a second disk, of which a test writes and reads single regions while it runs. */
import { readdirSync } from 'node:fs';
import {
  profiles,
  vmDefinitionSchema,
  type LinkMethod,
  type LinkParams,
  type LinkResult,
  type MachineReport,
  type Snapshot,
  type VmDefinition,
} from '#api';
import { giB, miB, present } from '#lib';
import { byTester, newDisk, starterImage, testDisk, type QemuAgent } from './qemu-agent.ts';
import { SerialSession } from './serial-session.ts';

/** Of 1 MiB each, at the beginning of the second disk. */
export const regions = 6;

export interface Wish {
  readonly memory?: boolean;
  readonly quiesce?: boolean;
}

export class WrittenGuest {
  #agent: QemuAgent;
  readonly id = crypto.randomUUID();
  #definition: VmDefinition | undefined;
  #revision = 1;
  #serial: SerialSession | undefined;
  #taken = 0;

  constructor(agent: QemuAgent) {
    this.#agent = agent;
  }

  get agent(): QemuAgent {
    return this.#agent;
  }

  /** It is a vm of another host by now; what listens to its shell begins anew. */
  async goTo(agent: QemuAgent): Promise<void> {
    this.#agent = agent;
    await this.attend();
  }

  async create(more: object = {}, hardware: object = {}): Promise<void> {
    const { path: imagePath } = await starterImage();
    const system = { file: 'disk.qcow2', format: 'qcow2', sizeBytes: giB } as const;
    const disks = [
      { bus: 'virtio', position: 0, ...system },
      { ...testDisk('data.qcow2'), position: 1 },
    ];
    const definition = vmDefinitionSchema.parse({
      id: this.id,
      name: `written-${this.id.slice(0, 4)}`,
      guestOs: 'gantry-starter',
      hardware: {
        ...profiles.modern.hardware,
        memory: { sizeBytes: 192 * miB, maxBytes: null },
        adapters: [],
        disks,
        ...hardware,
      },
      settings: { heartbeat: { intervalSeconds: 1 } },
      ...more,
    });
    this.#definition = definition;
    const source = { kind: 'image', ...system, imagePath, imageFormat: 'qcow2' } as const;
    await this.agent.create(definition, [source, newDisk('data.qcow2')]);
  }

  /** Other settings for the vm as it was created. */
  async configure(settings: Partial<VmDefinition['settings']>): Promise<void> {
    const before = this.definition;
    const definition = { ...before, settings: { ...before.settings, ...settings } };
    this.#definition = definition;
    this.#revision += 1;
    await this.call('machine.configure', { definition, definitionVersion: this.#revision });
  }

  /** From power-on to a shell, with nothing on the screen but what it is asked for. */
  async boot(): Promise<void> {
    await this.agent.act(this.id, 'hold');
    await this.attend();
    await this.agent.act(this.id, 'release');
    await this.#shell.logIn('root', 'gantry');
    await this.#shell.command('dmesg -n 1; stty cols 1000');
    await this.untilAgent();
  }

  /** Listens to the shell of a process that was begun by somebody else. */
  async attend(): Promise<void> {
    this.close();
    this.#serial = await SerialSession.open(this.agent, this.id, 'serial1');
  }

  async untilAgent(): Promise<void> {
    const { agent, id } = this;
    await agent.untilSample(id, 'additions', ({ additions }) => additions.state === 'running');
  }

  async run(line: string): Promise<string> {
    const shell = this.#shell;
    shell.text = '';
    shell.write(`${line}; echo end-$((6*7))\n`);
    const text = (await shell.until(/end-42\s[^]*[#$] $/, 60_000)).replaceAll('\r', '');
    return text.slice(text.indexOf('\n') + 1, text.lastIndexOf('end-42')).trim();
  }

  /** On the disk when it returns. */
  async write(region: number, pattern: number): Promise<void> {
    const octal = `\\${pattern.toString(8).padStart(3, '0')}`;
    const fill = `head -c 1048576 /dev/zero | tr '\\0' '${octal}'`;
    await this.run(`${fill} | dd of=/dev/vdb bs=1M seek=${region} conv=notrunc,fsync 2>/dev/null`);
  }

  /** Of each region its pattern. */
  async read(): Promise<number[]> {
    const each = `dd if=/dev/vdb bs=1M skip=$r count=1 2>/dev/null | od -An -tu1 -N1`;
    const list = Array.from({ length: regions }, (_, region) => region).join(' ');
    const drop = 'echo 3 > /proc/sys/vm/drop_caches';
    const text = await this.run(`${drop}; for r in ${list}; do ${each}; done`);
    return text.split(/\s+/).map(Number);
  }

  /** As it was told last. */
  report(): MachineReport {
    return present(this.agent.host.reports.get(this.id), 'a report of the guest');
  }

  snapshot(id: string): Snapshot {
    const found = this.report().snapshots.find((one) => one.id === id);
    return present(found, `snapshot ${id}`);
  }

  /** What snapshots and undo disks have in the folder of the vm. */
  layerFiles(): string[] {
    const names = readdirSync(this.agent.folder(this.id));
    return names.filter((name) => /layer|undo|state/.test(name));
  }

  async take(wish: Wish = {}): Promise<string> {
    this.#taken += 1;
    const id = crypto.randomUUID();
    const { memory = false, quiesce = false } = wish;
    const snapshot = {
      id,
      name: `s${this.#taken}`,
      description: '',
      author: 'ann',
      exclude: [],
      memory,
      quiesce,
    };
    await this.call('machine.snapshot.take', { snapshot });
    return id;
  }

  /** As a coordinator does it: back, and where there is memory, on from there. */
  async revert(snapshotId: string, memory: 'restore' | 'leave' = 'restore'): Promise<void> {
    this.close();
    await this.call('machine.snapshot.revert', { snapshotId, memory });
    if (memory === 'leave') return;
    const { report } = await this.call('machine.snapshot.recall', { snapshotId });
    if (report.state !== 'saved') return;
    await this.agent.act(this.id, 'restore');
    await this.attend();
  }

  async remove(snapshotId: string): Promise<void> {
    await this.call('machine.snapshot.delete', { snapshotId });
  }

  call<M extends LinkMethod>(
    method: M,
    more: Omit<LinkParams<M>, 'id' | 'generation' | 'cause'>,
  ): Promise<LinkResult<M>> {
    const { agent, id } = this;
    const params = { id, generation: agent.generation(id), cause: byTester, ...more };
    return agent.host.call(method, params as unknown as LinkParams<M>);
  }

  close(): void {
    this.#serial?.close();
    this.#serial = undefined;
  }

  get definition(): VmDefinition {
    return present(this.#definition, 'a vm that was created');
  }

  get #shell(): SerialSession {
    return present(this.#serial, 'a shell that somebody listens to');
  }
}
