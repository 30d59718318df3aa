/** Bounds of serial and parallel ports, channels and sockets (HW-15, HW-16). */
import { isSocketPath, isWithin, patterns, type Report } from './check-values.ts';
import type { MachineSpec } from './spec.ts';
import type { SerialPort } from './spec-ports.ts';

const serialPorts = 2;

export function checkPorts(spec: MachineSpec, report: Report): void {
  const sockets = new Map<string, string>();
  const socket = (setting: string, path: string | undefined): void => {
    if (path === undefined) return;
    if (!isSocketPath(path)) report(setting, 'is not an absolute path of at most 107 bytes');
    const other = sockets.get(path);
    if (other !== undefined) report(setting, `is the same socket as ${other}`);
    sockets.set(path, setting);
  };
  socket('monitorSocketPath', spec.monitorSocketPath);
  socket('vnc.socketPath', spec.vnc?.socketPath);
  socket('guestChannel.socketPath', spec.guestChannel?.socketPath);
  socket('tpm.socketPath', spec.tpm?.socketPath);
  const positions = new Set<number>();
  for (const [index, port] of spec.serialPorts.entries()) {
    const setting = `serialPorts[${index}]`;
    if (!isWithin(port.position, 0, serialPorts - 1)) {
      report(`${setting}.position`, 'there are two serial ports, 0 and 1');
    }
    if (positions.has(port.position)) report(`${setting}.position`, 'is taken');
    positions.add(port.position);
    if (port.target.kind === 'socket') socket(`${setting}.target.path`, port.target.path);
    checkSerial(setting, port, report);
  }
  if (spec.parallelPort && !patterns.path.test(spec.parallelPort.path)) {
    report('parallelPort.path', 'is not an absolute path');
  }
  if (spec.pidFilePath !== undefined && !patterns.path.test(spec.pidFilePath)) {
    report('pidFilePath', 'is not an absolute path');
  }
}

function checkSerial(setting: string, port: SerialPort, report: Report): void {
  const { target, logPath } = port;
  if (
    (target.kind === 'file' || target.kind === 'host-device') &&
    !patterns.path.test(target.path)
  ) {
    report(`${setting}.target.path`, 'is not an absolute path');
  }
  if (logPath !== undefined && !patterns.path.test(logPath)) {
    report(`${setting}.logPath`, 'is not an absolute path');
  }
}
