/**
 * Calls of the coordinator: from bytes to a handler and back. The table of handlers is `handlers.ts`.
 *
 * Invariant: each call is answered exactly once on the connection it came by, or not at all when that has
 * ended; at most `maxCalls` are under way. A call goes on when its connection ends: the coordinator asks
 * again and finds it done, or joins it.
 */
import {
  linkMethods,
  type AgentMessage,
  type LinkMethod,
  type LinkParams,
  type LinkResult,
} from '#api';
import { Fault, faultToData, type FaultData } from '#lib';
import type { Log } from '#log';

const maxCalls = 512;
const progressPeriodMs = 250;

export interface CallContext {
  readonly signal: AbortSignal;
  readonly progress: (progress: number | null, note: string | null) => void;
}

export type Handlers = {
  readonly [M in LinkMethod]: (
    params: LinkParams<M>,
    context: CallContext,
  ) => Promise<LinkResult<M>>;
};

/** Of what is the host's; the link itself answers the rest. */
export type HostHandlers = Omit<Handlers, 'host.watch'>;

type Send = (message: AgentMessage) => void;

export class Calls {
  readonly #handlers: Handlers;
  readonly #log: Log;
  readonly #send: Send;
  readonly #active = new Map<number, AbortController>();

  constructor(handlers: Handlers, log: Log, send: Send) {
    this.#handlers = handlers;
    this.#log = log;
    this.#send = send;
  }

  /** Never throws: what goes wrong is the answer. */
  async take(id: number, method: string, params: unknown): Promise<void> {
    const controller = new AbortController();
    try {
      if (this.#active.size >= maxCalls) {
        throw new Fault('exhausted', `${maxCalls} calls are under way`, {
          hint: 'try again later',
        });
      }
      this.#active.set(id, controller);
      const result = await this.#dispatch(method, params, {
        signal: controller.signal,
        progress: this.#progressOf(id),
      });
      this.#send({ type: 'answer', id, result });
    } catch (error) {
      this.#send({ type: 'answer', id, fault: answerFault(error) });
      const fault = faultToData(error);
      if (fault.code === 'internal') this.#log.error({ method, err: error }, 'call failed');
      else this.#log.debug({ method, code: fault.code, why: fault.message }, 'call refused');
    } finally {
      if (this.#active.get(id) === controller) this.#active.delete(id);
    }
  }

  cancel(id: number): void {
    this.#active.get(id)?.abort(new Fault('cancelled', 'the call was cancelled'));
  }

  async #dispatch(method: string, params: unknown, context: CallContext): Promise<unknown> {
    if (!isMethod(method)) {
      throw new Fault('unsupported', `this agent knows no method ${method.slice(0, 64)}`, {
        hint: 'update the agent',
      });
    }
    const parsed = linkMethods[method].params.safeParse(params);
    if (!parsed.success) {
      throw new Fault('invalid', `parameters of ${method}`, { cause: parsed.error });
    }
    const handle = this.#handlers[method] as (
      params: unknown,
      context: CallContext,
    ) => Promise<unknown>;
    return handle(parsed.data, context);
  }

  /** Progress is told a few times a second at most; the last word always. */
  #progressOf(id: number): CallContext['progress'] {
    let lastMs = 0;
    return (progress, note) => {
      const nowMs = Date.now();
      if (progress !== 1 && nowMs - lastMs < progressPeriodMs) return;
      lastMs = nowMs;
      const bounded = progress === null ? null : Math.min(1, Math.max(0, progress));
      this.#send({ type: 'progress', id, progress: bounded, note: note?.slice(0, 300) ?? null });
    };
  }
}

function isMethod(method: string): method is LinkMethod {
  return Object.hasOwn(linkMethods, method);
}

type AnswerFault = NonNullable<Extract<AgentMessage, { type: 'answer' }>['fault']>;

/** The fault without its undefined members, which the wire's schema does not know. */
export function answerFault(error: unknown): AnswerFault {
  const data: FaultData = faultToData(error);
  return {
    code: data.code,
    message: data.message,
    ...(data.hint === undefined ? {} : { hint: data.hint }),
    ...(data.facts === undefined ? {} : { facts: data.facts }),
    ...(data.reasons === undefined
      ? {}
      : {
          reasons: data.reasons.map(({ code, text, remedy }) =>
            remedy === undefined ? { code, text } : { code, text, remedy },
          ),
        }),
  };
}
