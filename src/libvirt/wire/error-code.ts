/**
 * libvirt's error numbers (its page virterror, `virErrorNumber`) and the fault that each one means.
 * Clients decide by the number: an unknown object, an unsupported call and a refusal are three things.
 */
import type { FaultCode } from '#lib';

interface ErrorFacts {
  readonly number: number;
  readonly fault: FaultCode;
}

export const errorCodes = {
  INTERNAL_ERROR: { number: 1, fault: 'internal' },
  NO_MEMORY: { number: 2, fault: 'exhausted' },
  NO_SUPPORT: { number: 3, fault: 'unsupported' },
  UNKNOWN_HOST: { number: 4, fault: 'unavailable' },
  NO_CONNECT: { number: 5, fault: 'unsupported' },
  INVALID_CONN: { number: 6, fault: 'invalid' },
  INVALID_DOMAIN: { number: 7, fault: 'invalid' },
  INVALID_ARG: { number: 8, fault: 'invalid' },
  OPERATION_FAILED: { number: 9, fault: 'internal' },
  GET_FAILED: { number: 10, fault: 'unavailable' },
  POST_FAILED: { number: 11, fault: 'unavailable' },
  HTTP_ERROR: { number: 12, fault: 'unavailable' },
  OS_TYPE: { number: 16, fault: 'unsupported' },
  NO_KERNEL: { number: 17, fault: 'invalid' },
  NO_ROOT: { number: 18, fault: 'invalid' },
  NO_SOURCE: { number: 19, fault: 'invalid' },
  NO_TARGET: { number: 20, fault: 'invalid' },
  NO_NAME: { number: 21, fault: 'invalid' },
  NO_OS: { number: 22, fault: 'invalid' },
  NO_DEVICE: { number: 23, fault: 'not-found' },
  DRIVER_FULL: { number: 25, fault: 'exhausted' },
  CALL_FAILED: { number: 26, fault: 'unsupported' },
  XML_ERROR: { number: 27, fault: 'invalid' },
  DOM_EXIST: { number: 28, fault: 'exists' },
  OPERATION_DENIED: { number: 29, fault: 'forbidden' },
  OPEN_FAILED: { number: 30, fault: 'unavailable' },
  READ_FAILED: { number: 31, fault: 'unavailable' },
  PARSE_FAILED: { number: 32, fault: 'invalid' },
  CONF_SYNTAX: { number: 33, fault: 'invalid' },
  WRITE_FAILED: { number: 34, fault: 'unavailable' },
  XML_DETAIL: { number: 35, fault: 'invalid' },
  INVALID_NETWORK: { number: 36, fault: 'invalid' },
  NETWORK_EXIST: { number: 37, fault: 'exists' },
  SYSTEM_ERROR: { number: 38, fault: 'internal' },
  RPC: { number: 39, fault: 'invalid' },
  GNUTLS_ERROR: { number: 40, fault: 'unavailable' },
  NO_DOMAIN: { number: 42, fault: 'not-found' },
  NO_NETWORK: { number: 43, fault: 'not-found' },
  INVALID_MAC: { number: 44, fault: 'invalid' },
  AUTH_FAILED: { number: 45, fault: 'unauthenticated' },
  INVALID_STORAGE_POOL: { number: 46, fault: 'invalid' },
  INVALID_STORAGE_VOL: { number: 47, fault: 'invalid' },
  NO_STORAGE_POOL: { number: 49, fault: 'not-found' },
  NO_STORAGE_VOL: { number: 50, fault: 'not-found' },
  INVALID_NODE_DEVICE: { number: 52, fault: 'invalid' },
  NO_NODE_DEVICE: { number: 53, fault: 'not-found' },
  NO_SECURITY_MODEL: { number: 54, fault: 'not-found' },
  OPERATION_INVALID: { number: 55, fault: 'refused' },
  NO_INTERFACE: { number: 57, fault: 'not-found' },
  INVALID_INTERFACE: { number: 58, fault: 'invalid' },
  MULTIPLE_INTERFACES: { number: 59, fault: 'refused' },
  INVALID_NWFILTER: { number: 61, fault: 'invalid' },
  NO_NWFILTER: { number: 62, fault: 'not-found' },
  BUILD_FIREWALL: { number: 63, fault: 'internal' },
  INVALID_SECRET: { number: 65, fault: 'invalid' },
  NO_SECRET: { number: 66, fault: 'not-found' },
  CONFIG_UNSUPPORTED: { number: 67, fault: 'unsupported' },
  OPERATION_TIMEOUT: { number: 68, fault: 'timeout' },
  MIGRATE_PERSIST_FAILED: { number: 69, fault: 'internal' },
  HOOK_SCRIPT_FAILED: { number: 70, fault: 'blocked' },
  INVALID_DOMAIN_SNAPSHOT: { number: 71, fault: 'invalid' },
  NO_DOMAIN_SNAPSHOT: { number: 72, fault: 'not-found' },
  INVALID_STREAM: { number: 73, fault: 'invalid' },
  ARGUMENT_UNSUPPORTED: { number: 74, fault: 'unsupported' },
  STORAGE_PROBE_FAILED: { number: 75, fault: 'corrupt' },
  STORAGE_POOL_BUILT: { number: 76, fault: 'exists' },
  SNAPSHOT_REVERT_RISKY: { number: 77, fault: 'blocked' },
  OPERATION_ABORTED: { number: 78, fault: 'cancelled' },
  AUTH_CANCELLED: { number: 79, fault: 'unauthenticated' },
  NO_DOMAIN_METADATA: { number: 80, fault: 'not-found' },
  MIGRATE_UNSAFE: { number: 81, fault: 'blocked' },
  OVERFLOW: { number: 82, fault: 'too-large' },
  BLOCK_COPY_ACTIVE: { number: 83, fault: 'refused' },
  OPERATION_UNSUPPORTED: { number: 84, fault: 'unsupported' },
  SSH: { number: 85, fault: 'unavailable' },
  AGENT_UNRESPONSIVE: { number: 86, fault: 'unavailable' },
  RESOURCE_BUSY: { number: 87, fault: 'refused' },
  ACCESS_DENIED: { number: 88, fault: 'forbidden' },
  DBUS_SERVICE: { number: 89, fault: 'unavailable' },
  STORAGE_VOL_EXIST: { number: 90, fault: 'exists' },
  CPU_INCOMPATIBLE: { number: 91, fault: 'blocked' },
  XML_INVALID_SCHEMA: { number: 92, fault: 'invalid' },
  MIGRATE_FINISH_OK: { number: 93, fault: 'internal' },
  AUTH_UNAVAILABLE: { number: 94, fault: 'unavailable' },
  NO_SERVER: { number: 95, fault: 'not-found' },
  NO_CLIENT: { number: 96, fault: 'not-found' },
  AGENT_UNSYNCED: { number: 97, fault: 'unavailable' },
  LIBSSH: { number: 98, fault: 'unavailable' },
  DEVICE_MISSING: { number: 99, fault: 'not-found' },
  INVALID_NWFILTER_BINDING: { number: 100, fault: 'invalid' },
  NO_NWFILTER_BINDING: { number: 101, fault: 'not-found' },
  INVALID_DOMAIN_CHECKPOINT: { number: 102, fault: 'invalid' },
  NO_DOMAIN_CHECKPOINT: { number: 103, fault: 'not-found' },
  NO_DOMAIN_BACKUP: { number: 104, fault: 'not-found' },
  INVALID_NETWORK_PORT: { number: 105, fault: 'invalid' },
  NETWORK_PORT_EXIST: { number: 106, fault: 'exists' },
  NO_NETWORK_PORT: { number: 107, fault: 'not-found' },
  NO_HOSTNAME: { number: 108, fault: 'not-found' },
  CHECKPOINT_INCONSISTENT: { number: 109, fault: 'corrupt' },
  MULTIPLE_DOMAINS: { number: 110, fault: 'refused' },
} as const satisfies Record<string, ErrorFacts>;

export type ErrorName = keyof typeof errorCodes;

const namesByNumber = new Map<number, ErrorName>(
  (Object.entries(errorCodes) as [ErrorName, ErrorFacts][]).map(([name, facts]) => [
    facts.number,
    name,
  ]),
);

/** The name of an error number; undefined for numbers of a newer libvirt. */
export function errorName(number: number): ErrorName | undefined {
  return namesByNumber.get(number);
}

/** The subsystems that an error can come from and that we name ourselves (`virErrorDomain`). */
export const errorDomains = { none: 0, rpc: 7, remote: 13, streams: 38 } as const;
/** The level of an error, as opposed to a warning. */
export const errorLevel = 2;
