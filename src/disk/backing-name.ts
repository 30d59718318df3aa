/**
 * How QEMU names the file below in QCOW1, QCOW2 and QED: a path, `file:` and a path, or `json:` and the options of a block device
 * (QAPI BlockdevOptions), which it writes itself where a path would not say all of them.
 */
import type { ParentReference } from './layer.ts';

/** Options that do not change what is read; any other could. */
const harmless = new Set([
  'node-name',
  'read-only',
  'auto-read-only',
  'force-share',
  'discard',
  'detect-zeroes',
  'locking',
  'aio',
  'cache.direct',
  'cache.no-flush',
  'cache',
]);
/** As deep as a format over a file. */
const maxLevels = 2;

interface Named {
  readonly path: string;
  readonly format: string | undefined;
}

/** QEMU's names of formats that are called differently here. */
function ourName(format: string | undefined): string | undefined {
  return format === 'vpc' ? 'vhd' : format;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `{"file.driver": …}` as `{"file": {"driver": …}}`, in which form QEMU takes it too. */
function unfold(options: object): ReadonlyMap<string, unknown> {
  const whole = new Map<string, unknown>();
  const below: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options))
    if (key.startsWith('file.')) below[key.slice('file.'.length)] = value;
    else whole.set(key, value);
  if (Object.keys(below).length > 0) whole.set('file', below);
  return whole;
}

/** Undefined where the options lead to anything but one file as a whole. */
function readOptions(options: unknown, levels: number): Named | undefined {
  if (typeof options !== 'object' || options === null || levels === 0) return undefined;
  const known = unfold(options);
  const driver = known.get('driver');
  const says = driver === 'file' ? 'filename' : 'file';
  const isKnown = (key: string): boolean => key === 'driver' || key === says || harmless.has(key);
  if (![...known.keys()].every(isKnown)) return undefined;
  const below = known.get(says);
  if (driver === 'file')
    return typeof below === 'string' ? { path: below, format: undefined } : undefined;
  const file = readOptions(below, levels - 1);
  if (file === undefined || file.format !== undefined) return undefined;
  if (driver === undefined) return file;
  return typeof driver === 'string' ? { ...file, format: driver } : undefined;
}

/** `format`: as the file records it beside, in QEMU's words. A name that leads to no file stays as it stands, and is not found. */
export function qemuParent(name: string, format?: string): ParentReference {
  const named = name.startsWith('json:')
    ? readOptions(parseJson(name.slice('json:'.length)), maxLevels)
    : { path: name.replace(/^file:(?!\/\/)/, ''), format: undefined };
  return { names: [named?.path ?? name], format: ourName(format ?? named?.format) };
}
