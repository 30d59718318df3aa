/**
 * What QEMU's monitor sends: the greeting, answers, errors and events (QMP specification,
 * docs/interop/qmp-spec in QEMU's sources).
 */
import { Fault, type FaultCode } from '#lib';
import {
  finite,
  integer,
  isObject,
  list,
  optional,
  record,
  text,
  type JsonObject,
} from '../parse.ts';

/** QEMU's version, and the text that its packager added. */
export interface QemuVersion {
  readonly major: number;
  readonly minor: number;
  readonly micro: number;
  readonly package: string;
}

/** A fact that QEMU reports of its own accord. */
export interface QmpEvent {
  /** QEMU's name: `SHUTDOWN`, `STOP`, `DEVICE_DELETED`. */
  readonly name: string;
  readonly data: JsonObject;
  /** Milliseconds since 1970 UTC by the host's clock. */
  readonly atMs: number;
}

export type QmpMessage =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number | undefined; readonly error: QmpError }
  | { readonly kind: 'event'; readonly event: QmpEvent };

export interface QmpError {
  readonly class: string;
  readonly desc: string;
}

const part = integer(0, 9999);
export const parseVersion = record<QemuVersion & JsonObject>({
  major: part,
  minor: part,
  micro: part,
  package: text(1024),
});
const parseGreetingShape = record({
  QMP: record({
    version: record({
      qemu: record({ major: part, minor: part, micro: part }),
      package: text(1024),
    }),
    capabilities: list(text(64), 64),
  }),
});
const parseError = record({ class: text(256), desc: text(1024 * 1024) });
const parseEventShape = record({
  event: text(128),
  timestamp: record({ seconds: finite, microseconds: finite }),
});
const parseId = optional(integer(0));

/** Errors: `Misfit` when it is not a greeting. */
export function parseGreeting(value: unknown): QemuVersion {
  const { version } = parseGreetingShape(value, '').QMP;
  return { ...version.qemu, package: version.package };
}

/** Errors: `Misfit` when it is no message of the protocol. */
export function parseMessage(value: unknown): QmpMessage {
  if (isObject(value) && Object.hasOwn(value, 'event')) {
    const { event, timestamp } = parseEventShape(value, '');
    const data = isObject(value['data']) ? value['data'] : {};
    const atMs = timestamp.seconds * 1000 + timestamp.microseconds / 1000;
    return { kind: 'event', event: { name: event, data, atMs } };
  }
  const fields = isObject(value) ? value : {};
  if (Object.hasOwn(fields, 'error')) {
    const error = parseError(fields['error'], 'error');
    return { kind: 'error', id: parseId(fields['id'], 'id'), error };
  }
  return { kind: 'answer', id: integer(0)(fields['id'], 'id'), value: fields['return'] };
}

const codesByClass: Readonly<Record<string, FaultCode>> = {
  CommandNotFound: 'unsupported',
  DeviceNotFound: 'not-found',
  DeviceNotActive: 'refused',
  KVMMissingCap: 'unsupported',
};

const maxDescription = 500;

/** QEMU's error as a fault; most are of the class GenericError, which says no more than "refused". */
export function faultOfQmpError(command: string, error: QmpError): Fault {
  const description = printable(error.desc);
  const code = codesByClass[error.class] ?? 'refused';
  return new Fault(code, `qmp ${command}: ${description}`, {
    facts: { command, qemuClass: error.class, description },
  });
}

/** One line, bounded, without control characters. */
export function printable(message: string): string {
  return message
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, maxDescription);
}
