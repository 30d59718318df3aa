/**
 * The files appliance: a machine of its own for one disk, which mounts what is on it and tells, reads and writes files.
 * Outside of it only the marks are read by which file systems are named. It has no network, no monitor and no path of the
 * host: its kernel, the disk and the channel are streams that it inherits. It ends with this process, whatever ends that.
 *
 * Invariants: (1) one request at a time; (2) after any failure of the channel the machine is ended; (3) with access
 * `read` nothing that it writes reaches the disk; (4) with `write` the file systems are unmounted and the disk is flushed
 * before `leave` returns.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { Duplex, type Writable } from 'node:stream';
import { abortReason, assert, Fault, withDeadline } from '#lib';
import type { Acceleration } from '../command-line/spec.ts';
import { makeMortalAs, type ProgramAccount } from '../mortal.ts';
import { printable } from '../qmp/messages.ts';
import { ForgetfulDevice, type BlockDevice } from './block-device.ts';
import { ByteReader } from './byte-reader.ts';
import { nameFileSystem, type NamedFileSystem, type ReadableType } from './file-systems.ts';
import { bytesOfPath } from './path-text.ts';
import {
  encodePath,
  faultOf,
  maxAnswerBytes,
  maxLineBytes,
  parseFacts,
  parseFolder,
  parseFrame,
  parseRanges,
  type BlockRange,
  type FileFacts,
  type FolderEntry,
  type Frame,
} from './protocol.ts';

export interface ApplianceParts {
  /** Absolute path of qemu-system-x86_64. */
  readonly program: string;
  readonly kernelPath: string;
  readonly initramfsPath: string;
  readonly acceleration: Acceleration;
  /** Undefined: as this process. */
  readonly account: ProgramAccount | undefined;
  readonly device: BlockDevice;
  /** Serves a device over NBD to the one at the other end of the stream, until that leaves. */
  readonly serve: (stream: Duplex, device: BlockDevice) => Promise<void>;
  readonly access: 'read' | 'write';
  readonly signal?: AbortSignal | undefined;
}

export interface FileContent {
  /** A folder comes as a tar archive, as `read` gives it. Default: a file. */
  readonly kind?: 'file' | 'folder' | undefined;
  readonly sizeBytes: number;
  readonly content: AsyncIterable<Uint8Array>;
}

export interface FileSystem extends BlockRange, Partial<NamedFileSystem> {}

/** Until the machine answers for the first time; two or three seconds on a quiet host. */
const bootMs = 120_000;
/** Between two frames of an answer. */
const stallMs = 60_000;
/** A file's content as a whole, its parts within `stallMs` each. */
const maxTransferMs = 24 * 3_600_000;
const maxWaiting = 32;
const memoryMiB = 256;
const maxSaidBytes = 4096;

export class FilesAppliance implements AsyncDisposable {
  readonly #device: BlockDevice;
  readonly #access: 'read' | 'write';
  readonly #child: ChildProcess;
  readonly #channel: Writable;
  readonly #reader: ByteReader;
  readonly #ended: Promise<void>;
  readonly #served: Promise<unknown>;
  #said = '';
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #systems: readonly FileSystem[] = [];

  private constructor(parts: ApplianceParts, system: readonly [kernel: number, initramfs: number]) {
    const { program, account, device, serve, access } = parts;
    this.#access = access;
    this.#device = access === 'read' ? new ForgetfulDevice(device) : device;
    const call = makeMortalAs(account, program, machineArguments(parts));
    const stdio = ['pipe', 'pipe', 'pipe', 'pipe', ...system] as const;
    this.#child = spawn(call.program, call.args, { stdio: [...stdio], cwd: '/', env: {} });
    const [channel, answers, said, disk] = this.#child.stdio;
    assert(channel && answers && said && disk instanceof Duplex, 'the machine has its streams');
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      this.#child.once('error', () => resolve());
    });
    this.#channel = channel;
    // A machine that is gone is told by the end of its answers.
    channel.on('error', () => undefined);
    this.#reader = new ByteReader(answers);
    said.on('data', (chunk: Buffer) => {
      this.#said = `${this.#said}${chunk.toString('latin1')}`.slice(-maxSaidBytes);
    });
    this.#served = serve(disk, this.#device).catch(() => this.#kill());
  }

  /** A machine that answers. Errors: `unavailable`, `unsupported`, `timeout`; the signal's reason. */
  static async start(parts: ApplianceParts): Promise<FilesAppliance> {
    await using kernel = await open(parts.kernelPath);
    await using initramfs = await open(parts.initramfsPath);
    const appliance = new FilesAppliance(parts, [kernel.fd, initramfs.fd]);
    try {
      const { signal, access } = parts;
      if (access === 'write') await appliance.#ask(['write'], 'start', bootMs, signal);
      const ranges = parseRanges(await appliance.#ask(['systems'], 'start', bootMs, signal));
      appliance.#systems = await Promise.all(
        ranges.map(async (range) => ({ ...range, ...(await appliance.#name(range)) })),
      );
      return appliance;
    } catch (error) {
      await appliance[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Resolves when the machine has ended, however that came. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** The disk and its partitions, each with the file system that is there. */
  get systems(): readonly FileSystem[] {
    return this.#systems;
  }

  /** Errors: `not-found`, `invalid`, `too-large`, `unsupported`, `corrupt` (the file system). */
  async list(device: string, path: string, signal?: AbortSignal): Promise<readonly FolderEntry[]> {
    const doing = `cannot list ${path} of ${this.#describe(device)}`;
    return parseFolder(
      await this.#ask(this.#request('list', device, path), doing, stallMs, signal),
    );
  }

  /** What is at the path, links followed. Errors: as `list`. */
  async facts(device: string, path: string, signal?: AbortSignal): Promise<FileFacts> {
    const doing = `cannot look at ${path} of ${this.#describe(device)}`;
    const answer = await this.#ask(this.#request('facts', device, path), doing, stallMs, signal);
    return parseFacts(answer.toString('latin1').trimEnd());
  }

  /**
   * The bytes of a file (`get`), or of a tar archive of a folder (`pack`). Who leaves before the end ends the machine.
   * Errors: as `list`.
   */
  async *read(
    verb: 'get' | 'pack',
    device: string,
    path: string,
    signal?: AbortSignal,
  ): AsyncGenerator<Buffer> {
    const doing = `cannot read ${path} of ${this.#describe(device)}`;
    yield* this.#exchange(this.#request(verb, device, path), doing, stallMs, signal);
  }

  /**
   * Puts a file of so many bytes in the place of the one that is there, or where none is. The old one stays until the
   * new one is whole. What a folder holds takes the place of what has the same name in the folder that is there, all else in that
   * stays. After a failure the machine is ended. Errors: as `list`; `refused` for an appliance that reads, `exhausted` where there is no room.
   */
  async replace(
    device: string,
    path: string,
    file: FileContent,
    signal?: AbortSignal,
  ): Promise<void> {
    if (this.#access === 'read') throw new Fault('refused', 'the disk is open for reading only');
    const doing = `cannot write ${path} of ${this.#describe(device)}`;
    const verb = file.kind === 'folder' ? 'unpack' : 'put';
    const request = [...this.#request(verb, device, path), String(file.sizeBytes)];
    const failed = new AbortController();
    const onAbort = (): void => failed.abort(abortReason(signal));
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const send = (): void => {
      const late = (): void => failed.abort(new Fault('timeout', `${doing}: it does not end`));
      void this.#send(file, failed.signal).then(
        () => AbortSignal.timeout(bootMs).addEventListener('abort', late, { once: true }),
        (error: unknown) => failed.abort(error),
      );
    };
    try {
      await this.#ask(request, doing, maxTransferMs, failed.signal, send);
    } catch (error) {
      // What it has not taken of the file would be its next request.
      this.#kill();
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      failed.abort(new Fault('cancelled', 'the transfer has ended'));
    }
  }

  /** Unmounts, so that all is on the disk, and ends the machine. Errors: `corrupt`, `unavailable`, `timeout`. */
  async leave(signal?: AbortSignal): Promise<void> {
    await this.#ask(['leave'], 'cannot unmount the file systems', bootMs, signal);
    await this.#end();
    await this.#device.flush();
  }

  /** Ends the machine as it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#kill();
    await this.#ended;
    for (const stream of this.#child.stdio) stream?.destroy();
    await this.#served;
  }

  #kill(): void {
    this.#child.kill('SIGKILL');
  }

  #name(range: BlockRange): Promise<NamedFileSystem | undefined> {
    return nameFileSystem(this.#device, range.start, range.sizeBytes);
  }

  #describe(device: string): string {
    const { name = 'unknown content' } = this.#systems.find((one) => one.device === device) ?? {};
    return `${placeOf(device)} (${name})`;
  }

  /** Errors: `not-found`, `unsupported`. */
  #request(verb: string, device: string, path: string): string[] {
    const encoded = encodePath(bytesOfPath(path.startsWith('/') ? path : `/${path}`));
    return [verb, device, this.#typeOf(device), encoded];
  }

  #typeOf(device: string): ReadableType {
    const system = this.#systems.find((one) => one.device === device);
    if (system === undefined) {
      throw new Fault('not-found', `the disk has no ${placeOf(device)}`, {
        hint: `there is: ${this.#systems.map((one) => placeOf(one.device)).join(', ')}`,
      });
    }
    if (system.type !== undefined) return system.type;
    const what = system.name ?? 'no file system that is known';
    throw new Fault('unsupported', `cannot open ${placeOf(device)}: it holds ${what}`);
  }

  async #ask(
    request: readonly string[],
    doing: string,
    limitMs: number,
    signal: AbortSignal | undefined,
    send?: () => void,
  ): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of this.#exchange(request, doing, limitMs, signal, send)) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxAnswerBytes) {
        throw new Fault('too-large', `${doing}: the answer is longer than ${maxAnswerBytes} bytes`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, sizeBytes);
  }

  /** One request and the bytes of its answer; `limitMs` is for each frame. `send` begins what follows the request. */
  async *#exchange(
    request: readonly string[],
    doing: string,
    limitMs: number,
    signal: AbortSignal | undefined,
    send?: () => void,
  ): AsyncGenerator<Buffer> {
    const release = await this.#takeTurn(doing);
    let isWhole = true;
    try {
      if (signal?.aborted) throw abortReason(signal);
      isWhole = false;
      this.#channel.write(`${request.join(' ')}\n`);
      send?.();
      for (;;) {
        const frame = await withDeadline(doing, limitMs, signal, () => this.#readFrame(doing));
        if (frame.kind === 'end') {
          isWhole = true;
          if (frame.word === 'ok') return;
          throw faultOf(frame, doing);
        }
        for (let missing = frame.lengthBytes; missing > 0;) {
          const wanted = missing;
          const read = (): Promise<Buffer> => this.#reader.readSome(wanted);
          const part = await withDeadline(doing, limitMs, signal, read);
          missing -= part.length;
          yield part;
        }
      }
    } finally {
      if (!isWhole) this.#kill();
      release();
    }
  }

  async #readFrame(doing: string): Promise<Frame> {
    try {
      return parseFrame(await this.#reader.readLine(maxLineBytes));
    } catch (cause) {
      this.#kill();
      await this.#ended;
      const last = printable(this.#said.split('\n').filter(Boolean).at(-1) ?? '');
      throw new Fault('unavailable', `${doing}: the machine that reads the disk has ended`, {
        cause,
        ...(last === '' ? {} : { facts: { log: last } }),
      });
    }
  }

  /** Errors: `exhausted` when too many wait. */
  async #takeTurn(doing: string): Promise<() => void> {
    if (this.#waiting >= maxWaiting) {
      throw new Fault('exhausted', `${doing}: ${maxWaiting} requests wait already`);
    }
    const before = this.#turn;
    const done = Promise.withResolvers<void>();
    this.#turn = before.then(() => done.promise);
    this.#waiting += 1;
    await before;
    this.#waiting -= 1;
    return done.resolve;
  }

  /** The file's bytes, as many as were told. Errors: `invalid`, `timeout`; those of the content. */
  async #send({ sizeBytes, content }: FileContent, signal: AbortSignal): Promise<void> {
    let missing = sizeBytes;
    for await (const chunk of content) {
      missing -= chunk.length;
      if (missing < 0) throw new Fault('invalid', `the file has more than ${sizeBytes} bytes`);
      if (signal.aborted) throw abortReason(signal);
      if (this.#channel.write(chunk)) continue;
      await withDeadline('the files appliance takes bytes', stallMs, signal, (inner) =>
        once(this.#channel, 'drain', { signal: inner }),
      );
    }
    if (missing > 0) throw new Fault('invalid', `the file ends before its ${sizeBytes} bytes`);
  }
}

function placeOf(device: string): string {
  const number = printable(device.slice('vda'.length));
  return number === '' ? 'whole disk' : `partition ${number}`;
}

function machineArguments({ acceleration }: ApplianceParts): readonly string[] {
  const disk = {
    driver: 'nbd',
    'node-name': 'disk',
    server: { type: 'fd', str: '3' },
    cache: { direct: true },
  };
  // The test of the timer waits for ticks that an emulated processor on a busy host misses, and then panics.
  const kernel = 'quiet console=null panic=-1 cryptomgr.notests no_timer_check';
  return [
    ['-no-user-config', '-nodefaults', '-display', 'none', '-no-reboot', '-machine', 'pc,usb=off'],
    ['-accel', acceleration, '-cpu', acceleration === 'kvm' ? 'host' : 'max'],
    ['-m', String(memoryMiB), '-smp', '1', '-nic', 'none'],
    ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ['-kernel', '/proc/self/fd/4', '-initrd', '/proc/self/fd/5', '-append', kernel],
    ['-blockdev', JSON.stringify(disk)],
    ['-device', 'virtio-blk-pci,drive=disk'],
    ['-chardev', 'stdio,id=channel,signal=off'],
    ['-device', 'virtio-serial-pci'],
    ['-device', 'virtserialport,chardev=channel,name=gantry.files'],
  ].flat();
}
