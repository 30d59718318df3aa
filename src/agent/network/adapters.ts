/** The adapters of a host, as its link sees them. */
import type { HostAdapterChange, AdapterReport, AdapterTrial } from '#api';

export interface Adapters {
  list(): Promise<readonly AdapterReport[]>;
  /**
   * Answers what is to be confirmed, or null where the change is made for good: it cannot cut the host off.
   * Errors: `not-found`; `refused` with what stands against it; `unavailable` where it was tried and undone.
   */
  change(name: string, change: HostAdapterChange): Promise<AdapterTrial | null>;
  /** Errors: `refused` where nothing is tried with the adapter, or not any more. */
  confirm(name: string): Promise<void>;
}
