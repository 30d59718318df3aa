/**
 * What an archive may hold, and under which names: files and folders that lie below the folder it is unpacked to. Nothing of it is
 * followed, overwritten or left out in silence.
 */
import { Fault, formatBytes } from '#lib';

/** What comes next in a file: bytes, or so many zeros for which the archive has none. */
export type Piece = Buffer | { readonly zeroBytes: number };

/** A thing in an archive, in the words of whichever it is. */
export interface Member {
  readonly name: string;
  readonly kind: 'file' | 'folder';
  /** Errors: of what is torn or not what its checksum says; faults as the format's. */
  readonly content: () => AsyncIterable<Piece>;
}

/** More are no vm. */
export const maxMembers = 10_000;
const maxDepth = 16;
const maxNameBytes = 1000;
const maxPartBytes = 200;
const control = /\p{Cc}/u;

/** By which a folder is known as one that was unpacked. */
export const markName = '.gantry-unpacked.json';

/** Parts of the name below the folder; none for the folder itself. Faults: `invalid` for what leads elsewhere. */
export function partsOf(name: string): readonly string[] {
  const plain = name.replaceAll('\\', '/');
  const parts = plain.split('/').filter((part) => part !== '' && part !== '.');
  const shown = JSON.stringify(name.slice(0, 200));
  if (plain.startsWith('/') || /^[a-z]:/i.test(plain) || parts.includes('..'))
    throw new Fault('invalid', `the archive has a name that leads out of its folder: ${shown}`);
  const isLong =
    Buffer.byteLength(name) > maxNameBytes ||
    parts.length > maxDepth ||
    parts.some((part) => Buffer.byteLength(part) > maxPartBytes);
  if (isLong || control.test(name) || parts.includes(markName))
    throw new Fault('invalid', `the archive has a name that no file can have here: ${shown}`);
  return parts;
}

/** What is known of the members so far: their number, their names and how much is in them. */
export class MemberLimits {
  readonly #kinds = new Map<string, Member['kind']>();
  readonly #maxContentBytes: number;
  #contentBytes = 0;

  constructor(maxContentBytes: number) {
    this.#maxContentBytes = maxContentBytes;
  }

  /** By path below the folder, parents before what is in them. */
  list(kind: Member['kind']): readonly string[] {
    return [...this.#kinds].filter(([, one]) => one === kind).map(([path]) => path);
  }

  get contentBytes(): number {
    return this.#contentBytes;
  }

  /** Its path below the folder, and the folders that must be there first. Faults: `invalid`, `too-large`. */
  add({ name, kind }: Pick<Member, 'name' | 'kind'>): {
    readonly path: string;
    readonly folders: readonly string[];
  } {
    const parts = partsOf(name);
    const path = parts.join('/');
    const folders: string[] = [];
    for (let length = 1; length < parts.length + (kind === 'folder' ? 1 : 0); length += 1) {
      const folder = parts.slice(0, length).join('/');
      const known = this.#kinds.get(folder);
      if (known === 'file') throw twice(folder);
      if (known === undefined) this.#put(folder, 'folder');
      folders.push(folder);
    }
    if (kind === 'folder') return { path, folders };
    if (path === '' || this.#kinds.has(path)) throw twice(path);
    this.#put(path, 'file');
    return { path, folders };
  }

  /** Faults: `too-large`. */
  count(bytes: number): void {
    this.#contentBytes += bytes;
    if (this.#contentBytes <= this.#maxContentBytes) return;
    throw new Fault(
      'too-large',
      `the archive unpacks to more than ${formatBytes(this.#maxContentBytes)}`,
    );
  }

  #put(path: string, kind: Member['kind']): void {
    if (this.#kinds.size >= maxMembers)
      throw new Fault('too-large', `the archive has more than ${maxMembers} files and folders`, {
        hint: 'pack the vm alone: its configuration and its disks',
      });
    this.#kinds.set(path, kind);
  }
}

function twice(path: string): Fault {
  return new Fault('invalid', `the archive has ${JSON.stringify(path)} twice`);
}

/** A link, a device or another thing that is neither file nor folder. */
export function strange(name: string, what: string): Fault {
  const shown = JSON.stringify(name.slice(0, 200));
  return new Fault('unsupported', `${shown} in the archive is ${what}`, {
    hint: 'pack files and folders alone, for example with: tar --dereference --hard-dereference',
  });
}
