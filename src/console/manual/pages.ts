/** The pages of the manual, built into the console: those of exactly this version, and nothing is fetched from elsewhere. */

const texts = import.meta.glob<string>(
  ['../../../docs/manual/**/*.md', '../../../docs/errors.md'],
  { query: '?raw', import: 'default' },
);
const pictures = import.meta.glob<string>('../../../docs/manual/pictures/*.png', {
  query: '?url',
  import: 'default',
  eager: true,
});

const above = '../../../docs/';

export function hasPage(page: string): boolean {
  return Object.hasOwn(texts, above + page);
}

/** Its Markdown; undefined where there is none. */
export async function readPage(page: string): Promise<string | undefined> {
  return hasPage(page) ? await texts[above + page]?.() : undefined;
}

/** Its address; undefined where there is none. */
export function pictureAddress(path: string): string | undefined {
  return pictures[above + path];
}
