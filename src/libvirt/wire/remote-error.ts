/**
 * Errors on the wire and faults, each way in exactly one function. A fault that came from a peer keeps
 * libvirt's number and details in `facts.libvirt`, and goes out again as it came in.
 */
import { describeFault, Fault, type FaultCode } from '#lib';
import { domain, network } from '../procedures/handle.ts';
import { compile } from './codec.ts';
import { errorCodes, errorDomains, errorLevel, errorName, type ErrorName } from './error-code.ts';
import { int, nullableString, optional, struct, type ValueOf } from './shape.ts';

const remoteErrorShape = struct({
  code: int,
  domain: int,
  message: nullableString,
  level: int,
  dom: optional(domain),
  str1: nullableString,
  str2: nullableString,
  str3: nullableString,
  int1: int,
  int2: int,
  net: optional(network),
});
export type RemoteError = ValueOf<typeof remoteErrorShape>;
export const remoteErrorCodec = compile(remoteErrorShape, 'error');

/** Longest message we send: a client prints it on one screen. */
const maxMessageLength = 4096;

/** What `facts.libvirt` holds on a fault that came from a peer. */
export interface LibvirtFacts {
  readonly number: number;
  /** Undefined for numbers of a newer libvirt. */
  readonly name: ErrorName | undefined;
  /** The subsystem's number. */
  readonly domain: number;
}

/** `what` says what this side was doing: `libvirt call DOMAIN_CREATE`. */
export function faultFromRemote(error: RemoteError, what: string): Fault {
  const name = errorName(error.code);
  const facts: LibvirtFacts = { number: error.code, name, domain: error.domain };
  const text = error.message ?? (name === undefined ? `error ${error.code}` : `error ${name}`);
  return new Fault(name === undefined ? 'internal' : errorCodes[name].fault, what, {
    cause: new Error(text),
    facts: { libvirt: facts },
  });
}

/** A fault that libvirt clients see with this very number. */
export function libvirtFault(name: ErrorName, message: string, cause?: unknown): Fault {
  const facts: LibvirtFacts = {
    number: errorCodes[name].number,
    name,
    domain: errorDomains.remote,
  };
  return new Fault(errorCodes[name].fault, message, { cause, facts: { libvirt: facts } });
}

/** libvirt's facts of a fault: those it came with, or undefined. */
export function libvirtFacts(fault: Fault): LibvirtFacts | undefined {
  const facts = fault.facts['libvirt'];
  if (typeof facts !== 'object' || facts === null) return undefined;
  const { number, domain: from } = facts as Partial<Record<keyof LibvirtFacts, unknown>>;
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined;
  return {
    number,
    name: errorName(number),
    domain: typeof from === 'number' ? from : errorDomains.remote,
  };
}

/** `procedure` decides which of libvirt's many numbers for "not found" and "exists" is meant. */
export function remoteFromFault(fault: Fault, procedure: string): RemoteError {
  const known = libvirtFacts(fault);
  const message = describeFault(fault) + (fault.hint === undefined ? '' : `; ${fault.hint}`);
  return {
    code: known?.number ?? errorCodes[nameFor(fault.code, procedure)].number,
    domain: known?.domain ?? errorDomains.remote,
    message: message.replaceAll('\0', '').slice(0, maxMessageLength),
    level: errorLevel,
    dom: null,
    str1: message.replaceAll('\0', '').slice(0, maxMessageLength),
    str2: null,
    str3: null,
    int1: -1,
    int2: -1,
    net: null,
  };
}

const names: Readonly<Record<Exclude<FaultCode, 'not-found' | 'exists'>, ErrorName>> = {
  invalid: 'INVALID_ARG',
  unauthenticated: 'AUTH_FAILED',
  forbidden: 'ACCESS_DENIED',
  refused: 'OPERATION_INVALID',
  blocked: 'OPERATION_INVALID',
  stale: 'OPERATION_INVALID',
  'too-large': 'OVERFLOW',
  unsupported: 'OPERATION_UNSUPPORTED',
  'rate-limited': 'RESOURCE_BUSY',
  cancelled: 'OPERATION_ABORTED',
  internal: 'INTERNAL_ERROR',
  corrupt: 'OPERATION_FAILED',
  unavailable: 'OPERATION_FAILED',
  timeout: 'OPERATION_TIMEOUT',
  exhausted: 'OPERATION_FAILED',
};

/** The first prefix that fits says which kind of object the procedure is about. */
const kinds: readonly (readonly [prefix: string, missing: ErrorName, taken: ErrorName])[] = [
  ['NETWORK_PORT', 'NO_NETWORK_PORT', 'NETWORK_PORT_EXIST'],
  ['NETWORK', 'NO_NETWORK', 'NETWORK_EXIST'],
  ['STORAGE_POOL', 'NO_STORAGE_POOL', 'OPERATION_FAILED'],
  ['STORAGE_VOL', 'NO_STORAGE_VOL', 'STORAGE_VOL_EXIST'],
  ['NODE_DEVICE', 'NO_NODE_DEVICE', 'OPERATION_FAILED'],
  ['INTERFACE', 'NO_INTERFACE', 'OPERATION_FAILED'],
  ['SECRET', 'NO_SECRET', 'OPERATION_FAILED'],
  ['NWFILTER_BINDING', 'NO_NWFILTER_BINDING', 'OPERATION_FAILED'],
  ['NWFILTER', 'NO_NWFILTER', 'OPERATION_FAILED'],
  ['DOMAIN_SNAPSHOT', 'NO_DOMAIN_SNAPSHOT', 'OPERATION_FAILED'],
  ['DOMAIN_CHECKPOINT', 'NO_DOMAIN_CHECKPOINT', 'OPERATION_FAILED'],
];

function nameFor(code: FaultCode, procedure: string): ErrorName {
  if (code !== 'not-found' && code !== 'exists') return names[code];
  const kind = kinds.find(([prefix]) => procedure.startsWith(prefix));
  if (code === 'not-found') return kind?.[1] ?? 'NO_DOMAIN';
  return kind?.[2] ?? 'DOM_EXIST';
}
