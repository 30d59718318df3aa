/** Which vms are being moved to another host: kept as operations change. */
import { finishedStates } from '#api';
import type { OperationDocument } from '../documents.ts';

export class Moves {
  /** By vm: the operations that move it and have not ended. */
  readonly #of = new Map<string, Set<string>>();

  has(vmId: string): boolean {
    return this.#of.has(vmId);
  }

  /** The vm that now is moved, or is moved no longer. */
  change(
    id: string,
    before: OperationDocument | undefined,
    after: OperationDocument | undefined,
  ): string | undefined {
    const [left, joined] = [movedBy(before), movedBy(after)];
    if (left === joined) return undefined;
    if (left !== undefined) {
      const moves = this.#of.get(left);
      moves?.delete(id);
      if (moves?.size === 0) this.#of.delete(left);
    }
    if (joined !== undefined) this.#of.set(joined, (this.#of.get(joined) ?? new Set()).add(id));
    return joined ?? left;
  }
}

function movedBy(operation: OperationDocument | undefined): string | undefined {
  if (operation?.action !== 'vm.migrate' || finishedStates.includes(operation.state))
    return undefined;
  return operation.target.id;
}
