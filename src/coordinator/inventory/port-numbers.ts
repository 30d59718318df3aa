/**
 * Which numbers the ports of a network have, and which vms have other ports than their numbers say: kept as
 * documents change, so that nobody looks through all vms.
 */
import type { PortNumbersDocument, VmDocument } from '../documents.ts';
import type { DocumentMaps } from './document-maps.ts';
import { TakenNumbers } from './taken-numbers.ts';

export type NumberedPort = PortNumbersDocument['ports'][number];

export class PortNumbers {
  readonly #documents: DocumentMaps;
  readonly #taken = new Map<string, TakenNumbers>();
  /** In the order in which it was seen. */
  readonly unsettled = new Set<string>();

  constructor(documents: DocumentMaps) {
    this.#documents = documents;
  }

  /** The lowest that no port of the network has, and not below `from`. */
  lowestFree(network: string, from: number): number {
    return this.#taken.get(network)?.lowestFree(from) ?? from;
  }

  changeNumbers(
    vm: string,
    before: PortNumbersDocument | undefined,
    after: PortNumbersDocument | undefined,
  ): void {
    for (const { network, number } of before?.ports ?? []) {
      const taken = this.#taken.get(network);
      taken?.free(number);
      if (taken?.isEmpty === true) this.#taken.delete(network);
    }
    for (const { network, number } of after?.ports ?? []) {
      let taken = this.#taken.get(network);
      if (taken === undefined) this.#taken.set(network, (taken = new TakenNumbers(1)));
      taken.take(number);
    }
    this.changeVm(vm);
  }

  /** The vm or its numbers are other ones now. */
  changeVm(id: string): void {
    const ports = pluggedPorts(this.#documents.get<VmDocument>('vm', id)?.data);
    const kept = this.#documents.get<PortNumbersDocument>('port-numbers', id)?.data.ports ?? [];
    const settled =
      ports.length === kept.length &&
      ports.every((port) => kept.some((numbered) => isSamePort(numbered, port)));
    if (settled) this.unsettled.delete(id);
    else this.unsettled.add(id);
  }
}

/** A port is where the adapter of a slot is plugged into a network. */
export function isSamePort(
  one: Omit<NumberedPort, 'number'>,
  other: Omit<NumberedPort, 'number'>,
): boolean {
  return one.slot === other.slot && one.network === other.network;
}

/** Those of a vm by its definition. */
export function pluggedPorts(vm: VmDocument | undefined): readonly Omit<NumberedPort, 'number'>[] {
  return (vm?.definition.hardware.adapters ?? []).flatMap(({ slot, attachment }) =>
    attachment.kind === 'network' ? [{ slot, network: attachment.network }] : [],
  );
}
