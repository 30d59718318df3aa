/** What rules are like as a whole, as they are written and as nft lists them: chains, and how many rules each has. Pure. */

/** `forward 3, input 1`, in the order of names. Tables that are only named or deleted have none. */
export function outlineOf(text: string): string {
  const counts = new Map<string, number>();
  let chain: string | undefined;
  let open = 0;
  for (const line of text.split('\n')) {
    const begun = /^\s*chain (\S+) \{$/.exec(line)?.[1];
    if (begun !== undefined) {
      chain = begun;
      counts.set(chain, counts.get(chain) ?? 0);
      continue;
    }
    if (chain === undefined) continue;
    if (open === 0 && line.trim() === '}') {
      chain = undefined;
      continue;
    }
    // nft lists long sets in several lines.
    open += line.split('{').length - line.split('}').length;
    if (open === 0) counts.set(chain, (counts.get(chain) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, count]) => `${name} ${count}`)
    .sort()
    .join(', ');
}
