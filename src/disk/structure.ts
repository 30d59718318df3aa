/**
 * A piece of a disk file that has been read and is being parsed. Invariant: no read outside the piece,
 * no number that is not exact, and every complaint names format, file, structure and offset.
 */
import { Fault, type FaultCode } from '#lib';
import type { DiskFile } from './file/disk-file.ts';
import { maxFileBytes, maxStructureBytes } from './limits.ts';

export interface StructurePlace {
  /** `vhd`, `qcow2`: the format as users know it. */
  readonly format: string;
  /** `dynamic header`, `level-1 table`: the specification's own name. */
  readonly structure: string;
  /** Where in the file it starts. */
  readonly offset: number;
}

/** A complaint about the content of a file. */
export function fileFault(
  file: DiskFile,
  place: StructurePlace,
  text: string,
  code: FaultCode = 'corrupt',
  cause?: unknown,
): Fault {
  return new Fault(
    code,
    `${place.format} file ${file.name}: ${place.structure} at ${place.offset}: ${text}`,
    {
      facts: {
        file: file.name,
        format: place.format,
        structure: place.structure,
        offset: place.offset,
      },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

export class Structure {
  readonly bytes: Buffer;
  readonly place: StructurePlace;
  readonly #file: DiskFile;

  constructor(file: DiskFile, place: StructurePlace, bytes: Buffer) {
    this.#file = file;
    this.place = place;
    this.bytes = bytes;
  }

  get length(): number {
    return this.bytes.length;
  }

  /** A complaint about the field at a position of this structure. */
  fault(at: number, text: string, code: FaultCode = 'corrupt'): Fault {
    return fileFault(this.#file, { ...this.place, offset: this.place.offset + at }, text, code);
  }

  #need(at: number, length: number): void {
    if (at < 0 || length < 0 || at + length > this.bytes.length) {
      throw this.fault(at, `ends after ${this.bytes.length} bytes, ${at + length} are needed`);
    }
  }

  u8(at: number): number {
    this.#need(at, 1);
    return this.bytes.readUInt8(at);
  }
  u16le(at: number): number {
    this.#need(at, 2);
    return this.bytes.readUInt16LE(at);
  }
  u16be(at: number): number {
    this.#need(at, 2);
    return this.bytes.readUInt16BE(at);
  }
  u32le(at: number): number {
    this.#need(at, 4);
    return this.bytes.readUInt32LE(at);
  }
  u32be(at: number): number {
    this.#need(at, 4);
    return this.bytes.readUInt32BE(at);
  }
  /** A 64-bit length, offset or count: `corrupt` when it is beyond what any file can hold. */
  u64le(at: number): number {
    this.#need(at, 8);
    return this.#exact(at, this.bytes.readBigUInt64LE(at));
  }
  u64be(at: number): number {
    this.#need(at, 8);
    return this.#exact(at, this.bytes.readBigUInt64BE(at));
  }
  #exact(at: number, value: bigint): number {
    if (value > BigInt(maxFileBytes)) throw this.fault(at, `${value} is out of bounds`);
    return Number(value);
  }
  /** 64 bits as they are: flags and identities. */
  big64le(at: number): bigint {
    this.#need(at, 8);
    return this.bytes.readBigUInt64LE(at);
  }
  big64be(at: number): bigint {
    this.#need(at, 8);
    return this.bytes.readBigUInt64BE(at);
  }
  slice(at: number, length: number): Buffer {
    this.#need(at, length);
    return this.bytes.subarray(at, at + length);
  }
  latin1(at: number, length: number): string {
    return this.slice(at, length).toString('latin1');
  }

  /** Faults unless the condition holds. */
  demand(condition: boolean, at: number, text: string, code: FaultCode = 'corrupt'): void {
    if (!condition) throw this.fault(at, text, code);
  }
}

/** Reads a structure wholly. Faults: `corrupt` when the file ends before it or it is beyond the bound. */
export async function readStructure(
  file: DiskFile,
  place: StructurePlace,
  length: number,
): Promise<Structure> {
  if (length > maxStructureBytes) {
    throw fileFault(file, place, `claims ${length} bytes, at most ${maxStructureBytes} are read`);
  }
  if (place.offset < 0 || place.offset > maxFileBytes) {
    throw fileFault(file, place, 'its offset is out of bounds');
  }
  const bytes = Buffer.alloc(length);
  const count = await file.read(bytes, place.offset);
  if (count < length) {
    throw fileFault(file, place, `the file ends after ${count} of its ${length} bytes`);
  }
  return new Structure(file, place, bytes);
}
