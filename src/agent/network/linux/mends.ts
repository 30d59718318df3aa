/**
 * What of a network was found other than it was left, and is as it should be again. Told at once; where others undo it
 * again and again, once a minute with how often. In memory: what an agent finds when it begins is no news.
 */
import { isDeepStrictEqual } from 'node:util';
import type { NetworkSpec } from '#api';
import { systemClock, type Clock } from '#lib';
import type { Part } from './carried.ts';
import type { Call, NetworkPlan } from './plan.ts';

const quietMs = 60_000;
/** Whoever comes after that is told as if it were the first time. */
const forgottenMs = 10 * quietMs;
const maxLength = 500;

/** What calls that had been made already, and are to be made again, say of what has happened. Pure. */
export function wrongsOf(calls: readonly Call[]): readonly string[] {
  const wrongs = calls.flatMap((call) => wrongOf(call) ?? []);
  const deleted = wrongs.filter((wrong) => wrong.endsWith('was deleted'));
  // What is made anew lacks all the rest as well.
  return deleted.length > 0 ? deleted : [...new Set(wrongs)];
}

function wrongOf(call: Call): string | undefined {
  const [object, verb] = call;
  const at = (word: string): string => call[call.indexOf(word) + 1] ?? '';
  if (verb === 'add' && object === 'link')
    return at('type') === 'bridge' ? 'its bridge was deleted' : 'its VLAN was deleted';
  if (verb === 'add') return `its address ${call[2] ?? ''} was taken away`;
  if (verb === 'del') return `its bridge had the address ${call[2] ?? ''}`;
  if (call.includes('master')) return `${at('dev')} was not in its bridge`;
  if (call.at(-1) === 'up') return `${at('dev')} was set down`;
  return call.includes('alias') || call.includes('name')
    ? undefined
    : `settings of ${at('dev')} were changed`;
}

export interface Cable {
  readonly key: string;
  readonly tap: string;
  readonly network: string | null;
  readonly bridge: string | null;
  readonly calls: readonly Call[];
}

interface Told {
  readonly atMs: number;
  /** How often it was mended since. */
  readonly more: number;
}

export class Mends {
  readonly #onMended: (network: Pick<NetworkSpec, 'id' | 'name'>, what: string) => void;
  readonly #clock: Clock;
  readonly #carried = new Map<string, { readonly network: NetworkSpec; readonly part: Part }>();
  /** Bridges that cables were plugged into. */
  #plugged: ReadonlyMap<string, string | null> = new Map();
  readonly #noted = new Map<string, Set<string>>();
  readonly #told = new Map<string, Map<string, Told>>();

  constructor(
    onMended: (network: Pick<NetworkSpec, 'id' | 'name'>, what: string) => void,
    clock: Clock = systemClock,
  ) {
    this.#onMended = onMended;
    this.#clock = clock;
  }

  note(network: string, wrong: string): void {
    const noted = this.#noted.get(network) ?? new Set();
    this.#noted.set(network, noted.add(wrong));
  }

  /** What was to be done to carry the network. That it is carried otherwise than before is nobody's wrong. */
  carried(network: NetworkSpec, part: Part, { ownBridge, calls }: NetworkPlan): void {
    const before = this.#carried.get(network.id);
    if (ownBridge === undefined) {
      this.#carried.delete(network.id);
      return;
    }
    const now = { network, part };
    this.#carried.set(network.id, now);
    if (isDeepStrictEqual(before, now))
      for (const wrong of wrongsOf(calls)) this.note(network.id, wrong);
  }

  /** Where cables are to be, and what is to be done for it. One that is moved to another bridge is nobody's wrong. */
  plugged(cables: readonly Cable[]): void {
    for (const { key, tap, network, bridge, calls } of cables) {
      const wasThere = bridge !== null && this.#plugged.get(key) === bridge;
      // With its bridge goes every cable, too.
      if (wasThere && calls.length > 0 && network !== null && !this.#noted.has(network))
        this.note(network, `${tap} was not in its bridge`);
    }
    this.#plugged = new Map(cables.map(({ key, bridge }) => [key, bridge]));
  }

  /** All is done: those of the networks that are carried are told. */
  tell(networks: readonly NetworkSpec[]): void {
    const known = new Set(networks.map(({ id }) => id));
    for (const map of [this.#carried, this.#told])
      for (const id of map.keys()) if (!known.has(id)) map.delete(id);
    for (const network of networks) {
      const wrongs = [...(this.#noted.get(network.id) ?? [])].flatMap(
        (wrong) => this.#worded(network.id, wrong) ?? [],
      );
      if (wrongs.length > 0) this.#onMended(network, wrongs.join('; ').slice(0, maxLength));
    }
    this.#noted.clear();
  }

  #worded(network: string, wrong: string): string | undefined {
    const told = this.#told.get(network) ?? new Map<string, Told>();
    this.#told.set(network, told);
    const now = this.#clock.now();
    for (const [key, { atMs }] of told) if (now - atMs > forgottenMs) told.delete(key);
    const last = told.get(wrong);
    if (last !== undefined && now - last.atMs < quietMs) {
      told.set(wrong, { ...last, more: last.more + 1 });
      return undefined;
    }
    told.set(wrong, { atMs: now, more: 0 });
    const more = last?.more ?? 0;
    return more === 0 ? wrong : `${wrong}, and ${more} times more since that was told`;
  }
}
