/**
 * What this driver does with a machine beyond the functions of all (FED-08): its whole memory in a file, for programs that look for the
 * reason of a crash. It holds all that the guest knows, so that the file is the agent's own and nobody else reads it.
 */
import { open, rm } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { Extension } from '#api';
import { assert, Fault, formatBytes } from '#lib';
import { dumpFormats, dumpMemory, type DumpFormat } from '#qemu';
import { requireInside } from '../../storage/allowed.ts';
import type { VmExtensions } from '../driver.ts';
import { QemuRunning } from './running.ts';

export const qemuVmExtensions: readonly Extension[] = [
  {
    name: 'dump-memory',
    of: 'vm',
    meaning: 'write all of its memory to a new file of the host; it stands still meanwhile',
    argument: `PATH in a folder that vms may use, or FORMAT PATH; formats: ${dumpFormats.join(', ')}`,
  },
];

/** `folders`: that vms may use. */
export function vmExtensions(folders: () => readonly string[]): VmExtensions {
  return {
    list: qemuVmExtensions,
    async run(running, { name, argument }, signal) {
      if (name !== 'dump-memory')
        throw new Fault('not-found', `the driver qemu has no extension ${name}`, {
          hint: `it has for a vm: ${qemuVmExtensions.map((one) => one.name).join(', ')}`,
        });
      const { format, path } = parseDump(argument ?? '');
      await requireInside(path, folders());
      assert(running instanceof QemuRunning, 'it is a machine of this driver');
      return await dump(running, format, path, signal);
    },
  };
}

/** Errors: `invalid`. */
function parseDump(text: string): { readonly format: DumpFormat; readonly path: string } {
  const [, word, rest = ''] = /^(\S+) (\/.*)$/s.exec(text) ?? [];
  const format = word === undefined ? 'elf' : dumpFormats.find((one) => one === word);
  const path = word === undefined ? text : rest;
  if (format !== undefined && isAbsolute(path) && !path.includes('\0')) return { format, path };
  throw new Fault('invalid', `${text.slice(0, 80)} is no file to write memory to`, {
    hint: `give its whole path, alone or after a format: ${dumpFormats.join(', ')}`,
  });
}

/** Errors: `exists`; those of the file system and of QEMU, with no file left. */
async function dump(
  { client }: QemuRunning,
  format: DumpFormat,
  path: string,
  signal: AbortSignal,
): Promise<string> {
  await using file = await open(path, 'wx', 0o600).catch((cause: unknown): never => {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    if (isThere) throw new Fault('exists', `there is a file ${path} already`);
    throw new Fault('refused', `cannot make ${path}`, { cause });
  });
  try {
    await dumpMemory(client, { format, descriptor: file.fd }, signal);
    await file.sync();
    const { size } = await file.stat();
    return `${path}: ${formatBytes(size)}, ${format}`;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
