/** The adapters of a host, as its link sees them. */
import type { AdapterReport, AdapterTrial, AdapterUse, HostAdapterChange } from '#api';

export interface Adapters {
  list(): Promise<readonly AdapterReport[]>;
  /**
   * Answers what is to be confirmed, or null where the change is made for good: it cannot cut the host off. A check does nothing.
   * Errors: `not-found`; `refused` with what stands against it; `unavailable` where it was tried and undone.
   */
  change(
    name: string,
    change: HostAdapterChange,
    work?: 'do' | 'check',
  ): Promise<AdapterTrial | null>;
  /** Answers what it is for from now on. Errors: `refused` where nothing is tried with the adapter, or not any more. */
  confirm(name: string): Promise<AdapterUse>;
}
