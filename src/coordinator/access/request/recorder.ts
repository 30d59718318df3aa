/**
 * What is written down of requests: every one in the audit trail (reads only where that is set, unless
 * they were refused), and refusals and failed sign-ins as events too. Strangers cannot fill the disk
 * with it: beyond a rate, theirs are only counted.
 */
import { isFault } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import type { UserDocument } from '../../documents.ts';
import type { AuditedRequest } from '../../http/gate.ts';
import { installationThing } from '../../app/things.ts';
import type { Document, NewEvent } from '../../store/store.ts';
import type { AuditTrail } from '../audit/trail.ts';
import { EventBrake } from '../event-brake.ts';
import { Refusal } from '../rights/authorize.ts';
import { securityEvent, userThing } from '../security-event.ts';
import { auditsReads } from '../sign-in/sessions.ts';

const refusalsPerMinute = 10;
const failuresPerMinute = 60;
const strangersPerMinute = 600;
const secretPattern = /gantry_\w+/g;

export class Recorder {
  readonly #coordinator: Coordinator;
  readonly #trail: AuditTrail;
  readonly #refusals: EventBrake;
  readonly #failures: EventBrake;
  readonly #strangers: EventBrake;

  constructor(coordinator: Coordinator, trail: AuditTrail) {
    this.#coordinator = coordinator;
    this.#trail = trail;
    this.#refusals = new EventBrake(refusalsPerMinute, coordinator.clock);
    this.#failures = new EventBrake(failuresPerMinute, coordinator.clock);
    this.#strangers = new EventBrake(strangersPerMinute, coordinator.clock);
  }

  record(request: AuditedRequest): void {
    const { caller, error } = request;
    const isRefused =
      error instanceof Refusal || isFault(error, 'forbidden') || isFault(error, 'unauthenticated');
    // An upgrade to a WebSocket reads by its method only.
    const mayHaveChanged = request.method !== 'GET' || request.status === 101;
    const isWritten = mayHaveChanged || isRefused || auditsReads(this.#coordinator.inventory);
    if (isWritten) this.#append(request, mayHaveChanged);
    if (caller !== undefined && caller.userId !== null && isRefused) this.#refused(caller, request);
  }

  #append(request: AuditedRequest, mayHaveChanged: boolean): void {
    const { caller, target, error } = request;
    const isStranger = caller === undefined || caller.proof?.means === 'none';
    if (isStranger && this.#strangers.pass('') === undefined) {
      this.#trail.count();
      return;
    }
    this.#trail.append(
      {
        user: caller === undefined || isStranger ? null : caller.actor.name,
        means: caller === undefined ? 'none' : (caller.proof?.means ?? 'system'),
        origin: caller?.origin ?? request.origin,
        method: request.method.slice(0, 8),
        route: request.route,
        object: target ? objectText(target.kind, target.id ?? target.reference) : null,
        status: request.status,
        code: error === undefined ? null : isFault(error) ? error.code : 'internal',
        correlationId: request.correlationId,
      },
      mayHaveChanged ? 'at-once' : 'within-a-second',
    );
  }

  #refused(caller: Caller, request: AuditedRequest): void {
    const unwritten = this.#refusals.pass(caller.userId ?? '');
    if (unwritten === undefined) return;
    const { error, target } = request;
    const verb = error instanceof Refusal ? error.verb : factVerb(error);
    this.#commit(
      securityEvent(caller, 'security.denied', userThing(caller.userId ?? '', caller.actor.name), {
        verb: verb ?? request.route,
        object: target ? objectText(target.kind, target.reference) : 'the installation',
        unwritten,
      }),
    );
  }

  /** A failed sign-in. What was typed for an unknown user may be a password and is not written down. */
  failed(caller: Caller, user: Document<UserDocument> | undefined, means: string): void {
    const unwritten = this.#failures.pass('');
    if (unwritten === undefined) return;
    const target = user ? userThing(user.id, user.data.name) : { ...installationThing, name: '' };
    this.#commit(
      securityEvent(
        caller,
        'security.sign-in-failed',
        user ? target : { ...target, kind: 'user', name: 'an unknown user' },
        { means, unwritten },
      ),
    );
  }

  /** Nobody waits for these: the request is answered as it would be without. */
  #commit(event: NewEvent): void {
    this.#coordinator
      .commit({ events: [event] })
      .catch((error: unknown) =>
        this.#coordinator.log.warn({ err: error, event: event.name }, 'cannot write an event'),
      );
  }
}

/** People paste secrets where names belong. */
function objectText(kind: string, reference: string): string {
  return `${kind} ${reference.slice(0, 200)}`.replaceAll(secretPattern, 'gantry_...');
}

function factVerb(error: unknown): string | undefined {
  const verb: unknown = isFault(error) ? error.facts['verb'] : undefined;
  return typeof verb === 'string' ? verb : undefined;
}
