/** Small 64-bit ELF files for tests: sections by name, with a string table for their names. */

export interface TestSection {
  readonly name: string;
  readonly type?: number;
  readonly data: Buffer;
  /** Index of the linked section; 0 is the empty one that begins every table. */
  readonly link?: number;
}

export function makeElf(sections: readonly TestSection[]): Buffer {
  const all: readonly TestSection[] = [
    { name: '', type: 0, data: Buffer.alloc(0) },
    ...sections,
    { name: '.shstrtab', type: 3, data: Buffer.alloc(0) },
  ];
  const names = Buffer.from(all.map(({ name }) => `${name}\0`).join(''));
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x7f454c46, 0);
  header[4] = 2;
  header[5] = 1;
  const bodies: Buffer[] = [];
  const table: Buffer[] = [];
  let offset = header.length;
  let nameAt = 0;
  for (const [index, section] of all.entries()) {
    const data = index === all.length - 1 ? names : section.data;
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(nameAt, 0);
    entry.writeUInt32LE(section.type ?? 1, 4);
    entry.writeBigUInt64LE(BigInt(offset), 24);
    entry.writeBigUInt64LE(BigInt(data.length), 32);
    entry.writeUInt32LE(section.link ?? 0, 40);
    table.push(entry);
    bodies.push(data);
    offset += data.length;
    nameAt += section.name.length + 1;
  }
  header.writeBigUInt64LE(BigInt(offset), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(all.length, 60);
  header.writeUInt16LE(all.length - 1, 62);
  return Buffer.concat([header, ...bodies, ...table]);
}

/** A kernel module that says so much of itself, as `depends=a,b` and `alias=pci:*`. */
export function makeModule(...info: readonly string[]): Buffer {
  return makeElf([
    { name: '.modinfo', data: Buffer.from(info.map((text) => `${text}\0`).join('')) },
  ]);
}
