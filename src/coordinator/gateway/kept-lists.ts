/**
 * Lists of domains as bytes, kept until any vm is another one: clients ask for the same list again and again. For those to whom every
 * vm is shown; what others see is looked up every time.
 */
import { encodeReturn, type Encoded, type ReturnOf } from '#libvirt';
import type { Inventory } from '../inventory/inventory.ts';

type List = ReturnOf<'CONNECT_LIST_ALL_DOMAINS'>;

interface Kept {
  readonly version: number;
  readonly bytes: Encoded<List>;
}

/** The longest not asked for goes first. */
const maxKept = 6;

export class KeptLists {
  readonly #inventory: Pick<Inventory, 'vmTable'>;
  readonly #kept = new Map<string, Kept>();

  constructor(inventory: Pick<Inventory, 'vmTable'>) {
    this.#inventory = inventory;
  }

  /** `key`: all that the list depends on beside the vms; undefined: it is made anew. */
  get(key: string | undefined, make: () => List): List | Encoded<List> {
    if (key === undefined) return make();
    const { version } = this.#inventory.vmTable;
    let kept = this.#kept.get(key);
    if (kept?.version !== version)
      kept = { version, bytes: encodeReturn('CONNECT_LIST_ALL_DOMAINS', make()) };
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKept && oldest !== undefined) this.#kept.delete(oldest);
    return kept.bytes;
  }
}
