/** The serial ports of a process that lead to the console. */
import { connect, type Socket } from 'node:net';
import { Fault } from '#lib';
import type { MachineSpec } from '#qemu';
import { SerialHub } from '../../stream/serial-hub.ts';
import type { Channel } from '../driver.ts';

/** Connects to each. Errors: `unavailable` naming the port. */
export async function openSerial(spec: MachineSpec): Promise<ReadonlyMap<Channel, SerialHub>> {
  const hubs = new Map<Channel, SerialHub>();
  for (const { position, target } of spec.serialPorts) {
    if (target.kind !== 'socket') continue;
    hubs.set(position === 0 ? 'serial1' : 'serial2', new SerialHub(await open(target.path)));
  }
  return hubs;
}

function open(path: string): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ path });
  socket.once('connect', () => resolve(socket));
  socket.once('error', (cause) =>
    reject(new Fault('unavailable', `serial port ${path} does not answer`, { cause })),
  );
  return promise;
}
