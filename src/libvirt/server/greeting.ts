/**
 * The part of a connection before there are handlers: logging in, features, opening.
 *
 *   greeting ── login proved, or none wanted ──▶ ready ── CONNECT_OPEN ──▶ open
 *
 * In `greeting` only the procedures of logging in are answered.
 */
import { authTypes } from '../procedures/feature.ts';
import type { ArgsOf, ProcedureName, ReturnOf } from '../procedures/table.ts';
import { libvirtFault } from '../wire/remote-error.ts';
import type { Peer } from './handler.ts';
import { SaslExchange, type SaslAnswer, type SaslOptions } from './sasl-server.ts';

export interface GreetingOptions {
  readonly peer: Peer;
  readonly sasl: SaslOptions | undefined;
  readonly supports: (feature: number) => boolean;
  readonly open: (args: ArgsOf<'CONNECT_OPEN'>) => Promise<void>;
  readonly close: () => void;
}

type LoginName = 'AUTH_LIST' | 'AUTH_SASL_INIT' | 'AUTH_SASL_START' | 'AUTH_SASL_STEP';
type ConnectName =
  | 'CONNECT_SUPPORTS_FEATURE'
  | 'CONNECT_OPEN'
  | 'CONNECT_GET_URI'
  | 'CONNECT_CLOSE'
  | 'CONNECT_REGISTER_CLOSE_CALLBACK'
  | 'CONNECT_UNREGISTER_CLOSE_CALLBACK';
type Steps<N extends ProcedureName> = {
  readonly [P in N]: (args: ArgsOf<P>) => ReturnOf<P> | Promise<ReturnOf<P>>;
};
type AnyStep = (args: unknown) => unknown;

export class Greeting {
  readonly #options: GreetingOptions;
  readonly #sasl: SaslExchange | undefined;
  readonly #login: Steps<LoginName>;
  readonly #connect: Steps<ConnectName>;
  #state: 'greeting' | 'ready' | 'opening' | 'open';
  #name = '';

  constructor(options: GreetingOptions) {
    this.#options = options;
    this.#sasl = options.sasl && new SaslExchange(options.sasl, options.peer);
    this.#state = this.#sasl ? 'greeting' : 'ready';
    this.#login = {
      AUTH_LIST: () => ({ types: [this.#state === 'greeting' ? authTypes.sasl : authTypes.none] }),
      AUTH_SASL_INIT: () => ({ mechlist: this.#exchange().mechanisms.join(',') }),
      AUTH_SASL_START: async ({ mech, data }) =>
        this.#proved(await this.#exchange().start(mech, data)),
      AUTH_SASL_STEP: ({ data }) => this.#proved(this.#exchange().step(data)),
    };
    this.#connect = {
      CONNECT_SUPPORTS_FEATURE: ({ feature }) => ({ supported: options.supports(feature) ? 1 : 0 }),
      CONNECT_OPEN: (args) => this.#open(args),
      CONNECT_GET_URI: () => ({ uri: this.#name }),
      CONNECT_CLOSE: () => {
        options.close();
        return {};
      },
      CONNECT_REGISTER_CLOSE_CALLBACK: () => ({}),
      CONNECT_UNREGISTER_CLOSE_CALLBACK: () => ({}),
    };
  }

  /** The name that was proved; undefined where none was asked for. */
  get user(): string | undefined {
    return this.#sasl?.user;
  }

  /** Answers one of the procedures of connecting. Errors: AUTH_FAILED, NO_SUPPORT, INVALID_CONN. */
  async answer(name: ProcedureName, args: unknown): Promise<unknown> {
    const login = find(this.#login, name);
    if (login) return login(args);
    if (this.#state === 'greeting') throw libvirtFault('AUTH_FAILED', 'authentication is required');
    const step = find(this.#connect, name);
    if (!step) throw libvirtFault('NO_SUPPORT', `${name} is not supported here`);
    return step(args);
  }

  async #open(args: ArgsOf<'CONNECT_OPEN'>): Promise<Record<string, never>> {
    if (this.#state !== 'ready') {
      throw libvirtFault('INVALID_CONN', 'the connection is open already');
    }
    this.#state = 'opening';
    try {
      await this.#options.open(args);
    } catch (error) {
      // A client may try another name on the same connection.
      this.#state = 'ready';
      throw error;
    }
    this.#state = 'open';
    this.#name = args.name ?? '';
    return {};
  }

  #exchange(): SaslExchange {
    if (!this.#sasl || this.#state !== 'greeting') {
      throw libvirtFault('AUTH_FAILED', 'no authentication is wanted');
    }
    return this.#sasl;
  }

  #proved(answer: SaslAnswer): SaslAnswer {
    if (this.user !== undefined) this.#state = 'ready';
    return answer;
  }
}

/** Each step is typed by its name; here the name is only known as one of them. */
function find(steps: object, name: ProcedureName): AnyStep | undefined {
  return Object.hasOwn(steps, name)
    ? (steps as Readonly<Record<string, AnyStep>>)[name]
    : undefined;
}
