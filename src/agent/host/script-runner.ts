/**
 * Scripts attached to events of vms and of the host: told of each event, it runs those attached to it, one after the
 * other for each vm, and for the host, in the order of its events, and tells how they went (EVT-67, API-30 to API-33,
 * API-39).
 *
 * Invariants: a script never holds up what it is told of; at most `maxRuns` run at the same time and
 * `maxWaiting` wait, what comes then is told as failed; nothing runs where the installation does not allow it.
 */
import type {
  AgentEvent,
  Cause,
  EventAttributes,
  EventName,
  HostScript,
  HostSettings,
  Script,
} from '#api';
import { describeFault, toFault } from '#lib';
import type { Driver, ScriptEnd } from '../drivers/driver.ts';
import { systemCause } from '../machine/causes.ts';
import type { MachineFile } from '../machine/record.ts';
import type { Outbox } from './outbox.ts';

export const maxRuns = 8;
export const maxWaiting = 256;
/** While more events than this wait for the coordinator, less of the output is told. */
const manyEvents = 500;
const briefLength = 1024;

export interface ScriptHost {
  readonly name: string;
  readonly driver: Pick<Driver, 'runScript'>;
  readonly eventScripts: boolean;
  readonly settings: Pick<HostSettings, 'scripts'>;
  readonly outbox: Pick<Outbox, 'waiting'>;
  emit<N extends EventName>(
    vmId: string | null,
    name: N,
    attributes: EventAttributes<N>,
    cause: Cause,
  ): void;
}

type Told = Omit<AgentEvent, 'seq'>;

interface Run {
  /** Undefined: of the host. */
  readonly machine: MachineFile | undefined;
  readonly script: Script | HostScript;
  readonly event: Told;
}

export class ScriptRunner implements AsyncDisposable {
  readonly #host: ScriptHost;
  readonly #ends = new AbortController();
  #waiting: Run[] = [];
  /** Under the vm's id; the host's under none. */
  readonly #running = new Map<string, Promise<void>>();

  constructor(host: ScriptHost) {
    this.#host = host;
  }

  /** `machine`: that the event is of; undefined: it is of the host. */
  take(machine: MachineFile | undefined, event: Told): void {
    if (!this.#host.eventScripts || this.#ends.signal.aborted) return;
    const { scripts } = machine?.definition.settings ?? this.#host.settings;
    for (const script of scripts) {
      if (script.event !== event.name) continue;
      const run = { machine, script, event };
      if (this.#waiting.length < maxWaiting) this.#waiting.push(run);
      else this.#fail(run, `more than ${maxWaiting} scripts wait already`);
    }
    this.#begin();
  }

  /** Ends what runs and forgets what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ends.abort();
    this.#waiting = [];
    await Promise.all(this.#running.values());
  }

  #begin(): void {
    while (this.#running.size < maxRuns) {
      const at = this.#waiting.findIndex(({ event }) => !this.#running.has(event.vmId ?? ''));
      const [run] = at === -1 ? [] : this.#waiting.splice(at, 1);
      if (run === undefined) return;
      const id = run.event.vmId ?? '';
      // Not before it is known to run: what it tells comes back here.
      const done = Promise.resolve()
        .then(() => this.#run(run))
        .finally(() => {
          this.#running.delete(id);
          this.#begin();
        });
      this.#running.set(id, done);
    }
  }

  async #run(run: Run): Promise<void> {
    const { machine, script, event } = run;
    const { driver, name: hostName } = this.#host;
    if (driver.runScript === undefined)
      return this.#fail(run, 'the driver of this host runs no scripts');
    this.#tell(run, 'started', {});
    const vm = machine?.definition;
    try {
      const end = await driver.runScript(
        machine ?? 'host',
        {
          file: script.file,
          arguments: [vm?.name ?? hostName, ...script.arguments],
          environment: {
            PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
            LANG: 'C.UTF-8',
            GANTRY_EVENT: event.name,
            GANTRY_TIME: event.time,
            GANTRY_HOST: hostName,
            ...(vm === undefined ? {} : { GANTRY_VM: vm.id, GANTRY_VM_NAME: vm.name }),
          },
          input: `${JSON.stringify({ ...event, ...(vm && { vmName: vm.name }), host: hostName })}\n`,
          timeoutMs: script.timeoutSeconds * 1000,
        },
        this.#ends.signal,
      );
      if (end.failure === undefined) this.#tell(run, 'finished', this.#attributesOf(end));
      else this.#fail(run, end.failure, end);
    } catch (error) {
      this.#fail(run, describeFault(toFault(error)));
    }
  }

  #fail(run: Run, reason: string, end?: ScriptEnd): void {
    const attributes = this.#attributesOf(end);
    this.#tell(run, 'failed', { ...attributes, reason });
  }

  #tell<S extends 'started' | 'finished' | 'failed'>(
    { machine, script, event }: Run,
    stage: S,
    attributes: Omit<EventAttributes<`vm.script.${S}`>, 'script' | 'event'>,
  ): void {
    const name = `${machine === undefined ? 'host' : 'vm'}.script.${stage}` as const;
    const told = { script: script.file, event: event.name, ...attributes };
    this.#host.emit(event.vmId, name, told as EventAttributes<typeof name>, {
      ...systemCause,
      correlationId: event.correlationId,
    });
  }

  #attributesOf(
    end: ScriptEnd | undefined,
  ): Pick<ScriptEnd, 'exitStatus' | 'output' | 'errorOutput'> {
    const length = this.#host.outbox.waiting.length > manyEvents ? briefLength : undefined;
    return {
      exitStatus: end?.exitStatus ?? null,
      output: end?.output.slice(0, length) ?? '',
      errorOutput: end?.errorOutput.slice(0, length) ?? '',
    };
  }
}
