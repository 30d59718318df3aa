/** Screen and input (qapi/ui.json). */
import { flag, list, map, optional, record, text, type Parser } from '../../parse.ts';
import type { CommandOptions } from '../client.ts';
import { ask, tell, type Monitor } from './ask.ts';

/** Writes the screen as PNG; QEMU writes the file, so its user must be able to. */
export function screendump(
  monitor: Monitor,
  path: string,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'screendump', { filename: path, format: 'png' }, options);
}

/** Presses the keys together and lets go after `holdMs`. Keys are QEMU's qcodes: see `keys/`. */
export function sendKey(
  monitor: Monitor,
  qcodes: readonly string[],
  holdMs: number,
  options?: CommandOptions,
): Promise<void> {
  const keys = qcodes.map((data) => ({ type: 'qcode', data }));
  return tell(monitor, 'send-key', { keys, 'hold-time': holdMs }, options);
}

export type InputEvent =
  | { readonly kind: 'key'; readonly qcode: string; readonly motion: 'down' | 'up' }
  | { readonly kind: 'button'; readonly button: string; readonly motion: 'down' | 'up' }
  /** 0 to 32767 from left to right, or top to bottom. */
  | { readonly kind: 'position'; readonly axis: 'x' | 'y'; readonly value: number }
  | { readonly kind: 'movement'; readonly axis: 'x' | 'y'; readonly value: number };

/** All events at once, in order. */
export function inputSendEvent(
  monitor: Monitor,
  events: readonly InputEvent[],
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'input-send-event', { events: events.map(formatEvent) }, options);
}

function formatEvent(event: InputEvent): object {
  switch (event.kind) {
    case 'key': {
      const key = { type: 'qcode', data: event.qcode };
      return { type: 'key', data: { down: event.motion === 'down', key } };
    }
    case 'button':
      return { type: 'btn', data: { down: event.motion === 'down', button: event.button } };
    case 'position':
      return { type: 'abs', data: { axis: event.axis, value: event.value } };
    case 'movement':
      return { type: 'rel', data: { axis: event.axis, value: event.value } };
  }
}

export interface VncInfo {
  readonly enabled: boolean;
  /** How many viewers are connected. */
  readonly viewers: number;
}

const parseVnc: Parser<VncInfo> = map(
  record({ enabled: flag, clients: optional(list(record({ host: text() }))) }),
  (info) => ({ enabled: info.enabled, viewers: info.clients?.length ?? 0 }),
);

export function queryVnc(monitor: Monitor, options?: CommandOptions): Promise<VncInfo> {
  return ask(monitor, 'query-vnc', undefined, parseVnc, options);
}
