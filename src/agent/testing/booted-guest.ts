/**
 * The starter appliance with all that a guest can have, booted, and somebody logged in at its serial port: for many tests
 * in a row.
 */
import {
  profiles,
  vmDefinitionSchema,
  type GuestHealth,
  type MachineReport,
  type MachineSample,
  type VmDefinition,
} from '#api';
import { giB, miB } from '#lib';
import { byTester, QemuAgent, starterImage } from './qemu-agent.ts';
import { SerialSession } from './serial-session.ts';

/** In the guest's firmware tables. */
export const serialNumber = '0544-5904-3417-7151-3013-2390-69';

const disk = { file: 'disk.qcow2', format: 'qcow2', sizeBytes: giB } as const;

function define(): VmDefinition {
  return vmDefinitionSchema.parse({
    id: crypto.randomUUID(),
    name: 'guest-1',
    guestOs: 'gantry-starter',
    hardware: {
      ...profiles.modern.hardware,
      memory: { sizeBytes: 256 * miB, maxBytes: 1024 * miB },
      processor: { ...profiles.modern.hardware.processor, count: 1, maxCount: 2 },
      bios: { chassis: { assetTag: serialNumber, serialNumber }, baseBoard: { serialNumber } },
      disks: [{ ...disk, bus: 'virtio', position: 0 }],
      adapters: [
        {
          slot: 0,
          model: 'virtio',
          mac: '52:47:59:00:00:01',
          attachment: { kind: 'user', forwards: [{ hostPort: 0, guestPort: 80 }] },
        },
      ],
    },
    settings: {
      guestInformation: { shareHostFacts: true },
      heartbeat: { intervalSeconds: 1, missedLimit: 3 },
    },
  });
}

export class BootedGuest implements AsyncDisposable {
  readonly agent: QemuAgent;
  readonly id: string;
  #serial: SerialSession | undefined;
  #definition: VmDefinition;
  #version = 1;

  private constructor(agent: QemuAgent, definition: VmDefinition) {
    this.agent = agent;
    this.id = definition.id;
    this.#definition = definition;
  }

  /** On a host called `carrier`. */
  static async boot(): Promise<BootedGuest> {
    const { path } = await starterImage();
    const definition = define();
    const guest = new BootedGuest(await QemuAgent.start('--name', 'carrier'), definition);
    const { agent, id } = guest;
    try {
      await agent.create(definition, [
        { ...disk, kind: 'image', imagePath: path, imageFormat: 'qcow2' },
      ]);
      // Looked for from before on: on a quick machine it lasts a moment.
      const booting = guest.untilHealth('booting');
      await agent.act(id, 'turn-on');
      await booting;
      await guest.reopen();
      await guest.serial.logIn('root', 'gantry');
      return guest;
    } catch (error) {
      await guest[Symbol.asyncDispose]();
      throw error;
    }
  }

  get serial(): SerialSession {
    if (this.#serial === undefined) throw new Error('nobody is at the serial port');
    return this.#serial;
  }

  get definition(): VmDefinition {
    return this.#definition;
  }

  /** The serial port anew: a process or an agent that ends takes its connections along. */
  async reopen(): Promise<void> {
    this.#serial?.close();
    this.#serial = await SerialSession.open(this.agent, this.id, 'serial1');
  }

  async define(definition: VmDefinition): Promise<MachineReport> {
    const { agent, id } = this;
    this.#version += 1;
    this.#definition = definition;
    const { report } = await agent.host.call('machine.configure', {
      id,
      generation: agent.generation(id),
      cause: byTester,
      definition,
      definitionVersion: this.#version,
    });
    return report;
  }

  /** Other settings, by which the guest is looked at again. */
  async configure(settings: object): Promise<void> {
    const { definition } = this;
    await this.define({ ...definition, settings: { ...definition.settings, ...settings } });
  }

  untilSample(what: string, holds: (sample: MachineSample) => boolean): Promise<MachineSample> {
    return this.agent.untilSample(this.id, what, holds);
  }

  untilHealth(health: GuestHealth): Promise<MachineSample> {
    return this.untilSample(health, ({ guestHealth }) => guestHealth === health);
  }

  /** How often its clock has been set. */
  corrections(): number {
    return this.agent.events(this.id).filter((name) => name === 'vm.clock.corrected').length;
  }

  /** From outside, in milliseconds: what the guest’s clock says, less what this machine’s says. */
  async readClockOffset(): Promise<number> {
    const beforeMs = Date.now();
    const said = await this.serial.untilCommand('echo at-$(date +%s)-', /at-\d+-/);
    const guestMs = Number(/at-(\d+)-/.exec(said)?.[1]) * 1000 + 500;
    return guestMs - (beforeMs + Date.now()) / 2;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#serial?.close();
    await this.agent[Symbol.asyncDispose]();
  }
}
