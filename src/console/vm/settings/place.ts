/** Where a field stands: in the definition, in the contract (without members of lists), and as events name it. */
import { writeMemberName, writeSettingName } from '#api';

export interface Place {
  /** Names and indices from the top of the definition. */
  readonly steps: readonly (string | number)[];
  /** As `fieldAt` takes it. */
  readonly path: string;
  /** As events, `pending` and changes name it. */
  readonly settingPath: string;
}

export const top: Place = { steps: [], path: '', settingPath: '' };

const join = (above: string, name: string): string => (above === '' ? name : `${above}/${name}`);

export function placeOf(path: string): Place {
  return path.split('/').reduce(childPlace, top);
}

export function childPlace(place: Place, name: string): Place {
  return {
    steps: [...place.steps, name],
    path: join(place.path, name),
    settingPath: join(place.settingPath, writeSettingName(name)),
  };
}

export function memberPlace(place: Place, member: unknown, index: number): Place {
  return {
    ...place,
    steps: [...place.steps, index],
    settingPath: `${place.settingPath}/${writeMemberName(member, index)}`,
  };
}

export function readAt(value: unknown, steps: Place['steps']): unknown {
  let at = value;
  for (const step of steps) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Readonly<Record<string | number, unknown>>)[step];
  }
  return at;
}

/** A copy with another value at the place; what is around it stays the same. */
export function writeAt(value: unknown, steps: Place['steps'], to: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return to;
  if (Array.isArray(value))
    return value.map((member: unknown, index) =>
      index === step ? writeAt(member, rest, to) : member,
    );
  const object = (value ?? {}) as Readonly<Record<string, unknown>>;
  return { ...object, [step]: writeAt(object[String(step)], rest, to) };
}
