/** Where the pages of the manual are: below `docs` in the tree, and by the same path in the console's address. */

/** The page that the bare address shows. */
export const startPage = 'manual/README.md';

/** The path below `docs` that a link on a page leads to, with what follows `#`; undefined: it leads out of the manual. */
export function followLink(
  page: string,
  link: string,
): { readonly page: string; readonly anchor: string } | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const { pathname, hash } = new URL(link, `file:///${page}`);
  return { page: pathname.slice(1), anchor: hash.slice(1) };
}
