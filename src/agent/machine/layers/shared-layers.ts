/**
 * Layers that several machines stand on (docs/rfd/0019): each has the same file under a name in its own folder.
 *
 * Invariant: what a machine's record calls shared is written by none of them, and all that lies below it is shared as
 * well; that ends for a machine when no other has the file any more.
 */
import { isAbsolute } from 'node:path';
import { Fault } from '#lib';
import type { Hands } from '../hands.ts';
import { changeLayers } from './change-layers.ts';
import { isUnchanged } from './check-layers.ts';
import { chainFrom, chainOf, prune, type Layer, type Layers } from './layers.ts';
import { livePace, saidPace } from '../paces.ts';

/** A parent that lies elsewhere is there for both, under the name that it has. */
export function liesElsewhere({ file, borrowed }: Layer): boolean {
  return borrowed === true && isAbsolute(file);
}

/** With these files, which have their seals, as shared ones. */
export function markShared(layers: Layers, files: ReadonlySet<string>): Layers {
  const mark = (layer: Layer): Layer =>
    files.has(layer.file) && !liesElsewhere(layer) ? { ...layer, shared: true } : layer;
  return { ...layers, files: layers.files.map(mark) };
}

export function unmarkShared(layers: Layers, files: ReadonlySet<string>): Layers {
  const unmark = (layer: Layer): Layer => {
    if (!files.has(layer.file)) return layer;
    const { shared: _, ...own } = layer;
    return own;
  };
  return { ...layers, files: layers.files.map(unmark) };
}

/** From the top down, so that one after the other can end to be shared. */
export function sharedFiles(layers: Layers): string[] {
  const depth = (file: string): number => chainFrom(layers, file).length;
  return layers.files
    .filter(({ shared }) => shared)
    .map(({ file }) => file)
    .toSorted((one, other) => depth(other) - depth(one));
}

/**
 * Of the shared files those that are this machine's own again: nobody else has them, nor what lies on them. A file names
 * its parent, and a merge below it would write that name.
 */
export function ownAgain(layers: Layers, alone: ReadonlySet<string>): ReadonlySet<string> {
  const shared = sharedFiles(layers);
  const kept = new Set(
    shared
      .filter((file) => !alone.has(file))
      .flatMap((file) => chainFrom(layers, file).map((layer) => layer.file)),
  );
  return new Set(shared.filter((file) => !kept.has(file)));
}

/** What nobody else has any more is this machine's own again. One that was changed stays as it is, so that it is found. */
export async function releaseShared(hands: Hands): Promise<void> {
  const { storage } = hands.host.driver;
  const { layers } = hands.file;
  const alone = new Set<string>();
  for (const layer of layers.files.filter(({ shared }) => shared)) {
    const names = await storage.layers.countNames(hands.file, layer.file);
    if (names === 1 && (await isUnchanged(storage, hands.file, layer))) alone.add(layer.file);
  }
  const own = ownAgain(layers, alone);
  if (own.size === 0) return;
  await changeLayers(hands, [], (now) => ({ layers: prune(unmarkShared(now, own)) }));
}

/**
 * Every shared file becomes one of this machine's own, with the same content and name; a process that has it open goes on
 * with that. Cut off at any point it goes on from there. Errors: `exhausted`, `cancelled`; `refused` naming a file that was
 * changed.
 */
export async function separateShared(hands: Hands, progress: Hands['progress']): Promise<void> {
  const { storage } = hands.host.driver;
  await settleSeparated(hands);
  if (hands.running === undefined) await releaseShared(hands);
  const files = sharedFiles(hands.file.layers);
  await requireUnchanged(hands, files);
  for (const [index, file] of files.entries()) {
    const seal = await storage.layers.copyBeside(hands.file, file, {
      signal: hands.signal,
      // A vm that is off is in nobody's way.
      limit: () => (hands.running === undefined ? (saidPace(hands) ?? 0) : livePace(hands)),
      onProgress: (part) => progress((index + part) / files.length, `copying ${file}`),
    });
    const mode = hands.file.layers.files.find((layer) => layer.file === file)?.seal?.mode;
    const separated = { file, seal: { ...seal, mode: mode ?? seal.mode } };
    hands.set({ layers: { ...hands.file.layers, separated } });
    await hands.persist();
    await storage.layers.putCopy(hands.file, file);
    await settleSeparated(hands);
  }
}

async function requireUnchanged({ file, host }: Hands, shared: readonly string[]): Promise<void> {
  for (const layer of file.layers.files.filter((one) => shared.includes(one.file))) {
    if (await isUnchanged(host.driver.storage, file, layer)) continue;
    throw new Fault(
      'refused',
      `${layer.file}, which other vms have too, is missing or was changed`,
      {
        hint: 'bring back the file as it was, with its time of modification',
      },
    );
  }
}

/** The copy has the name of the file, or it has not: what an agent before this one began is known by its seal. */
export async function settleSeparated(hands: Hands): Promise<void> {
  const { separated } = hands.file.layers;
  if (separated === null) return;
  const { storage } = hands.host.driver;
  const { file, seal } = separated;
  const found = await storage.layers.readSeal(hands.file, file);
  const isOwn = typeof found === 'object' && found.modified === seal.modified;
  if (isOwn) await goOnWith(hands, file);
  const own = isOwn ? withSeal(hands.file.layers, file, seal) : hands.file.layers;
  hands.set({ layers: { ...own, separated: null } });
  await hands.persist();
  await storage.layers.write(hands.file, hands.file.layers);
}

/** The process may have the file open that others have, too: nothing of it may be merged into that. */
async function goOnWith(
  { running, file: { definition, layers } }: Hands,
  replaced: string,
): Promise<void> {
  for (const disk of running === undefined ? [] : definition.hardware.disks) {
    const chain = chainOf(layers, disk);
    const place = chain.findIndex(({ file }) => file === replaced);
    const [above, layer, below] = [chain[place - 1], chain[place], chain[place + 1]];
    if (place < 1 || above === undefined || layer === undefined) continue;
    await running?.layers.replace({ disk, layer, above, below: below?.file ?? null });
  }
}

function withSeal(layers: Layers, file: string, seal: Layer['seal']): Layers {
  const copied = layers.files.find((layer) => layer.file === file);
  const parent = layers.files.find((layer) => layer.file === copied?.parent);
  // All that it lay on is in the copy.
  if (!copied?.shared && parent?.borrowed) return withoutParent(layers, file, seal);
  const { files, ...rest } = unmarkShared(layers, new Set([file]));
  const own = (layer: Layer): Layer => {
    const { borrowed: _, ...copy } = layer;
    return { ...copy, seal };
  };
  return { ...rest, files: files.map((layer) => (layer.file === file ? own(layer) : layer)) };
}

function withoutParent(layers: Layers, file: string, seal: Layer['seal']): Layers {
  const alone = (layer: Layer): Layer => ({
    ...layer,
    parent: null,
    seal: layer.seal === null ? null : seal,
  });
  const files = layers.files.map((layer) => (layer.file === file ? alone(layer) : layer));
  return prune({ ...layers, files });
}
