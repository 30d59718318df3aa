/** The choice of fields: `name,status.cpuPercent` leaves just these, in their places. */
import { Fault } from '#lib';

/** A part that is wanted whole is `true`. */
export interface FieldTree {
  readonly [name: string]: FieldTree | true;
}

interface Branch {
  [name: string]: Branch | true;
}

const maxFields = 100;

/** Errors: `invalid`. Whether the fields exist is not looked at. */
export function parseFields(text: string): readonly (readonly string[])[] {
  const paths = text.split(',').map((part) => part.trim().split('.'));
  for (const path of paths)
    if (path.length > 8 || path.some((name) => name === ''))
      throw new Fault('invalid', `fields: "${path.join('.').slice(0, 100)}" is not a field`, {
        hint: 'write field names with commas, for example: name,state,status.cpuPercent',
      });
  if (paths.length > maxFields)
    throw new Fault('invalid', `fields: ${paths.length} fields; at most ${maxFields} can be`);
  return paths;
}

export function fieldTree(paths: readonly (readonly string[])[]): FieldTree {
  const tree: Branch = Object.create(null) as Branch;
  for (const path of paths) {
    let at = tree;
    for (const [depth, name] of path.entries()) {
      const there = at[name];
      if (there === true) break;
      if (depth === path.length - 1) at[name] = true;
      else if (there === undefined) {
        const made = Object.create(null) as Branch;
        at[name] = made;
        at = made;
      } else at = there;
    }
  }
  return tree;
}

export function pickFields(value: unknown, tree: FieldTree): unknown {
  if (Array.isArray(value)) return value.map((member: unknown) => pickFields(member, tree));
  if (typeof value !== 'object' || value === null) return value;
  const picked: Record<string, unknown> = {};
  for (const [name, below] of Object.entries(tree)) {
    if (!Object.hasOwn(value, name)) continue;
    const part: unknown = Reflect.get(value, name);
    picked[name] = below === true ? part : pickFields(part, below);
  }
  return picked;
}
