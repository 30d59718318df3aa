/**
 * The link to a coordinator for as long as the agent runs: dials, and dials again. Its end changes nothing
 * for machines.
 */
import { WebSocket, type ClientOptions } from 'ws';
import { linkServerName, maxLinkMessageBytes } from '#api';
import { abortReason, describeFault, type Clock } from '#lib';
import { backoffMs } from './backoff.ts';
import type { HostHandlers } from './calls.ts';
import { Connection, defaultTiming, type ConnectionTiming } from './connection.ts';
import type { Credentials } from './credentials.ts';
import type { LinkedHost } from './linked-host.ts';
import type { Wallet } from './wallet.ts';

export interface LinkOptions {
  /** `https://host:port` of the coordinator. */
  readonly coordinator: URL;
  readonly wallet: Pick<Wallet, 'inUse' | 'worked' | 'failed'>;
  readonly host: LinkedHost;
  readonly handlers: HostHandlers;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timing?: ConnectionTiming | undefined;
  readonly onWelcome?: (() => void) | undefined;
}

export const linkPath = '/api/v1/agent';
export const streamPath = '/api/v1/agent/stream';

/** `wss://…/path` of a coordinator given as `https://…`. */
export function socketUrl(coordinator: URL, path: string): URL {
  const url = new URL(path, coordinator);
  url.protocol = 'wss:';
  return url;
}

/**
 * Masking keeps a page in a browser from writing bytes of its choice past a proxy (RFC 6455 10.3). Inside TLS to the
 * coordinator there is neither, and with a key of zeros neither side goes through every byte of a disk.
 */
function noMask(key: Buffer): void {
  key.fill(0);
}

export function dial(coordinator: URL, path: string, credentials: Credentials): WebSocket {
  const options: ClientOptions & { readonly servername: string } = {
    cert: credentials.certificate,
    key: credentials.privateKey,
    ca: credentials.authority,
    servername: linkServerName,
    minVersion: 'TLSv1.3',
    handshakeTimeout: 10_000,
    maxPayload: maxLinkMessageBytes,
    perMessageDeflate: false,
    generateMask: noMask,
  };
  return new WebSocket(socketUrl(coordinator, path), options);
}

export class Link {
  readonly #options: LinkOptions;
  #connection: Connection | undefined;
  #redial: AbortController | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** New events are on disk. */
  nudge(): void {
    this.#connection?.nudge();
  }

  /** Ends the connection that there is and dials at once: with credentials that are new. */
  redial(): void {
    this.#redial?.abort();
  }

  /** Stays connected until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { coordinator, wallet, host, handlers, clock, random } = this.#options;
    const backoff = { firstMs: 250, maxMs: 15_000, random };
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const credentials = wallet.inUse;
      const redial = new AbortController();
      this.#redial = redial;
      let hasWorked = false;
      const connection = new Connection(
        dial(coordinator, linkPath, credentials),
        host,
        handlers,
        this.#options.timing ?? defaultTiming,
        () => {
          attempt = 0;
          hasWorked = true;
          void wallet.worked(credentials);
          host.log.info({ coordinator: coordinator.host }, 'linked');
          this.#options.onWelcome?.();
        },
      );
      this.#connection = connection;
      const reason = await connection.run(signal, redial.signal);
      this.#connection = undefined;
      if (signal.aborted) return;
      if (redial.signal.aborted) continue;
      if (!hasWorked) wallet.failed(credentials);
      const waitMs = backoffMs(attempt, backoff);
      host.log.warn({ why: describeFault(reason), waitMs: Math.round(waitMs) }, 'link ended');
      await clock.sleep(waitMs, signal).catch(() => abortReason(signal));
    }
  }
}
