/**
 * Routes of the API, asked from within: what libvirt's clients ask passes the same rights, the same handlers and
 * the same audit trail as a request over HTTP, so that there is no second way to do a thing.
 */
import { faultCodes, toFault } from '#lib';
import { routes, type Route, type RouteName } from '#api';
import type { Caller, Coordinator } from '../context.ts';
import { admit, isAllowed, targetOf } from '../http/exchange.ts';
import type { Gate, Target } from '../http/gate.ts';
import type { Handlers, RouteAnswer } from '../http/route-handler.ts';
import type { ByteSocket } from '../link/pipe.ts';
import type { Upload } from '../app/host-disk-files.ts';
import { parseWith } from '../app/issues.ts';

export interface DeskParts {
  readonly coordinator: Coordinator;
  readonly gate: Gate;
  readonly handlers: Handlers;
}

export interface Asked {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Of a content, as in the header Range. */
  readonly range?: string;
  /** What a route that takes a part of a file is sent. */
  readonly upload?: Upload;
}

export class Desk {
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** The route's handler, after its checks. Errors: those of the route. */
  async ask<N extends RouteName>(
    caller: Caller,
    name: N,
    { params = {}, query = {}, body = {}, range, upload }: Asked,
    signal: AbortSignal,
  ): Promise<RouteAnswer<N>> {
    const route: Route = routes[name];
    const target = this.#targetOf(route, params);
    try {
      const request = {
        caller,
        id: this.#enter(caller, route, target),
        params: route.params && parseWith(route.params, params, 'the path'),
        query: route.query && parseWith(route.query, query, 'the query'),
        body: route.body && parseWith(route.body, body, 'the body'),
        upload,
        precondition: undefined,
        lastEventId: undefined,
        cookie: () => undefined,
        select: { method: route.method, range, ifRange: undefined },
        setHeader: () => undefined,
        setStatus: () => undefined,
        signal,
      };
      // The map of handlers is typed per route; here the route is only known as one of them.
      const handle = this.#parts.handlers[name] as (
        request: unknown,
      ) => RouteAnswer<N> | Promise<RouteAnswer<N>>;
      const answer = await handle(request);
      this.#note(caller, name, target, undefined);
      return answer;
    } catch (error) {
      this.#note(caller, name, target, error);
      throw error;
    }
  }

  /** A console, joined with what stands for the client's WebSocket until either ends. Errors: those of the route. */
  async join(
    caller: Caller,
    name: 'vm.serial.open' | 'vm.screen.open',
    asked: Asked & Pick<Required<Asked>, 'params'>,
    client: ByteSocket,
    signal: AbortSignal,
  ): Promise<void> {
    const { gate, coordinator } = this.#parts;
    const gone = new AbortController();
    client.on('close', () => gone.abort());
    // What it says before there is somebody to hear it waits.
    client.pause();
    const either = AbortSignal.any([signal, gone.signal]);
    const begin = await this.ask(caller, name, asked, either);
    const route: Route = routes[name];
    const target = targetOf(route, asked.params, coordinator.inventory);
    gate
      .watch(caller, either, () => isAllowed(gate, caller, route, target))
      .addEventListener('abort', () => client.close(1008, 'the right to it has ended'), {
        once: true,
      });
    begin(client);
    client.resume();
  }

  /**
   * The checks of a route that reads, for an answer that the inventory gives. Answers the id of the thing that the parameters
   * name. Errors: those of the route.
   */
  admit(caller: Caller, name: RouteName, params: Readonly<Record<string, string>> = {}): string {
    const route: Route = routes[name];
    const target = this.#targetOf(route, params);
    let id: string;
    try {
      id = this.#enter(caller, route, target);
    } catch (error) {
      this.#note(caller, name, target, error);
      throw error;
    }
    this.#note(caller, name, target, undefined);
    return id;
  }

  #targetOf(route: Route, params: Readonly<Record<string, string>>): Target | undefined {
    return targetOf(route, params, this.#parts.coordinator.inventory);
  }

  /** The id of the thing that the parameters name. */
  #enter(caller: Caller, route: Route, target: Target | undefined): string {
    const { gate, coordinator } = this.#parts;
    return admit(gate, coordinator.inventory, caller, route, target);
  }

  #note(caller: Caller, name: RouteName, target: Target | undefined, error: unknown): void {
    const { gate } = this.#parts;
    const route: Route = routes[name];
    gate.audit({
      caller,
      method: route.method,
      route: name,
      target,
      status: error === undefined ? doneStatus(route) : faultCodes[toFault(error).code].status,
      error,
      correlationId: caller.correlationId,
      origin: caller.origin,
    });
  }
}

function doneStatus({ answer }: Route): number {
  if (answer === 'operation') return 202;
  return answer === 'websocket' ? 101 : 200;
}
