/** All that is known of a thing as one table: each value with the way to it, in the words of the API. */
type Scalar = string | number | boolean | null;

export interface Attribute {
  /** As events name settings: `hardware/disks/0/file`. */
  readonly path: string;
  /** Values of a plain list stand together; undefined where a list or a group is empty. */
  readonly value: Scalar | readonly Scalar[] | undefined;
}

const isScalar = (value: unknown): value is Scalar =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value);

/** In the order in which the API tells them. */
export function listAttributes(thing: unknown, path = ''): readonly Attribute[] {
  if (isScalar(thing)) return [{ path, value: thing }];
  if (Array.isArray(thing) && thing.length > 0 && thing.every(isScalar))
    return [{ path, value: thing }];
  if (typeof thing !== 'object') return [];
  const members = Object.entries(thing);
  if (members.length === 0) return path === '' ? [] : [{ path, value: undefined }];
  return members.flatMap(([name, member]) =>
    listAttributes(member, path === '' ? name : `${path}/${name}`),
  );
}

/** Null as in events (EVT-16). */
export function writeValue({ value }: Attribute): string {
  if (value === undefined) return '';
  return [value]
    .flat()
    .map((one) => (one === null ? '(no value)' : String(one)))
    .join(', ');
}

/** Those whose path or value has all the words that were typed. */
export function findAttributes(
  attributes: readonly Attribute[],
  typed: string,
): readonly Attribute[] {
  const wanted = typed.toLowerCase().split(/\s+/);
  return attributes.filter((attribute) => {
    const text = `${attribute.path} ${writeValue(attribute)}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
