/** Whose attributes are shown, as the address says it. */
export const attributeKinds = [
  'vm',
  'host',
  'team',
  'network',
  'image',
  'folder',
  'disk',
  'installation',
] as const;
export type AttributeKind = (typeof attributeKinds)[number];

export interface AttributesPlace {
  readonly kind: AttributeKind;
  /** Of a disk its path on the host; of the installation, of which there is one, nothing. */
  readonly id: string;
  /** Of a disk: the host's id. */
  readonly host?: string;
}

const text = (value: unknown, maxLength: number): string | undefined =>
  typeof value === 'string' && value.length <= maxLength ? value : undefined;

/** Nothing where it does not say whose. */
export function parseAttributesPlace(
  search: Readonly<Record<string, unknown>>,
): AttributesPlace | { readonly kind?: never } {
  const kind = attributeKinds.find((known) => known === search['kind']);
  const id = text(search['id'], 1024);
  const host = text(search['host'], 100);
  if (kind === undefined || id === undefined) return {};
  if ((id === '') !== (kind === 'installation')) return {};
  if (kind !== 'disk') return { kind, id };
  return host === undefined ? {} : { kind, id, host };
}
