/** What single values of a machine specification may look like. */

/** Takes a setting's path (`disks[0].serial`), what is wrong with it, and what to do. */
export type Report = (setting: string, text: string, remedy?: string) => void;

const path = /^\/\P{Cc}{0,4094}$/u;

export const patterns = {
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  path,
  /** Unicast, lower case. */
  mac: /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/,
  /** What SCSI and ATA can report. */
  diskSerial: /^[\x20-\x7e]{1,20}$/,
  hostName: /^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,61}[a-zA-Z0-9])?$/,
} as const;

/** Longest path of a Unix socket, in bytes. */
const maxSocketPathBytes = 107;

export function isSocketPath(value: string): boolean {
  return path.test(value) && Buffer.byteLength(value) <= maxSocketPathBytes;
}

/** One line for people: not empty, bounded, without control characters. */
export function isText(value: string, maxLength: number): boolean {
  return value.length > 0 && value.length <= maxLength && !/\p{Cc}/u.test(value);
}

export function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
