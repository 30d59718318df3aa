/**
 * The work of operations on the disks of vms, as libvirt's clients hear of its end (virConnectDomainEventBlockJobStatus): programs that
 * wait for a block job wait for that. Of vms of libvirt hosts their libvirtd tells it.
 */
import { finishedStates, type Operation, type OperationState } from '#api';
import type { Inventory } from '../inventory/inventory.ts';
import { isForeignHost } from '../app/vm/tell-hypervisor.ts';

/** virDomainBlockJobType by the operation. */
export const diskJobTypes: Readonly<Record<string, number>> = {
  'vm.flatten': 1,
  'vm.disk.relocate': 2,
  'vm.relocate': 2,
  'vm.snapshot.delete': 3,
};

const statuses: Readonly<Partial<Record<OperationState, number>>> = {
  done: 0,
  failed: 1,
  cancelled: 2,
};

export interface EndedJob {
  readonly vmId: string;
  readonly type: number;
  readonly status: number;
}

/** Of those that ended the last ones are known, so that none is told twice. */
const maxEnded = 1024;

export class DiskJobs implements Disposable {
  readonly #listeners = new Set<(job: EndedJob) => void>();
  readonly #ended = new Set<string>();
  readonly #stop: () => void;

  constructor(inventory: Inventory) {
    this.#stop = inventory.onChange(({ things }) => {
      if (this.#listeners.size === 0) return;
      for (const { kind, id, how } of things)
        if (kind === 'operation' && how !== 'sampled' && how !== 'deleted')
          this.#look(inventory, inventory.operation(id));
    });
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  /** Until what is answered is called. */
  onEnded(listener: (job: EndedJob) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #look(inventory: Inventory, operation: Operation | undefined): void {
    if (operation === undefined || !finishedStates.includes(operation.state)) return;
    const type = diskJobTypes[operation.action];
    const status = statuses[operation.state];
    const vm = inventory.vm(operation.target.id);
    if (type === undefined || status === undefined || vm === undefined) return;
    if (this.#ended.has(operation.id) || isForeignHost(inventory, vm.hostId)) return;
    this.#ended.add(operation.id);
    for (const first of [...this.#ended].slice(0, -maxEnded)) this.#ended.delete(first);
    for (const listener of this.#listeners) listener({ vmId: vm.id, type, status });
  }
}
