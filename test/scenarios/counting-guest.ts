/**
 * A guest that counts on its disk, in one sector after the other, so that what became of each write can be seen from outside:
 * which of them are there, and whether one guest alone wrote them.
 */
import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readFileSync, readSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { miB, present, systemClock } from '#lib';
import type { MovingHost, MovingHosts } from './moving-hosts.ts';

const sectorBytes = 512;
/** In front of the first that it writes. */
const firstSector = 64;
const both = ['ada', 'bob'] as const;

/**
 * xor ax,ax; mov ds,ax; mov ss,ax; mov sp,7c00h; xor eax,eax; mov [7e00h],eax; sti
 * again: inc dword [7e00h]; mov eax,[7e00h]; add eax,64; mov [packet.lba],eax
 * push dx; rdtsc; mov [7e04h],eax; mov [7e08h],edx; pop dx
 * mov ax,4300h; mov si,packet; int 13h; hlt; jmp again
 * packet: 16 bytes, 1 sector, from 0:7e00h
 */
const program =
  '31c08ed88ed0bc007c6631c066a3007efb66ff06007e66a1007e6683c04066a3427c520f3166a3047e' +
  '668916087e5ab80043be3a7ccd13f4ebd710000100007e00000000000000000000';

/** Its disk has this much beside what it counts. */
const ballastBytes = 24 * miB;

export class CountingGuest {
  readonly name: string;
  readonly #hosts: MovingHosts;
  readonly #file: string;
  /** By number: what the guest wrote with it, a moment that no other guest writes with the same number. */
  readonly #written = new Map<number, string>();
  readonly #next: Record<MovingHost, number> = { ada: 1, bob: 1 };
  readonly #over = new AbortController();
  #watching: Promise<void> = Promise.resolve();
  /** What no single guest can have done. */
  readonly troubles: string[] = [];

  private constructor(hosts: MovingHosts, name: string, file: string) {
    this.#hosts = hosts;
    this.name = name;
    this.#file = file;
  }

  /** It runs on ada and counts. */
  static async start(hosts: MovingHosts, name: string): Promise<CountingGuest> {
    await hosts.do('POST', '/vms', {
      name,
      host: 'ada',
      disk: { kind: 'new', sizeBytes: 64 * miB, format: 'raw' },
      network: 'none',
      memoryBytes: 64 * miB,
      definition: { hardware: { machine: 'pc', firmware: { type: 'bios' } } },
    });
    const [{ file } = { file: '' }] = hosts.vm(name).definition.hardware.disks;
    const guest = new CountingGuest(hosts, name, file);
    const disk = openSync(guest.#path('ada'), 'r+');
    const boot = Buffer.alloc(sectorBytes);
    boot.write(program, 'hex');
    boot.writeUInt16LE(0xaa55, sectorBytes - 2);
    writeSync(disk, boot, 0, sectorBytes, 0);
    writeSync(disk, randomBytes(ballastBytes), 0, ballastBytes, 32 * miB);
    closeSync(disk);
    await hosts.do('POST', `/vms/${name}/actions/turn-on`);
    guest.#watching = guest.#watch();
    await guest.untilMore();
    return guest;
  }

  /** The last number that was seen on either host. */
  get last(): number {
    return this.#written.size;
  }

  /** It has counted on, by some. */
  async untilMore(): Promise<void> {
    const { last } = this;
    await this.#until(() => this.last > last + 3, `${this.name} counts on`);
  }

  /** No process there has it, or waits for it. */
  async untilGone(host: MovingHost): Promise<void> {
    await this.#until(() => this.processes(host).length === 0, `${this.name} is gone from ${host}`);
  }

  /** One process there has it, and it runs, or none, and it is off. Answers which. */
  async settled(host: MovingHost): Promise<'running' | 'off'> {
    const counts = { running: 1, off: 0 } as const;
    const stateNow = (): 'running' | 'off' | undefined => {
      const { state } = this.#hosts.vm(this.name);
      if (state !== 'running' && state !== 'off') return undefined;
      return this.processes(host).length === counts[state] ? state : undefined;
    };
    await this.#until(() => stateNow() !== undefined, `${this.name} runs once, or is off`);
    return present(stateNow(), 'its state');
  }

  /** Nobody tells of files and processes. */
  async #until(holds: () => boolean, what: string): Promise<void> {
    for (let turn = 0; turn < 1200 && !holds(); turn += 1) await systemClock.sleep(50);
    assert.ok(holds(), what);
  }

  /** Ids of the processes that have it, or wait for it, on the host. */
  processes(host: MovingHost): readonly number[] {
    const { id } = this.#hosts.vm(this.name);
    const folder = join(this.#hosts.stage.folder, `agent-${host}`);
    return readdirSync('/proc').flatMap((pid) => {
      if (!/^\d+$/.test(pid)) return [];
      const line = commandLine(pid);
      const isIt = /^[^\0]*qemu-system/.test(line) && line.includes(id) && line.includes(folder);
      return isIt ? [Number(pid)] : [];
    });
  }

  /** All that was seen to be written anywhere is on this host, and nothing was left out. */
  requireWritten(host: MovingHost): void {
    this.#look();
    const there = new Map(this.#read(host, 1));
    for (const [number, moment] of this.#written)
      assert.equal(there.get(number), moment, `number ${number} of ${this.name} on ${host}`);
    const last = Math.max(...there.keys());
    assert.equal(there.size, last, `${this.name} on ${host} has all numbers up to ${last}`);
    assert.deepEqual(this.troubles, []);
  }

  async end(): Promise<void> {
    this.#over.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      this.#look();
      await systemClock.sleep(10, signal).catch(() => undefined);
    }
  }

  #look(): void {
    for (const host of both) {
      for (const [number, moment] of this.#read(host, this.#next[host])) {
        const known = this.#written.get(number) ?? moment;
        if (known !== moment)
          this.troubles.push(`${number} was written twice: ${known}, and ${moment} on ${host}`);
        this.#written.set(number, known);
        this.#next[host] = number + 1;
      }
    }
  }

  /** Numbers from the first one on, each with the moment at which it was written. Nothing where there is no file. */
  *#read(host: MovingHost, first: number): Generator<readonly [number, string]> {
    let disk: number;
    try {
      disk = openSync(this.#path(host), 'r');
    } catch {
      return;
    }
    try {
      const sector = Buffer.alloc(sectorBytes);
      for (let number = first; ; number += 1) {
        const at = (firstSector + number) * sectorBytes;
        if (readSync(disk, sector, 0, sectorBytes, at) < sectorBytes) return;
        if (sector.readUInt32LE(0) !== number) return;
        yield [number, sector.toString('hex', 4, 12)];
      }
    } finally {
      closeSync(disk);
    }
  }

  #path(host: MovingHost): string {
    return join(this.#hosts.folder(host, this.name), this.#file);
  }
}

/** Empty: it is gone. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}
