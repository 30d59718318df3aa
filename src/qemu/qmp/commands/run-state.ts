/** Whether and how the machine runs (qapi/run-state.json, qapi/misc.json, qapi/machine.json). */
import { flag, integer, list, map, optional, record, text } from '../../parse.ts';
import type { CommandOptions } from '../client.ts';
import type { QemuVersion } from '../messages.ts';
import { ask, tell, type Monitor } from './ask.ts';

export interface RunStatus {
  /** QEMU's word: running, paused, prelaunch, inmigrate, postmigrate, shutdown, suspended, io-error … */
  readonly status: string;
  readonly running: boolean;
}

const parseStatus = record<RunStatus & Record<string, unknown>>({
  status: text(64),
  running: flag,
});

export function queryStatus(monitor: Monitor, options?: CommandOptions): Promise<RunStatus> {
  return ask(monitor, 'query-status', undefined, parseStatus, options);
}

export function stop(monitor: Monitor, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'stop', undefined, options);
}

export function cont(monitor: Monitor, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'cont', undefined, options);
}

/** The reset line (HW-48). */
export function systemReset(monitor: Monitor, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'system_reset', undefined, options);
}

/** The ACPI power button (HW-48); what the guest does is its own affair. */
export function systemPowerdown(monitor: Monitor, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'system_powerdown', undefined, options);
}

/** The line that no guest can mask: to all processors of a PC. Fails on machines that have none. */
export function injectNmi(monitor: Monitor, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'inject-nmi', undefined, options);
}

/** Wakes a guest that suspended itself to memory. */
export function systemWakeup(monitor: Monitor, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'system_wakeup', undefined, options);
}

/** Ends QEMU at once; the guest loses its power. The answer may be cut off by the end itself. */
export function quit(monitor: Monitor, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'quit', undefined, options);
}

const part = integer(0, 9999);
const parseVersion = map(
  record({ qemu: record({ major: part, minor: part, micro: part }), package: text(1024) }),
  (version): QemuVersion => ({ ...version.qemu, package: version.package }),
);

export function queryVersion(monitor: Monitor, options?: CommandOptions): Promise<QemuVersion> {
  return ask(monitor, 'query-version', undefined, parseVersion, options);
}

/** The name given on the command line. */
export function queryName(monitor: Monitor, options?: CommandOptions): Promise<string | undefined> {
  const parser = map(record({ name: optional(text(1024)) }), ({ name }) => name);
  return ask(monitor, 'query-name', undefined, parser, options);
}

export function queryUuid(monitor: Monitor, options?: CommandOptions): Promise<string> {
  const parser = map(record({ UUID: text(64) }), ({ UUID }) => UUID);
  return ask(monitor, 'query-uuid', undefined, parser, options);
}

/** Whether kvm is compiled in, and whether this machine uses it. */
export function queryKvm(
  monitor: Monitor,
  options?: CommandOptions,
): Promise<{ readonly enabled: boolean; readonly present: boolean }> {
  const parser = record({ enabled: flag, present: flag });
  return ask(monitor, 'query-kvm', undefined, parser, options);
}

/** After a pause: the guest's clock jumps to now instead of catching up on the ticks it missed. */
export function rtcResetReinjection(monitor: Monitor, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'rtc-reset-reinjection', undefined, options);
}

/** The commands that this QEMU knows. */
export function queryCommands(
  monitor: Monitor,
  options?: CommandOptions,
): Promise<readonly string[]> {
  const parser = map(list(record({ name: text(128) })), (all) => all.map(({ name }) => name));
  return ask(monitor, 'query-commands', undefined, parser, options);
}
