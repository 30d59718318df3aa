/** What the console says in English and in German, to find English where German was chosen. */
import { eventCatalogue } from '#api';
import { english } from '../../src/console/i18n/en.ts';
import { german } from '../../src/console/i18n/de.ts';
import { readOwnWords } from '../../src/console/i18n/testing/own-words.ts';

/** Whole texts of the console in English that no German text is the same as. */
export async function englishOnly(): Promise<ReadonlySet<string>> {
  const own = await readOwnWords();
  const germans = new Set([german, ...own.map(({ de }) => de)].flatMap(textsIn));
  const all = [english, ...own.map(({ en }) => en)].flatMap(textsIn);
  return new Set(all.filter((text) => !germans.has(text)));
}

const eventPatterns = Object.values(eventCatalogue).map(
  ({ message }) =>
    new RegExp(
      `^${message.replaceAll(/[$()*+.?[\\\]^|]/g, String.raw`\$&`).replaceAll(/\{\w+\}/g, '.+')}$`,
      's',
    ),
);

/** Whether it is the message of an event as the API tells it. */
export function isEnglishEvent(text: string): boolean {
  return eventPatterns.some((pattern) => pattern.test(text));
}

function textsIn(table: unknown): readonly string[] {
  if (typeof table === 'string') return [table];
  return typeof table === 'object' && table !== null ? Object.values(table).flatMap(textsIn) : [];
}
