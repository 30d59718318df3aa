/**
 * What a hypervisor tells of vms beyond their states, and of its own things, on its way to the coordinator in the hypervisor's words. It is for who listens now:
 * what cannot be sent in time is left out, and said to be.
 */
import {
  maxToldAtOnce,
  type HostEventName,
  type ToldEvent,
  type ToldEventName,
  type ToldOfHost,
} from '#api';
import { packEvent, type DomainHandle, type FieldsOf } from '#libvirt';
import type { Log } from '#log';

/** Those after which a vm's disks may be other files. */
const ofDisks: ReadonlySet<ToldEventName> = new Set([
  'DOMAIN_EVENT_BLOCK_JOB_2',
  'DOMAIN_EVENT_CALLBACK_DISK_CHANGE',
]);

export function changesDisks(name: ToldEventName): boolean {
  return ofDisks.has(name);
}

export class ToldEvents {
  readonly #log: Log;
  #waiting: ToldEvent[] = [];
  #ofHost: ToldOfHost[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** `place`: of the disk that is named in it. */
  add<E extends ToldEventName>(
    vmId: string,
    name: E,
    fields: FieldsOf<E>,
    place: string | undefined,
  ): void {
    if (this.#waiting.length === maxToldAtOnce) {
      this.#log.warn({ name }, 'the hypervisor tells more than can be given on');
      return;
    }
    const told = { id: vmId, name, fields: packEvent(name, fields).toString('base64') };
    this.#waiting.push(place === undefined ? told : { ...told, place });
  }

  addOfHost<E extends HostEventName>(name: E, fields: FieldsOf<E>): void {
    if (this.#ofHost.length === maxToldAtOnce) {
      this.#log.warn({ name }, 'the hypervisor tells more than can be given on');
      return;
    }
    this.#ofHost.push({ name, fields: packEvent(name, fields).toString('base64') });
  }

  takeOfHost(): readonly ToldOfHost[] {
    const taken = this.#ofHost;
    this.#ofHost = [];
    return taken;
  }

  take(): readonly ToldEvent[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }
}

/** Whose it is. */
export function domainOf(fields: FieldsOf<ToldEventName>): DomainHandle {
  return 'dom' in fields ? fields.dom : fields.msg.dom;
}

/** What the disk that it is about is called there. */
export function diskIn(fields: FieldsOf<ToldEventName>): string | undefined {
  if ('dst' in fields) return fields.dst;
  return 'threshold' in fields ? fields.dev : undefined;
}
