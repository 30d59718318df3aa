/**
 * The link to a coordinator for as long as the agent runs: dials, and dials again. Its end changes nothing
 * for machines.
 */
import { WebSocket } from 'ws';
import { maxLinkMessageBytes } from '#api';
import { abortReason, describeFault, type Clock } from '#lib';
import type { Host } from '../host/host.ts';
import { backoffMs } from './backoff.ts';
import type { Handlers } from './calls.ts';
import { Connection, defaultTiming, type ConnectionTiming } from './connection.ts';
import type { Credentials } from './credentials.ts';

export interface LinkOptions {
  /** `https://host:port` of the coordinator. */
  readonly coordinator: URL;
  readonly credentials: Credentials;
  readonly host: Host;
  readonly handlers: Handlers;
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

export function dial(coordinator: URL, path: string, credentials: Credentials): WebSocket {
  return new WebSocket(socketUrl(coordinator, path), {
    cert: credentials.certificate,
    key: credentials.privateKey,
    ca: credentials.authority,
    minVersion: 'TLSv1.3',
    handshakeTimeout: 10_000,
    maxPayload: maxLinkMessageBytes,
    perMessageDeflate: false,
  });
}

export class Link {
  readonly #options: LinkOptions;
  #connection: Connection | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** New events are on disk. */
  nudge(): void {
    this.#connection?.nudge();
  }

  /** Stays connected until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { coordinator, credentials, host, handlers, clock, random } = this.#options;
    const backoff = { firstMs: 250, maxMs: 15_000, random };
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const socket = dial(coordinator, linkPath, credentials);
      const connection = new Connection(
        socket,
        host,
        handlers,
        this.#options.timing ?? defaultTiming,
        () => {
          attempt = 0;
          host.log.info({ coordinator: coordinator.host }, 'linked');
          this.#options.onWelcome?.();
        },
      );
      this.#connection = connection;
      const reason = await connection.run(signal);
      this.#connection = undefined;
      if (signal.aborted) return;
      const waitMs = backoffMs(attempt, backoff);
      host.log.warn({ why: describeFault(reason), waitMs: Math.round(waitMs) }, 'link ended');
      await clock.sleep(waitMs, signal).catch(() => abortReason(signal));
    }
  }
}
