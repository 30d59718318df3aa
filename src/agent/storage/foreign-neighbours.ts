/**
 * Files beside the configuration of another product that belong to its vm: what happens with each (DISK-64, FMT-23),
 * its saved states (FMT-14), and whether that product has it running (CMP-07).
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { ForeignMachine } from '#api';
import { portableName } from '#disk';
import { fileKindOf, type ForeignMachine as Parsed } from '#foreign';
import { findFile, type Look } from './foreign-disks.ts';
import { maxNeighbours } from './foreign-store.ts';

/** What lies beside it and is named by it, or is taken care of elsewhere, is not told as left out. */
export async function lookAround(
  file: string,
  parsed: Parsed,
  taken: readonly string[],
  look: Look,
): Promise<void> {
  const neighbours = (await readdir(dirname(file))).slice(0, maxNeighbours);
  const media = [...parsed.drives, ...(parsed.floppy ? [parsed.floppy] : [])].flatMap(
    ({ medium }) => (medium?.kind === 'file' ? [medium.file] : []),
  );
  const ports = [...parsed.serialPorts, ...(parsed.parallelPort ? [parsed.parallelPort] : [])];
  const named = new Set(
    [
      ...parsed.disks.flatMap(({ files, undoFiles }) => [...files, ...undoFiles]),
      ...media,
      ...ports.flatMap((port) => (port.kind === 'file' ? [port.file] : [])),
      ...look.files,
      ...taken,
    ].map((one) => basename(portableName(one)).toLowerCase()),
  );
  for (const name of neighbours) {
    const kind = fileKindOf(name);
    if (kind === undefined || kind.kind === 'configuration' || named.has(name.toLowerCase()))
      continue;
    const isContent = ['disk', 'undo', 'floppy'].includes(kind.kind);
    const why = isContent ? 'the configuration does not name it; it is left out' : kind.onImport;
    look.lost.push({ setting: kind.kind, value: name.slice(0, 200), why, device: null });
  }
}

/** Saved states of the vm: named by the configuration, or beside it under its name. */
export async function findSavedStates(
  file: string,
  parsed: Parsed,
  look: Look,
): Promise<ForeignMachine['savedStates']> {
  const stem = basename(file, extname(file)).toLowerCase();
  const found = new Set<string>();
  const named =
    parsed.savedState.length === 0 ? undefined : await findFile(parsed.savedState, look);
  if (named !== undefined) found.add(named);
  for (const name of (await readdir(look.folder)).slice(0, maxNeighbours))
    if (
      fileKindOf(name)?.kind === 'saved-state' &&
      basename(name, extname(name)).toLowerCase() === stem
    )
      found.add(join(look.folder, name));
  const states: ForeignMachine['savedStates'] = [];
  for (const path of found) states.push({ file: path, sizeBytes: (await stat(path)).size });
  const [lost] = parsed.savedState;
  if (states.length === 0 && lost !== undefined)
    look.lost.push({
      setting: 'saved state',
      value: lost.slice(0, 200),
      why: 'the file is not there',
      device: null,
    });
  return states;
}

/** Lock folders of VMware with something in them: its programs have the vm, or one of its disks, open. */
export async function findLocks(file: string, look: Look): Promise<void> {
  const names = new Set(
    [basename(file), ...[...look.files].map((one) => basename(one))].map((one) =>
      one.toLowerCase(),
    ),
  );
  for (const name of (await readdir(look.folder)).slice(0, maxNeighbours)) {
    if (fileKindOf(name)?.kind !== 'lock') continue;
    if (!names.has(name.toLowerCase().replace(/\.lck$/, ''))) continue;
    const path = join(look.folder, name);
    const stats = await stat(path);
    if (stats.isDirectory() ? (await readdir(path)).length === 0 : stats.size === 0) continue;
    look.blocking.push({
      code: 'running-elsewhere',
      text: `${path} is locked: the other product has the vm running`,
      remedy: `shut it down there; if it is not running anywhere, remove ${path}`,
    });
  }
}
