/**
 * Keepalive (libvirt's page "Keepalive protocol"): a ping after a silence, and the end of the
 * connection after too many of them without any sign of life. Whatever arrives is a sign of life.
 */
import {
  encodeRawFrame,
  frameStatus,
  frameTypes,
  programs,
  protocolVersion,
} from '../wire/frame.ts';

export const ping = 1;
export const pong = 2;

export interface KeepaliveOptions {
  /** Silence before a ping. */
  readonly intervalMs: number;
  /** Unanswered pings before the peer counts as dead. */
  readonly count: number;
}

/** What libvirt's own programs use. */
export const defaultKeepalive: KeepaliveOptions = { intervalMs: 5000, count: 5 };

export function keepaliveFrame(procedure: typeof ping | typeof pong): Buffer {
  return encodeRawFrame({
    program: programs.keepalive,
    version: protocolVersion,
    procedure,
    type: frameTypes.message,
    serial: 0,
    status: frameStatus.ok,
  });
}

/** The timer of one connection. Nothing is counted while it is paused, because we do not listen then. */
export class KeepaliveTimer {
  readonly #options: KeepaliveOptions;
  readonly #sendPing: () => void;
  readonly #onDead: () => void;
  #timer: NodeJS.Timeout | undefined;
  #unanswered = 0;
  #paused = false;

  constructor(options: KeepaliveOptions, sendPing: () => void, onDead: () => void) {
    this.#options = options;
    this.#sendPing = sendPing;
    this.#onDead = onDead;
    this.#arm();
  }

  /** Something arrived. */
  alive(): void {
    this.#unanswered = 0;
    this.#timer?.refresh();
  }

  pause(): void {
    this.#paused = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  resume(): void {
    this.#paused = false;
    this.#unanswered = 0;
    this.#arm();
  }

  stop(): void {
    this.pause();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onSilence(), this.#options.intervalMs);
    this.#timer.unref();
  }

  #onSilence(): void {
    if (this.#paused) return;
    if (this.#unanswered >= this.#options.count) {
      this.#onDead();
      return;
    }
    this.#unanswered += 1;
    this.#sendPing();
    this.#arm();
  }
}
