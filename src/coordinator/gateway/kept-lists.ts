/**
 * Lists of domains as bytes, kept until any vm is another one, since clients ask for the same list again and again; then only the vms
 * that have changed are looked at. For those to whom every vm is shown; what others see is looked up every time.
 */
import type { Vm } from '#api';
import {
  encodeDomainList,
  encodeHandle,
  type DomainHandle,
  type Encoded,
  type ReturnOf,
} from '#libvirt';
import type { Inventory } from '../inventory/inventory.ts';

type List = Encoded<ReturnOf<'CONNECT_LIST_ALL_DOMAINS'>>;

interface Kept {
  version: number;
  /** By place: the vm's stamp when it was looked at, and its handle; undefined: it is not shown. */
  readonly stamps: number[];
  readonly handles: (string | undefined)[];
  list: List | undefined;
}

/** The longest not asked for goes first. */
const maxKept = 6;

export class KeptLists {
  readonly #inventory: Pick<Inventory, 'vmTable'>;
  readonly #kept = new Map<string, Kept>();

  constructor(inventory: Pick<Inventory, 'vmTable'>) {
    this.#inventory = inventory;
  }

  /**
   * `key`: all that `handleOf` goes by beside the vm; undefined: it is asked of every vm. `handleOf`: undefined for one that is not
   * shown. Errors: those of `check`, which is given how many there are.
   */
  get(
    key: string | undefined,
    handleOf: (vm: Vm) => DomainHandle | undefined,
    check: (count: number) => void,
  ): List {
    const kept = (key === undefined ? undefined : this.#kept.get(key)) ?? nothing();
    if (key !== undefined) this.#keep(key, kept);
    const { version } = this.#inventory.vmTable;
    if (kept.list !== undefined && kept.version === version) return kept.list;
    this.#update(kept, handleOf);
    const handles = kept.handles.filter((handle) => handle !== undefined);
    check(handles.length);
    kept.list = encodeDomainList(handles);
    kept.version = version;
    return kept.list;
  }

  #update({ stamps, handles }: Kept, handleOf: (vm: Vm) => DomainHandle | undefined): void {
    const { vmTable } = this.#inventory;
    for (let place = 0; place < vmTable.places; place += 1) {
      const stamp = vmTable.stampAt(place);
      if (stamps[place] === stamp) continue;
      const vm = vmTable.viewAt(place);
      const handle = vm && handleOf(vm);
      handles[place] = handle && encodeHandle(handle);
      stamps[place] = stamp;
    }
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKept && oldest !== undefined) this.#kept.delete(oldest);
  }
}

function nothing(): Kept {
  return { version: -1, stamps: [], handles: [], list: undefined };
}
