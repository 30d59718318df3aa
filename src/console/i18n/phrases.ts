/**
 * English sentences of the API, said in another language: each is known by what stands between its values, which go into
 * the places of the other sentence. The values of `{why}`, `{what}` and `{status}` are said the same way; no value but that
 * of `{why}` has `: ` or `; ` in it, so that a fault with its causes is said cause by cause; and `{path}` begins at the root.
 * What is not known stays as it came.
 */

/** By the English sentence with `{places}`. */
export type Phrases = Readonly<Record<string, string>>;

/** Undefined where not a part of it is known. */
export type SayPhrase = (told: string) => string | undefined;

interface Entry {
  readonly pattern: RegExp;
  readonly places: readonly string[];
  /** Stands in every sentence that the pattern fits. */
  readonly mark: string;
  readonly said: string;
}

/** Hold sentences, or parts of them, themselves. */
const sentencePlaces: ReadonlySet<string> = new Set(['why', 'what', 'status']);
/** With more it is not a sentence of ours. */
const maxToldLength = 2000;
const maxSaidParts = 40;
const maxKept = 1000;

export function createPhraseBook(phrases: Phrases): SayPhrase {
  let entries: readonly Entry[] | undefined;
  const whole = (told: string): string | undefined => {
    if (Object.hasOwn(phrases, told)) return phrases[told];
    entries ??= readEntries(phrases);
    for (const { mark, pattern, places, said } of entries) {
      const values = told.includes(mark) ? pattern.exec(told)?.slice(1) : undefined;
      if (values === undefined) continue;
      const byPlace = new Map(places.map((place, at) => [place, values[at] ?? '']));
      return said.replaceAll(/\{(\w+)\}/g, (place, name: string) => {
        const value = byPlace.get(name) ?? place;
        return sentencePlaces.has(name) ? (say(value) ?? value) : value;
      });
    }
    return undefined;
  };
  const say: SayPhrase = (told) => {
    if (told.length > maxToldLength) return undefined;
    // Texts at even places, what parts them at odd ones.
    const parts = told.split(/([:;] )/);
    let said = '';
    let isKnown = false;
    for (let at = 0; at < parts.length;) {
      const found = at < maxSaidParts ? longest(parts, at) : undefined;
      isKnown ||= found !== undefined;
      const { text, next } = found ?? { text: parts[at] ?? '', next: at + 1 };
      said += text + (parts[next] ?? '');
      at = next + 1;
    }
    return isKnown ? said : undefined;
  };
  const longest = (
    parts: readonly string[],
    from: number,
  ): { readonly text: string; readonly next: number } | undefined => {
    const last = Math.min(parts.length, from + maxSaidParts);
    for (let next = last; next > from; next -= 1) {
      const text = (next - from) % 2 === 1 ? whole(parts.slice(from, next).join('')) : undefined;
      if (text !== undefined) return { text, next };
    }
    return undefined;
  };
  // A list is drawn again whenever one of its lines changes.
  const known = new Map<string, string | undefined>();
  return (told) => {
    if (!known.has(told)) {
      if (known.size >= maxKept) known.clear();
      known.set(told, say(told));
    }
    return known.get(told);
  };
}

/** Those that say most of themselves come first. */
function readEntries(phrases: Phrases): readonly Entry[] {
  const lengthOf = (text: string): number => text.replaceAll(/\{\w+\}/g, '').length;
  return Object.entries(phrases)
    .filter(([told]) => told.includes('{'))
    .toSorted(([one], [other]) => lengthOf(other) - lengthOf(one))
    .map(([told, said]) => {
      const parts = told.split(/\{(\w+)\}/);
      const source = parts.map((part, at) => (at % 2 === 0 ? escapePattern(part) : valueOf(part)));
      const [mark = ''] = parts
        .filter((_, at) => at % 2 === 0)
        .toSorted((one, other) => other.length - one.length);
      const places = parts.filter((_, at) => at % 2 === 1);
      return { pattern: new RegExp(`^${source.join('')}$`, 's'), places, mark, said };
    });
}

function escapePattern(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}

function valueOf(place: string): string {
  if (place === 'why') return '(.+)';
  return place === 'path' ? '(/(?:(?![:;] ).)*?)' : '((?:(?![:;] ).)+?)';
}
