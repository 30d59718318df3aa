/**
 * Looks for what is wrong with the host and its machines though nobody starts one (WEB-55): slowly, one machine after the
 * other, and soon at one that has changed.
 *
 * Invariants: (1) at most one look is under way; (2) nothing is told before every machine was looked at once, so that
 * what is not told is not there.
 */
import { isDeepStrictEqual } from 'node:util';
import { maxHostTroubles, tellFinding, type HostTrouble, type ToldFinding } from '#api';
import { describeFault } from '#lib';
import type { Machine } from '../machine/machine.ts';
import type { Host } from './host.ts';
import type { SystemLog } from './system-log.ts';

const lookEveryMs = 20_000;
const soonMs = 200;

export class TroubleWatch implements Disposable {
  readonly #host: Host;
  readonly #systemLog: SystemLog | undefined;
  readonly #onChange: () => void;
  readonly #over = new AbortController();
  readonly #byMachine = new Map<string, readonly HostTrouble[]>();
  /** Machines that have changed since they were looked at. */
  readonly #changed = new Set<string>();
  #found: readonly HostTrouble[] | undefined;
  #wake: AbortController | undefined;

  constructor(host: Host, systemLog: SystemLog | undefined, onChange: () => void) {
    this.#host = host;
    this.#systemLog = systemLog;
    this.#onChange = onChange;
    void this.#run();
  }

  /** The same list until something is different; undefined before the first look is over. */
  get found(): readonly HostTrouble[] | undefined {
    return this.#found;
  }

  /** Soon: it has changed. */
  look({ id }: Machine): void {
    this.#changed.add(id);
    this.#wake?.abort();
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }

  async #run(): Promise<void> {
    const { clock, machines } = this.#host;
    const { signal } = this.#over;
    const pause = (ms: number, ...signals: AbortSignal[]): Promise<void> =>
      clock.sleep(ms, AbortSignal.any([signal, ...signals])).catch(() => undefined);
    for (let nextMs = 0; !signal.aborted;) {
      const isWhole = clock.now() >= nextMs;
      const ids = isWhole ? [...machines.keys()] : [...this.#changed];
      if (isWhole) nextMs = clock.now() + lookEveryMs;
      for (const id of ids) {
        this.#changed.delete(id);
        await this.#lookAt(id);
        if (signal.aborted) return;
      }
      this.#tell();
      this.#wake = new AbortController();
      if (this.#changed.size === 0) await pause(nextMs - clock.now(), this.#wake.signal);
      // What changes often is looked at once for all.
      await pause(soonMs);
    }
  }

  async #lookAt(id: string): Promise<void> {
    const file = this.#host.machines.get(id)?.file;
    if (file === undefined) return void this.#byMachine.delete(id);
    try {
      const found = (await this.#host.driver.storage.findTroubles?.(file)) ?? [];
      const troubles = found.map((one) => cut({ ...one, vmId: id }));
      if (troubles.length === 0) this.#byMachine.delete(id);
      else this.#byMachine.set(id, troubles);
    } catch (error) {
      this.#host.log.debug({ vm: id, why: describeFault(error) }, 'troubles of a machine');
    }
  }

  #tell(): void {
    const { machines } = this.#host;
    const troubles: HostTrouble[] = [];
    const { problem } = this.#systemLog ?? {};
    if (problem !== undefined) troubles.push(systemLogTrouble(problem));
    for (const [id, { file }] of machines) {
      if (file.noSpace !== null && file.state === 'paused')
        troubles.push(noSpaceTrouble(id, file.noSpace.volume));
      troubles.push(...(this.#byMachine.get(id) ?? []));
    }
    for (const id of this.#byMachine.keys()) if (!machines.has(id)) this.#byMachine.delete(id);
    const found = troubles.slice(0, maxHostTroubles);
    if (isDeepStrictEqual(found, this.#found)) return;
    this.#found = found;
    this.#onChange();
  }
}

function systemLogTrouble(why: string): HostTrouble {
  return cut(troubleOf('system-log', null, tellFinding('system-log-away', { why })));
}

function noSpaceTrouble(vmId: string, volume: string): HostTrouble {
  return cut(troubleOf('no-space', vmId, tellFinding('no-space', { volume })));
}

function troubleOf(
  kind: HostTrouble['kind'],
  vmId: string | null,
  { evidence, ...told }: ToldFinding,
): HostTrouble {
  return { kind, vmId, text: evidence, ...told };
}

/** What came from elsewhere may be longer than what is told. */
function cut({ text, remedy, values, ...trouble }: HostTrouble): HostTrouble {
  const short = (value: string | number): string | number =>
    typeof value === 'string' ? value.slice(0, 1000) : value;
  const pairs = Object.entries(values ?? {}).map(([name, value]) => [name, short(value)] as const);
  return {
    ...trouble,
    text: text.slice(0, 1000),
    remedy: remedy?.slice(0, 1000) ?? null,
    ...(values === undefined ? {} : { values: Object.fromEntries(pairs) }),
  };
}
