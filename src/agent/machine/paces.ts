/**
 * How fast files of disks are copied and merged: as fast as the host lets work on disks of vms that run, unless somebody has said
 * otherwise for one piece of work. Work is known by the correlation id of whoever asked for it, so that what was said of it
 * ends with it; an agent that is started anew does not know it any more.
 */
import type { Hands } from './hands.ts';

interface Pace {
  readonly correlationId: string;
  readonly bytesPerSecond: number;
}

export class Paces {
  /** By vm, of which one thing is done at a time. */
  readonly #ofVms = new Map<string, Pace>();

  /** `null`: that of the host again. */
  set(vmId: string, correlationId: string, bytesPerSecond: number | null): void {
    if (bytesPerSecond === null) this.#ofVms.delete(vmId);
    else this.#ofVms.set(vmId, { correlationId, bytesPerSecond });
  }

  of(vmId: string, correlationId: string | null): number | undefined {
    const pace = this.#ofVms.get(vmId);
    return pace?.correlationId === correlationId ? pace.bytesPerSecond : undefined;
  }
}

/** What was said of this work. */
export function saidPace({
  host,
  file,
  cause,
}: Pick<Hands, 'host' | 'file' | 'cause'>): number | undefined {
  return host.paces.of(file.definition.id, cause.correlationId);
}

/** Of work on files that a process has open; 0: as fast as it goes. */
export function livePace(hands: Pick<Hands, 'host' | 'file' | 'cause'>): number {
  return saidPace(hands) ?? hands.host.settings.liveMergeBytesPerSecond ?? 0;
}
