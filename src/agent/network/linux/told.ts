/** What this host was told of networks: those that concern it, and how those stand that others serve too. In files. */
import { isDeepStrictEqual } from 'node:util';
import type { NetworkSpec } from '#api';
import type { Log } from '#log';
import { readKnown, writeKnown, type KnownNetworks } from './known-file.ts';
import { Standings } from './standings.ts';

export class ToldNetworks {
  readonly standings: Standings;
  readonly #path: string;
  #known: ReadonlyMap<string, NetworkSpec> = new Map();
  #others: KnownNetworks['others'] = 'none';

  constructor(hostId: string, path: string) {
    this.standings = new Standings(hostId);
    this.#path = path;
  }

  get known(): ReadonlyMap<string, NetworkSpec> {
    return this.#known;
  }

  /** Whether there is any network, here or elsewhere. */
  get areAny(): boolean {
    return this.#known.size > 0 || this.#others === 'some';
  }

  /** What an agent before was told. Answers whether it was told anything. */
  async read(log: Log): Promise<boolean> {
    const told = await readKnown(this.#path, log);
    if (told !== undefined) this.#take(told);
    return told !== undefined;
  }

  /** Kept when it resolves. Answers whether it is something new. */
  async tell(told: KnownNetworks): Promise<boolean> {
    const networks = [...this.#known.values()];
    const before = { networks, spans: this.standings.all, others: this.#others };
    if (isDeepStrictEqual(before, told)) return false;
    await writeKnown(this.#path, told, this.#known);
    this.#take(told);
    return true;
  }

  #take({ networks, spans, others }: KnownNetworks): void {
    this.#known = new Map(networks.map((network) => [network.id, network]));
    this.standings.take(spans);
    this.#others = others;
  }
}
