/** What vms are described by and what other programs keep with them, changed: libvirt's metadata events (virDomainMetadataType). Pure. */
import { writeSettingName, type Event } from '#api';
import { metadataKey, titleKey } from '#foreign';

export interface MetadataChange {
  readonly type: number;
  /** The address of its namespace; null for description and title. */
  readonly nsuri: string | null;
}

const types: Readonly<Record<string, number>> = { description: 0, [`extensions/${titleKey}`]: 1 };
const isElement = 2;
const elements = `extensions/${metadataKey}/`;

/** Undefined for other events. */
export function metadataChangeOf({
  name,
  attributes,
}: Pick<Event, 'name' | 'attributes'>): MetadataChange | undefined {
  if (name !== 'vm.setting.changed') return undefined;
  const path = String(attributes['path']);
  const type = Object.hasOwn(types, path) ? types[path] : undefined;
  if (type !== undefined) return { type, nsuri: null };
  if (!path.startsWith(elements)) return undefined;
  const text = String(attributes['newValue'] ?? attributes['oldValue'] ?? '');
  return { type: isElement, nsuri: addressIn(text, path.slice(elements.length)) };
}

/** Paths are written without capitals; as it is written the address stands in the element. */
function addressIn(text: string, written: string): string {
  const said = [...text.matchAll(/\sxmlns(?::[^\s=]+)?\s*=\s*(?:"([^"]*)"|'([^']*)')/g)]
    .map(([, double, single]) => (double ?? single ?? '').replaceAll('&amp;', '&'))
    .find((uri) => writeSettingName(uri) === written);
  return said ?? written;
}
