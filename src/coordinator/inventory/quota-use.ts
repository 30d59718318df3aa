/**
 * What the vms in each folder have together, kept as documents change, so that a quota is judged without a look at all
 * vms.
 *
 * Invariant: a vm counts with the most of what its definition says and what operations under way will give it. An
 * operation that makes one counts from its beginning; both at once are one vm.
 */
import { finishedStates, mixUse, noUse, useOf, type QuotaUse } from '#api';
import type { Charge, OperationDocument, VmDocument } from '../documents.ts';
import type { DocumentMaps } from './document-maps.ts';

/** With what a vm counts, and where. */
export interface Counted {
  readonly folderId: string;
  readonly use: QuotaUse;
}

export class QuotaUses {
  readonly #documents: DocumentMaps;
  /** Of operations that are not at their end, by vm and operation. */
  readonly #charges = new Map<string, Map<string, Charge>>();
  /** By folder, without those below. */
  readonly #sums = new Map<string, QuotaUse>();

  constructor(documents: DocumentMaps) {
    this.#documents = documents;
  }

  /** Undefined: it counts with nothing. */
  counted(vm: string): Counted | undefined {
    return this.#count(vm, this.#documents.get<VmDocument>('vm', vm)?.data);
  }

  /** Of the vms right in one of the folders. */
  of(folders: Iterable<string>): QuotaUse {
    let sum = noUse;
    for (const folder of folders) {
      const own = this.#sums.get(folder);
      if (own !== undefined) sum = mixUse(sum, own, (one, other) => one + other);
    }
    return sum;
  }

  changeVm(id: string, before: VmDocument | undefined, after: VmDocument | undefined): void {
    this.#add(this.#count(id, before), -1);
    this.#add(this.#count(id, after), 1);
  }

  changeOperation(
    id: string,
    before: OperationDocument | undefined,
    after: OperationDocument | undefined,
  ): void {
    const [gone, come] = [chargeOf(before), chargeOf(after)];
    if (gone !== undefined) this.#changeCharge(gone.vm, id, undefined);
    if (come !== undefined) this.#changeCharge(come.vm, id, come);
  }

  #changeCharge(vm: string, operation: string, charge: Charge | undefined): void {
    this.#add(this.counted(vm), -1);
    const charges = this.#charges.get(vm) ?? new Map<string, Charge>();
    if (charge === undefined) charges.delete(operation);
    else charges.set(operation, charge);
    if (charges.size === 0) this.#charges.delete(vm);
    else this.#charges.set(vm, charges);
    this.#add(this.counted(vm), 1);
  }

  #count(id: string, vm: VmDocument | undefined): Counted | undefined {
    const charges = this.#charges.get(id);
    if (charges === undefined) return vm && { folderId: vm.folderId, use: useOf(vm.definition) };
    let use = vm === undefined ? noUse : useOf(vm.definition);
    let folderId = vm?.folderId;
    for (const charge of charges.values()) {
      use = mixUse(use, charge.use, Math.max);
      folderId ??= charge.folderId;
    }
    return folderId === undefined ? undefined : { folderId, use };
  }

  #add(counted: Counted | undefined, sign: 1 | -1): void {
    if (counted === undefined) return;
    const { folderId, use } = counted;
    const sum = mixUse(this.of([folderId]), use, (one, other) => one + sign * other);
    if (sum.vms > 0) this.#sums.set(folderId, sum);
    else this.#sums.delete(folderId);
  }
}

/** Of an operation that is not at its end. */
function chargeOf(operation: OperationDocument | undefined): Charge | undefined {
  return operation === undefined || finishedStates.includes(operation.state)
    ? undefined
    : operation.charge;
}
