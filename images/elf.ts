/**
 * What the builder reads out of ELF files (System V gABI, 64-bit little-endian): the `.modinfo` strings of
 * a kernel module, the shared libraries a program needs, the interpreter. The files come from the
 * distribution's packages; every offset is bounded by the file all the same.
 */
import { Fault } from '#lib';

interface Section {
  readonly name: string;
  readonly type: number;
  readonly data: Buffer;
  readonly link: number;
}

const dynamicSection = 6;
const neededTag = 1n;
const maxSections = 1024;

/** `key=value` strings of a kernel module, in file order. Errors: `corrupt`. */
export function readModinfo(file: Buffer): readonly (readonly [string, string])[] {
  const section = readSections(file).find(({ name }) => name === '.modinfo');
  return (section?.data.toString('utf8') ?? '')
    .split('\0')
    .filter((text) => text.includes('='))
    .map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]);
}

/** Names of the shared libraries that the program or library asks for, as `libc.so.6`. Errors: `corrupt`. */
export function readNeeded(file: Buffer): readonly string[] {
  const sections = readSections(file);
  const dynamic = sections.find(({ type }) => type === dynamicSection);
  const strings = dynamic === undefined ? undefined : sections[dynamic.link]?.data;
  if (dynamic === undefined || strings === undefined) return [];
  const names: string[] = [];
  for (let at = 0; at + 16 <= dynamic.data.length; at += 16) {
    if (dynamic.data.readBigUInt64LE(at) !== neededTag) continue;
    names.push(textAt(strings, Number(dynamic.data.readBigUInt64LE(at + 8))));
  }
  return names;
}

function readSections(file: Buffer): readonly Section[] {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) {
    throw new Fault('corrupt', 'not a 64-bit little-endian ELF file');
  }
  const table = Number(file.readBigUInt64LE(40));
  const entrySize = file.readUInt16LE(58);
  const count = file.readUInt16LE(60);
  if (count > maxSections || entrySize < 64 || table + count * entrySize > file.length) {
    throw new Fault('corrupt', 'the section table is outside the ELF file');
  }
  const headers = Array.from({ length: count }, (_, index) =>
    file.subarray(table + index * entrySize, table + (index + 1) * entrySize),
  );
  const names = headers[file.readUInt16LE(62)];
  const nameTable = names === undefined ? Buffer.alloc(0) : sectionData(file, names);
  return headers.map((header) => ({
    name: textAt(nameTable, header.readUInt32LE(0)),
    type: header.readUInt32LE(4),
    link: header.readUInt32LE(40),
    data: sectionData(file, header),
  }));
}

const noBits = 8;

function sectionData(file: Buffer, header: Buffer): Buffer {
  if (header.readUInt32LE(4) === noBits) return Buffer.alloc(0);
  const offset = Number(header.readBigUInt64LE(24));
  const size = Number(header.readBigUInt64LE(32));
  if (offset + size > file.length) throw new Fault('corrupt', 'a section is outside the ELF file');
  return file.subarray(offset, offset + size);
}

function textAt(table: Buffer, offset: number): string {
  const end = table.indexOf(0, offset);
  return table.toString('utf8', offset, end === -1 ? table.length : end);
}
