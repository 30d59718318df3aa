/** The starter appliance as an eye on virtual hardware: started with one kind after the other, it tells what it finds. */
import { writeFileSync, chmodSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { vmDefinitionSchema, type AdapterModel, type VmDefinition } from '#api';
import { giB, miB, present } from '#lib';
import { byTester, starterImage, type QemuAgent } from './qemu-agent.ts';
import { SerialSession } from './serial-session.ts';

/** What the disk with the starter is, wherever it hangs. */
export const systemDisk = { file: 'disk.qcow2', format: 'qcow2', sizeBytes: giB } as const;

export interface BlockDevice {
  readonly device: string;
  /** In /sys, through all that it hangs on. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** `sda` beside CD drives and floppies; loop devices and RAM disks are left out. */
const blockDevices = '/sys/block/[fhsv][dr]*';

/** What was listed, and how much: counted in what was listed, since more comes meanwhile. */
const tellAll = 'echo "$all"; echo $(echo "$all" | wc -l) in all';

export class SeenGuest {
  readonly agent: QemuAgent;
  readonly id: string;
  #serial: SerialSession | undefined;
  #version = 0;
  #hardware: object = {};

  constructor(agent: QemuAgent, id: string = crypto.randomUUID()) {
    this.agent = agent;
    this.id = id;
  }

  /** Started with this hardware, turned off before where it runs, and somebody logged in. */
  async start(hardware: object): Promise<void> {
    const { agent, id } = this;
    this.#hardware = hardware;
    const definition = this.#define();
    this.close();
    if (this.#version === 0) {
      const { path } = await starterImage();
      const source = {
        ...systemDisk,
        kind: 'image',
        imagePath: path,
        imageFormat: 'qcow2',
      } as const;
      await agent.create(definition, [source]);
      this.#version = 1;
    } else {
      if (agent.host.reports.get(id)?.state !== 'off') await agent.act(id, 'turn-off');
      await this.#configure(definition);
    }
    // Held until somebody listens: the prompt is not missed.
    await agent.act(id, 'hold');
    this.#serial = await SerialSession.open(agent, id, 'serial1');
    await agent.act(id, 'release');
    await this.#serial.logIn('root', 'gantry');
    await this.#serial.command('stty cols 1000');
  }

  get hardware(): VmDefinition['hardware'] {
    return this.#define().hardware;
  }

  /** Other settings while it runs. */
  async set(settings: object): Promise<void> {
    await this.#configure(this.#define(settings));
  }

  #define(settings: object = {}): VmDefinition {
    return vmDefinitionSchema.parse({
      id: this.id,
      name: 'seen-1',
      guestOs: 'gantry-starter',
      hardware: this.#hardware,
      settings: { heartbeat: { intervalSeconds: 1 }, ...settings },
    });
  }

  async #configure(definition: VmDefinition): Promise<void> {
    const { agent, id } = this;
    this.#version += 1;
    await agent.host.call('machine.configure', {
      id,
      generation: agent.generation(id),
      cause: byTester,
      definition,
      definitionVersion: this.#version,
    });
  }

  /** What the guest prints, once it fits: drivers find their hardware after the login. */
  async see(line: string, fits = /(?:)/): Promise<string> {
    return await present(this.#serial, 'a guest that was started').untilCommand(line, fits);
  }

  async untilBlockDevices(count: number): Promise<readonly BlockDevice[]> {
    const each = 'echo ${b##*/} $(readlink -f $b/device) $(cat $b/size)';
    const text = await this.see(
      `all=$(for b in ${blockDevices}; do ${each}; done); ${tellAll}`,
      new RegExp(`^${count} in all`, 'm'),
    );
    return [...text.matchAll(/^(\w+) (\S+) (\d+)$/gm)].map(([, device = '', path = '', size]) => ({
      device,
      path,
      sizeBytes: Number(size) * 512,
    }));
  }

  /** Vendor and device of each, `8086:7010`, by its address on the PCI buses. */
  async pciDevices(): Promise<ReadonlyMap<string, string>> {
    const each = 'echo ${d##*/} $(cat $d/vendor $d/device)';
    const text = await this.see(`for d in /sys/bus/pci/devices/*; do ${each}; done`);
    const found = text.matchAll(/^([0-9a-f:.]{12}) 0x([0-9a-f]{4}) 0x([0-9a-f]{4})$/gm);
    return new Map([...found].map(([, at = '', vendor, device]) => [at, `${vendor}:${device}`]));
  }

  /** The driver of each adapter by its MAC address, once there are so many. */
  async untilAdapters(count: number): Promise<ReadonlyMap<string, string>> {
    const each = 'echo $(cat $n/address) $(readlink -f $n/device/driver)';
    const text = await this.see(
      `all=$(for n in /sys/class/net/eth*; do ${each}; done); ${tellAll}`,
      new RegExp(`^${count} in all`, 'm'),
    );
    const found = text.matchAll(/^([0-9a-f:]{17}) \S*\/(\S+)$/gm);
    return new Map([...found].map(([, mac = '', driver = '']) => [mac, driver]));
  }

  /** Clock of the hardware as the guest reads it, in milliseconds, as if it were in universal time. */
  async readClock(): Promise<number> {
    const text = await this.see(
      'cat /sys/class/rtc/rtc0/date /sys/class/rtc/rtc0/time',
      /\d\d:\d\d/,
    );
    const [, date = '', time = ''] = /(\d{4}-\d\d-\d\d)\s+(\d\d:\d\d:\d\d)/.exec(text) ?? [];
    return Date.parse(`${date}T${time}Z`);
  }

  /** A file on the host that every vm may write, of a size and with a text at its beginning. */
  makeFile(file: string, sizeBytes: number, text = ''): string {
    const path = join(this.agent.shelf, file);
    writeFileSync(path, text);
    truncateSync(path, sizeBytes);
    chmodSync(path, 0o666);
    return path;
  }

  rawDisk(bus: string, controller: number, position: number): object {
    const file = this.makeFile(`${bus}${controller}-${position}.raw`, miB);
    return { bus, controller, position, file, format: 'raw', sizeBytes: miB };
  }

  close(): void {
    this.#serial?.close();
    this.#serial = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.agent[Symbol.asyncDispose]();
  }
}

export const macOf = (slot: number): string => `52:47:59:00:00:0${slot}`;

/** Adapters without a cable, one of each model in the order of their slots. */
export function unpluggedAdapters(models: readonly AdapterModel[]): object[] {
  const attachment = { kind: 'none' };
  return models.map((model, slot) => ({ slot, model, mac: macOf(slot), attachment }));
}
