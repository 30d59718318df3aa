/**
 * A machine under real QEMU for the tests of images: serial port, monitor and guest agent over Unix sockets,
 * everything awaited with a deadline. Emulated always, so that it runs everywhere the same.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, present, withDeadline } from '#lib';

export interface MachineOptions {
  /** Beside those for memory, sockets and firmware. */
  readonly args: readonly string[];
  readonly firmware?: 'bios' | 'uefi' | undefined;
  readonly memoryMiB?: number | undefined;
}

const ovmf = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const ovmfVariables = '/usr/share/OVMF/OVMF_VARS_4M.fd';
/** A login in emulation on a busy machine of two processors. */
export const loginMs = 90_000;
const answerMs = 30_000;

export class Machine {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly serial: TextStream;
  readonly #monitor: JsonPeer;
  #agent: JsonPeer | undefined;
  #commands = 0;

  private constructor(child: ChildProcess, folder: string, serial: Socket, monitor: Socket) {
    this.#child = child;
    this.#folder = folder;
    this.serial = new TextStream(serial);
    this.#monitor = new JsonPeer(new TextStream(monitor));
  }

  static async start(options: MachineOptions): Promise<Machine> {
    const folder = await mkdtemp(join(tmpdir(), 'gim-'));
    const server = (name: string): string => `path=${join(folder, name)},server=on,wait=off`;
    const isUefi = options.firmware === 'uefi';
    const firmware = isUefi ? await flash(folder) : [];
    const memory = options.memoryMiB ?? (isUefi ? 512 : 256);
    const argv = [
      ['-nodefaults', '-display', 'none', '-accel', 'tcg', '-m', String(memory)],
      ['-qmp', `unix:${server('q')}`],
      ['-chardev', `socket,id=serial0,${server('s')}`, '-serial', 'chardev:serial0'],
      ['-device', 'virtio-serial', '-chardev', `socket,id=agent0,${server('g')}`],
      ['-device', 'virtserialport,chardev=agent0,name=org.qemu.guest_agent.0'],
      firmware,
      options.args,
    ].flat();
    const child = spawn('qemu-system-x86_64', argv, { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', () => undefined);
    const serial = await connectTo(join(folder, 's'), child);
    const machine = new Machine(child, folder, serial, await connectTo(join(folder, 'q'), child));
    await machine.#monitor.receive();
    await machine.qmp('qmp_capabilities');
    return machine;
  }

  /** Waits for the prompt on the serial port and logs in. Gives what was written before the prompt. */
  async login(password = 'gantry'): Promise<string> {
    const before = await this.serial.waitFor('login: ', loginMs);
    this.serial.write('root\n');
    await this.serial.waitFor('assword: ', answerMs);
    this.serial.write(`${password}\n`);
    await this.serial.waitFor('# ', answerMs);
    await this.run('stty cols 1000');
    return before;
  }

  /** Output of a command line in the serial port's shell. */
  async run(command: string, limitMs = answerMs): Promise<string> {
    this.#commands += 1;
    const mark = `[end ${this.#commands}]`;
    this.serial.write(
      `echo "[start"" ${this.#commands}]"; ${command}; echo "[end"" ${this.#commands}]"\n`,
    );
    await this.serial.waitFor(`[start ${this.#commands}]\r\n`, limitMs);
    const output = await this.serial.waitFor(mark, limitMs);
    await this.serial.waitFor('# ', limitMs);
    return output.slice(0, -mark.length).replaceAll('\r', '').trim();
  }

  /** Waits until the command succeeds inside the guest. */
  async until(command: string): Promise<void> {
    await this.run(`until ${command}; do usleep 50000; done > /dev/null 2>&1`, loginMs);
  }

  async qmp(execute: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    return await this.#monitor.call({ execute, arguments: args });
  }

  /** A command of the guest agent. Starts with a synchronisation, so that it may be called at any time. */
  async agent(execute: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#agent === undefined) {
      const socket = await connectTo(join(this.#folder, 'g'), this.#child);
      this.#agent = new JsonPeer(new TextStream(socket));
      await this.#agent.call({ execute: 'guest-sync', arguments: { id: 4711 } });
    }
    return await this.#agent.call({ execute, arguments: args });
  }

  /** Sends the agent a command that it does not answer. */
  async tellAgent(execute: string): Promise<void> {
    await this.agent('guest-ping');
    this.#agent?.send({ execute });
  }

  /** How many pixels of the screen are brighter than half: a line of text lights a thousand. */
  async countLitPixels(): Promise<number> {
    const path = join(this.#folder, 'screen.ppm');
    await this.qmp('screendump', { filename: path });
    const picture = await readFile(path);
    // Netpbm P6: three lines of text (kind, size, greatest value), then three bytes a pixel.
    const lines = picture.toString('latin1', 0, 64).split('\n', 3);
    const [width = 0, height = 0] = (lines[1] ?? '').split(' ').map(Number);
    const pixels = picture.subarray(lines.join('\n').length + 1);
    if (lines[0] !== 'P6' || pixels.length !== width * height * 3) {
      throw new Fault('corrupt', 'the screenshot is not a picture');
    }
    let lit = 0;
    for (let at = 0; at < pixels.length; at += 3) if ((pixels[at] ?? 0) > 127) lit += 1;
    return lit;
  }

  /** Waits for the machine to be off; its exit status. */
  async off(limitMs = 60_000): Promise<number | null> {
    return await withDeadline('qemu to end', limitMs, undefined, async (signal) => {
      if (this.#child.exitCode === null) await once(this.#child, 'exit', { signal });
      return this.#child.exitCode;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A socket's text, kept until somebody waits for a part of it. */
class TextStream {
  readonly #socket: Socket;
  #text = '';
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.#text += text;
      this.#wake();
    });
    for (const event of ['end', 'close', 'error'] as const) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** All text up to and with the wanted one. Errors: `timeout` that shows the last text. */
  async waitFor(wanted: string, limitMs: number): Promise<string> {
    const end = Date.now() + limitMs;
    for (;;) {
      const at = this.#text.indexOf(wanted);
      if (at !== -1) {
        const found = this.#text.slice(0, at + wanted.length);
        this.#text = this.#text.slice(found.length);
        return found;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, Math.max(0, end - Date.now()));
      if (!this.#ended) await promise;
      clearTimeout(timer);
      if (this.#ended && !this.#text.includes(wanted)) {
        throw new Fault('unavailable', `the stream ended before ${JSON.stringify(wanted)}`);
      }
      if (Date.now() >= end && !this.#text.includes(wanted)) {
        const last = JSON.stringify(this.#text.slice(-600));
        throw new Fault('timeout', `no ${JSON.stringify(wanted)} within ${limitMs} ms: ${last}`);
      }
    }
  }
}

/** JSON messages, one a line: QMP and the guest agent's protocol. */
class JsonPeer {
  readonly #stream: TextStream;

  constructor(stream: TextStream) {
    this.#stream = stream;
  }

  send(message: unknown): void {
    this.#stream.write(`${JSON.stringify(message)}\n`);
  }

  async receive(): Promise<Readonly<Record<string, unknown>>> {
    const line = await this.#stream.waitFor('\n', loginMs);
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  }

  async call(message: unknown): Promise<unknown> {
    this.send(message);
    for (;;) {
      const answer = await this.receive();
      if ('return' in answer) return answer['return'];
      if ('error' in answer) throw new Fault('refused', JSON.stringify(answer['error']));
    }
  }
}

/** UEFI with variables of the machine's own. */
async function flash(folder: string): Promise<readonly string[]> {
  const variables = join(folder, 'vars');
  await copyFile(ovmfVariables, variables);
  return [
    ['-drive', `if=pflash,format=raw,readonly=on,file=${ovmf}`],
    ['-drive', `if=pflash,format=raw,file=${variables}`],
  ].flat();
}

async function connectTo(path: string, child: ChildProcess): Promise<Socket> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (child.exitCode !== null || child.pid === undefined) break;
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) {
      const socket = connect(path);
      const isOpen = await once(socket, 'connect').then(
        () => true,
        () => false,
      );
      if (isOpen) return socket;
    }
    await sleep(25);
  }
  throw new Fault('unavailable', `qemu did not open ${path}: exit status ${child.exitCode}`);
}

/** Where tests keep images between runs; GANTRY_CACHE names another folder. */
export const testCache = process.env['GANTRY_CACHE'] ?? '/var/tmp/gantry-cache';

/** Arguments for a disk on one of the buses that a starter boots from. */
export function diskArguments(path: string, bus: DiskBus): readonly string[] {
  const drive = `file=${path},format=qcow2,snapshot=on`;
  const held = ['-drive', `if=none,id=disk0,${drive}`];
  return present(
    {
      virtio: ['-drive', `if=virtio,${drive}`],
      ide: ['-drive', `if=ide,${drive}`],
      sata: ['-M', 'q35', '-drive', `if=ide,${drive}`],
      lsi: [...held, '-device', 'lsi53c895a', '-device', 'scsi-hd,drive=disk0'],
      am53c974: [...held, '-device', 'am53c974', '-device', 'scsi-hd,drive=disk0'],
      'virtio-scsi': [...held, '-device', 'virtio-scsi-pci', '-device', 'scsi-hd,drive=disk0'],
      nvme: [...held, '-device', 'nvme,serial=1,drive=disk0'],
      usb: [...held, '-device', 'qemu-xhci', '-device', 'usb-storage,drive=disk0'],
    }[bus],
    bus,
  );
}

export type DiskBus =
  'virtio' | 'ide' | 'sata' | 'lsi' | 'am53c974' | 'virtio-scsi' | 'nvme' | 'usb';
