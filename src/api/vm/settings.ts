/**
 * Setting paths: how a change of a definition is told (VM-18, EVT-14 to EVT-23). A path is the way
 * through the document with slashes, names in snake case: `hardware/bios/chassis/asset_tag`. Members
 * of a list are named by what identifies them (`hardware/disks/scsi0:1/file`), so that adding one in
 * front changes no other.
 */
export type SettingValue = string | number | boolean | null;

export interface SettingChange {
  readonly path: string;
  readonly oldValue: SettingValue;
  readonly newValue: SettingValue;
}

const secretNames = new Set(['password', 'secret', 'token', 'key']);

/** A name of the definition as paths write it: `assetTag` is `asset_tag`. */
export function writeSettingName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A member of a list as paths write it: its place, its slot, or where it stands. */
export function writeMemberName(member: unknown, index: number): string {
  if (typeof member === 'object' && member !== null) {
    if ('bus' in member && 'controller' in member && 'position' in member) {
      return `${String(member.bus)}${String(member.controller)}:${String(member.position)}`;
    }
    if ('slot' in member) return String(member.slot);
  }
  return String(index);
}

function flatten(value: unknown, path: string, into: Map<string, SettingValue>): void {
  if (value === undefined) return;
  if (value === null || typeof value !== 'object') {
    // An empty text is no value.
    into.set(path, value === '' ? null : (value as SettingValue));
    return;
  }
  if (Array.isArray(value)) {
    const plain = value.every((member) => member === null || typeof member !== 'object');
    if (plain) {
      into.set(path, value.length === 0 ? null : value.join(', '));
      return;
    }
    for (const [index, member] of value.entries())
      flatten(member, `${path}/${writeMemberName(member, index)}`, into);
    return;
  }
  for (const [name, member] of Object.entries(value))
    flatten(
      member,
      path === '' ? writeSettingName(name) : `${path}/${writeSettingName(name)}`,
      into,
    );
}

/** Every changed setting, in the order of the new document, then the removed ones. A save without change yields none. */
export function diffSettings(before: unknown, after: unknown): readonly SettingChange[] {
  const old = new Map<string, SettingValue>();
  const now = new Map<string, SettingValue>();
  flatten(before, '', old);
  flatten(after, '', now);
  const changes: SettingChange[] = [];
  for (const [path, newValue] of now) {
    const oldValue = old.get(path) ?? null;
    if (oldValue !== newValue) changes.push({ path, oldValue, newValue });
  }
  for (const [path, oldValue] of old) {
    if (!now.has(path) && oldValue !== null) changes.push({ path, oldValue, newValue: null });
  }
  return changes.map(hideSecret);
}

function hideSecret(change: SettingChange): SettingChange {
  const last = change.path.slice(change.path.lastIndexOf('/') + 1);
  if (!secretNames.has(last)) return change;
  return {
    path: change.path,
    oldValue: change.oldValue === null ? null : '(hidden)',
    newValue: change.newValue === null ? null : '(hidden)',
  };
}

/** As the event log writes a value: `(no value)`, `true`, `512` (EVT-16). */
export function writeValue(value: SettingValue): string {
  return value === null || value === '' ? '(no value)' : String(value);
}
