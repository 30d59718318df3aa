/** The program `qemu`: what only that driver has. */
import { inProgram, message, read, write } from './entry.ts';
import { domain } from './handle.ts';
import { hyper, int, nullableString, optional, string, uint } from '../wire/shape.ts';

export const qemuProcedures = {
  QEMU_DOMAIN_MONITOR_COMMAND: inProgram(
    'qemu',
    write(1, { dom: domain, cmd: string, flags: uint }, { result: string }),
  ),
  QEMU_DOMAIN_ATTACH: inProgram(
    'qemu',
    write(2, { pid_value: uint, flags: uint }, { dom: domain }),
  ),
  QEMU_DOMAIN_AGENT_COMMAND: inProgram(
    'qemu',
    write(3, { dom: domain, cmd: string, timeout: int, flags: uint }, { result: nullableString }),
  ),
  QEMU_CONNECT_DOMAIN_MONITOR_EVENT_REGISTER: inProgram(
    'qemu',
    write(4, { dom: optional(domain), event: nullableString, flags: uint }, { callbackID: int }),
  ),
  QEMU_CONNECT_DOMAIN_MONITOR_EVENT_DEREGISTER: inProgram('qemu', read(5, { callbackID: int }, {})),
  QEMU_DOMAIN_MONITOR_COMMAND_WITH_FILES: inProgram(
    'qemu',
    write(7, { dom: domain, cmd: string, flags: uint }, { result: string }),
  ),
} as const;

export const qemuMessages = {
  QEMU_DOMAIN_MONITOR_EVENT: inProgram(
    'qemu',
    message(6, {
      callbackID: int,
      dom: domain,
      event: string,
      seconds: hyper,
      micros: uint,
      details: nullableString,
    }),
  ),
} as const;
