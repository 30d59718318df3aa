/**
 * Events of QEMU's monitor as observations (qapi/*.json). Pure.
 *
 * Invariant: nothing of a guest's making reaches further unbounded: texts are cut and made printable.
 */
import type { QmpEvent } from '#qemu';
import type { Hardware } from '#api';
import type { Ending, Observation } from '../driver.ts';
import { placeOfId } from './spec/devices.ts';

const maxText = 300;

/** Observations that are the consequence of what the agent does at this moment are not made of these devices. */
export interface Expected {
  readonly devices: ReadonlySet<string>;
}

export function observeEvent(
  event: QmpEvent,
  hardware: Hardware,
  expected: Expected,
): Observation | undefined {
  const { data } = event;
  switch (event.name) {
    case 'STOP':
      return { kind: 'paused' };
    case 'RESUME':
      return { kind: 'resumed' };
    case 'RESET':
      return { kind: 'reset', by: data['guest'] === true ? 'guest' : 'host' };
    case 'GUEST_PANICKED':
      return { kind: 'guest-error', reason: 'the guest panicked' };
    case 'WATCHDOG':
      return { kind: 'guest-error', reason: 'the watchdog of the guest fired' };
    case 'BLOCK_IO_ERROR':
      return {
        kind: 'disk-error',
        device: placeOfId(hardware, deviceOf(data)),
        operation: text(data['operation']) === 'write' ? 'write' : 'read',
        reason: text(data['reason']),
        paused: data['action'] === 'stop',
      };
    case 'RTC_CHANGE': {
      const offset = Number(data['offset']);
      return Number.isSafeInteger(offset) ? { kind: 'clock', offsetSeconds: offset } : undefined;
    }
    case 'DEVICE_TRAY_MOVED': {
      const id = text(data['id']);
      if (expected.devices.has(id)) return undefined;
      return { kind: 'tray', drive: placeOfId(hardware, id), open: data['tray-open'] === true };
    }
    case 'DEVICE_DELETED': {
      const id = text(data['device']);
      if (id === '' || expected.devices.has(id)) return undefined;
      return { kind: 'device-removed', device: placeOfId(hardware, id) };
    }
    default:
      return undefined;
  }
}

/** Why QEMU is about to end or to stand still for good, out of SHUTDOWN; undefined for other events. */
export function endingOf(event: QmpEvent): Ending | undefined {
  if (event.name !== 'SHUTDOWN') return undefined;
  const reason = text(event.data['reason']);
  if (event.data['guest'] === true || reason.startsWith('guest-')) return { kind: 'guest' };
  if (reason === 'host-signal') return { kind: 'external', detail: 'a signal' };
  if (reason === 'host-error') return { kind: 'crash', detail: 'an error of the host', log: '' };
  return { kind: 'external', detail: `a command (${reason})` };
}

/** Newer versions name the path of the device, older ones the node: `disk-virtio0-0-image`. */
function deviceOf(data: QmpEvent['data']): string {
  const path = text(data['qom-path']);
  const fromPath = path.split('/').find((part) => /^(disk|cd)-|^floppy$/.test(part));
  if (fromPath !== undefined) return fromPath;
  const device = text(data['device']);
  if (device !== '') return device;
  return text(data['node-name']).replace(/-([pn]\d+-)?(image|file)$|-(medium|file)-[ab]$/, '');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll(/\p{Cc}+/gu, ' ').slice(0, maxText) : '';
}
