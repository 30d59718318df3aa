/**
 * `path=value` words as a merge patch: `hardware.memory.sizeBytes=2G settings.start.order=10 tags=[a,b]`.
 * Values are YAML, so numbers, true, null and lists mean what they say; sizes with a unit are bytes.
 */
import { parse } from 'yaml';
import { Fault, parseBytes } from '#lib';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const sizePattern = /^\d+(\.\d+)?\s*[KMGTP](i?B)?$/i;

function valueOf(path: string, text: string): Json {
  if (path.endsWith('Bytes') && sizePattern.test(text)) return parseBytes(text);
  try {
    return parse(text, { maxAliasCount: 0 }) as Json;
  } catch {
    return text;
  }
}

export function parseAssignments(words: readonly string[]): Record<string, Json> {
  const patch: Record<string, Json> = {};
  for (const word of words) {
    const equals = word.indexOf('=');
    const path = word.slice(0, equals).split('.');
    if (
      equals <= 0 ||
      path.some((part) => !/^[A-Za-z][A-Za-z0-9]*$/.test(part) || part === 'constructor')
    ) {
      throw new Fault('invalid', `"${word.slice(0, 80)}" is not PATH=VALUE`, {
        hint: 'write for example hardware.memory.sizeBytes=2G; paths are those of: gantry vm show NAME -o json',
      });
    }
    let at = patch;
    for (const part of path.slice(0, -1)) {
      const inner = at[part];
      if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) at = inner;
      else {
        const made: Record<string, Json> = {};
        at[part] = made;
        at = made;
      }
    }
    at[path.at(-1) ?? ''] = valueOf(word.slice(0, equals), word.slice(equals + 1));
  }
  return patch;
}
