/**
 * Vms of which a host told something while an operation had them (synchronise.ts), by host: they are looked at once more
 * when it has ended (reconcile/look-again.ts). Passing: a host tells all when it connects.
 */
export class SkippedRecords {
  readonly #hosts = new Map<string, Set<string>>();

  get size(): number {
    return this.#hosts.size;
  }

  hosts(): readonly string[] {
    return [...this.#hosts.keys()];
  }

  of(hostId: string): readonly string[] {
    return [...(this.#hosts.get(hostId) ?? [])];
  }

  note(hostId: string, vmIds: readonly string[]): void {
    if (vmIds.length === 0) return;
    this.#hosts.set(hostId, new Set([...this.of(hostId), ...vmIds]));
  }

  forget(hostId: string, vmId: string): void {
    const vms = this.#hosts.get(hostId);
    vms?.delete(vmId);
    if (vms?.size === 0) this.#hosts.delete(hostId);
  }

  /** The host is no longer one of these. */
  forgetHost(hostId: string): void {
    this.#hosts.delete(hostId);
  }
}
