/** What is the same for requests and upgrades: correlation, the thing a path names, checks before a handler. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Fault } from '#lib';
import { isUuid, type Kind, type Route } from '#api';
import type { Caller } from '../context.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { findOperation, isOwnedKind } from '../app/visibility.ts';
import type { Gate, Target } from './gate.ts';

export const correlationHeader = 'x-correlation-id';
const maxUrlLength = 8192;

/** The client's own id where it sends a UUID, else a new one. */
export function correlationOf(request: IncomingMessage): string {
  const given = request.headers[correlationHeader];
  return typeof given === 'string' && isUuid(given) ? given : randomUUID();
}

/** Errors: `too-large` for a URL beyond 8 KiB. */
export function checkHead(request: IncomingMessage): void {
  if ((request.url ?? '').length > maxUrlLength)
    throw new Fault('too-large', `the URL is longer than ${maxUrlLength} characters`, {
      hint: 'names have at most 100 bytes; a filter must fit as well',
    });
}

/** The thing that the path names, looked up where rights are granted on its kind. */
export function targetOf(
  route: Route,
  params: Readonly<Record<string, unknown>>,
  inventory: Inventory,
): Target | undefined {
  const { on } = route;
  if (on === undefined) return undefined;
  const reference = String(params[on]);
  if (!isOwnedKind(on)) return { kind: on, reference, id: reference };
  const id = inventory.find(on, reference)?.id;
  if (id !== undefined || on !== 'vm') return { kind: on, reference, id };
  return { kind: on, reference, id, namesakes: inventory.namesakes(reference) };
}

/** Whether the caller may use the route; answers the id of the thing, where the path names one that is looked up here. */
export function admit(
  gate: Gate,
  inventory: Inventory,
  caller: Caller,
  route: Route,
  target: Target | undefined,
): string {
  gate.authorize(caller, route, target);
  if (target === undefined) return '';
  if (target.kind === 'operation') findOperation(inventory, caller, target.reference);
  return looksUp(target.kind) ? (target.id ?? '') : '';
}

/** For what stays open: whether `admit` would still say yes. */
export function isAllowed(
  gate: Gate,
  caller: Caller,
  route: Route,
  target: Target | undefined,
): boolean {
  try {
    gate.authorize(caller, route, target);
    return true;
  } catch {
    return false;
  }
}

function looksUp(kind: Kind): boolean {
  return isOwnedKind(kind) || kind === 'operation';
}
