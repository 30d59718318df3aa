/**
 * Trouble in networks that comes from whoever is on them: servers that answer DHCP requests, addresses that two use.
 * nftables writes down what it sees (sighting-rules.ts); it is read every few seconds and judged.
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { systemClock, type Reason } from '#lib';
import { judgeSightings, type Seen, type Sighting, type Watched } from './judge-sightings.ts';
import { tableName } from './names.ts';
import { run } from './programs.ts';
import { rememberedSeconds, type SightingSet } from './sighting-rules.ts';

/** How often nftables is asked. */
const usualLookMs = 5_000;

const elementSchema = z.object({
  elem: z.object({
    val: z.object({ concat: z.array(z.string().max(64)).min(2).max(3) }),
    expires: z.number().optional(),
  }),
});
const listSchema = z.object({
  nftables: z.array(
    z.object({ set: z.object({ elem: z.array(elementSchema).max(65_536).optional() }).optional() }),
  ),
});

interface SightingsOptions {
  readonly nft: string;
  readonly hostId: string;
  readonly lookMs?: number | undefined;
  /** Told when something else follows than before. */
  readonly onChange: () => void;
}

export class Sightings {
  readonly #options: SightingsOptions;
  #watched: () => readonly Watched[] = () => [];
  /** Since when an interface has been in its network: what was seen before was in another one. */
  #since = new Map<string, { readonly network: string; readonly ms: number }>();
  #known = new Map<string, Sighting>();
  #reasons: ReadonlyMap<string, readonly Reason[]> = new Map();
  #ticker: NodeJS.Timeout | undefined;

  constructor(options: SightingsOptions) {
    this.#options = options;
  }

  of(network: string): readonly Reason[] {
    return this.#reasons.get(network) ?? [];
  }

  /** Asked at every look, since leases come and go between. */
  keep(watched: () => readonly Watched[]): void {
    this.#watched = watched;
    const now = systemClock.now();
    this.#since = new Map(
      watched().flatMap(({ id, interfaces }) =>
        [...interfaces].map((name) => {
          const before = this.#since.get(name);
          return [name, before?.network === id ? before : { network: id, ms: now }] as const;
        }),
      ),
    );
    this.#ticker ??= setInterval(
      () => void this.#look(),
      this.#options.lookMs ?? usualLookMs,
    ).unref();
  }

  cease(): void {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
    this.#watched = () => [];
    this.#since.clear();
    this.#known.clear();
    this.#reasons = new Map();
  }

  async #look(): Promise<void> {
    const [answering, claiming, doubled] = await Promise.all([
      this.#read('answering'),
      this.#read('claiming'),
      this.#read('doubled'),
    ]);
    if (this.#ticker === undefined) return;
    const all = [...answering, ...claiming, ...doubled];
    this.#known = new Map(all.map(({ key, sighting }) => [key, sighting]));
    const seen: Seen = {
      answering: this.#counted(answering),
      claiming: this.#counted(claiming),
      doubled: this.#counted(doubled),
    };
    const reasons = new Map(this.#watched().map((one) => [one.id, judgeSightings(one, seen)]));
    if (isDeepStrictEqual(reasons, this.#reasons)) return;
    this.#reasons = reasons;
    this.#options.onChange();
  }

  /** A set that is not there is empty. */
  async #read(set: SightingSet): Promise<readonly KeyedSighting[]> {
    const { nft, hostId } = this.#options;
    const call = ['--json', 'list', 'set', 'bridge', tableName(hostId), set];
    const text = await run(nft, call).catch(() => '{"nftables":[]}');
    const { data } = listSchema.safeParse(JSON.parse(text));
    const now = systemClock.now();
    return (data?.nftables ?? []).flatMap(({ set: listed }) =>
      (listed?.elem ?? []).map(({ elem: { val, expires = rememberedSeconds } }) => {
        const [name = '', mac = '', address] = val.concat;
        const lastMs = now - (rememberedSeconds - expires) * 1000;
        const key = [set, ...val.concat].join(' ');
        const firstMs = Math.min(this.#known.get(key)?.firstMs ?? lastMs, lastMs);
        return { key, sighting: { interface: name, mac, address, firstMs, lastMs } };
      }),
    );
  }

  #counted(all: readonly KeyedSighting[]): readonly Sighting[] {
    return all
      .map(({ sighting }) => sighting)
      .filter(({ interface: name, lastMs }) => lastMs >= (this.#since.get(name)?.ms ?? 0));
  }
}

interface KeyedSighting {
  readonly key: string;
  readonly sighting: Sighting;
}
