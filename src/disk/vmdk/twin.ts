/**
 * Empty VMDKs that are like another one: the text that describes it is kept to the letter, but for the names of its files, which
 * go by that of the first one. All of them lie beside it.
 */
import { basename, extname } from 'node:path';
import { Fault } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import type { Twin } from '../layer.ts';
import { layOutSparse } from './create.ts';
import { extentPattern, type Descriptor } from './descriptor.ts';

export interface TwinSource {
  readonly file: DiskFile;
  readonly descriptor: Descriptor;
  readonly descriptorOffset: number;
  readonly blockBytes: number;
}

export function vmdkTwin(source: TwinSource): Twin | undefined {
  const { descriptor, descriptorOffset, blockBytes } = source;
  if (descriptor.text === '') return undefined;
  const isInside = descriptorOffset > 0;
  const named = (name: string): readonly string[] =>
    isInside ? [name] : piecesOf(source, name).map(({ to }) => to);
  return {
    files: (name) => (isInside ? [name] : [...named(name), name]),
    async layOut(file, options) {
      const { name } = options;
      const text = renamed(descriptor.text, named(name));
      if (isInside) {
        const [extent] = descriptor.extents;
        const sizeBytes = extent?.lengthBytes ?? 0;
        await layOutSparse(file, { sizeBytes, blockBytes }, sizeBytes, text);
        return;
      }
      for (const { to, kind, lengthBytes } of piecesOf(source, name)) {
        const piece = await options.createNeighbour(to);
        const one = { sizeBytes: lengthBytes, blockBytes };
        if (kind === 'sparse') await layOutSparse(piece, one, lengthBytes, '');
        else await piece.truncate(lengthBytes);
        await piece.sync();
        await piece.close();
      }
      await file.write(Buffer.from(text), 0);
    },
  };
}

interface PieceOfTwin {
  readonly to: string;
  readonly kind: 'flat' | 'sparse' | 'zero';
  readonly lengthBytes: number;
}

/** `old-s001.vmdk` of `old.vmdk` becomes `new-s001.vmdk`; a piece that is named in another way gets a number. */
function piecesOf({ file, descriptor }: TwinSource, name: string): PieceOfTwin[] {
  const [before, after] = [stemOf(basename(file.name)), stemOf(name)];
  return descriptor.extents
    .filter(({ kind }) => kind !== 'zero')
    .map(({ name: old, kind, lengthBytes }, index) => {
      const last = basename(old.replaceAll('\\', '/'));
      const rest = last.startsWith(`${before}-`)
        ? last.slice(before.length)
        : `-x${String(index + 1).padStart(3, '0')}.vmdk`;
      return { to: `${after}${rest}`, kind, lengthBytes };
    });
}

function stemOf(name: string): string {
  return name.slice(0, name.length - extname(name).length);
}

/** Each extent that has a name gets the next one, from its start. */
function renamed(text: string, names: readonly string[]): string {
  let next = 0;
  return text
    .split(/(\r\n|\r|\n)/)
    .map((line) => {
      const [, access, sectors, kind, name, offset] = extentPattern.exec(line.trim()) ?? [];
      if (access === undefined || name === undefined) return line;
      const to = names[next] ?? name;
      next += 1;
      if (/["\r\n]/.test(to))
        throw new Fault('invalid', `${to}: a vmdk's name must not have quotes or line ends`);
      return `${access} ${sectors} ${kind} "${to}"${offset === undefined ? '' : ' 0'}`;
    })
    .join('');
}
