/** The ground floor: no domain words. Grows reluctantly. Depends on nothing; the log (#log) has a door of its own,
 * because it brings pino along and the libraries below `disk`, `qemu` and `libvirt` bring nothing. */
export { assert, AssertionError, present, unreachable } from './assert.ts';
export { formatBitRate, parseBitRate } from './bit-rate.ts';
export { formatBytes, giB, kiB, miB, parseBytes } from './bytes.ts';
export { abortReason, isoTime, systemClock, type Clock } from './clock.ts';
export { withDeadline } from './deadline.ts';
export {
  describeFault,
  Fault,
  faultCodes,
  faultFromData,
  faultToData,
  isFault,
  toFault,
  type FaultCode,
  type FaultData,
  type FaultOptions,
  type Reason,
} from './fault.ts';
export { makeQrCode, type QrCode } from './qr.ts';
export { BoundedQueue } from './queue.ts';
export { collectGarbage, collectNextTime, collectWhenQuiet } from './quiet.ts';
export { loadSymbols, pointerTo } from './symbols.ts';
export { uuidOf } from './uuid.ts';
