/** A process of this host that waits for a guest of another one (docs/rfd/0042). */
import { attachMemory, awaitGuest, openSocket, takeGuest, type AwaitedGuest } from '#qemu';
import { Fault } from '#lib';
import type { MachineFile } from '../../../machine/record.ts';
import type { Received } from '../../hand-over.ts';
import type { RunPlaces } from '../places.ts';
import type { QemuRunning } from '../running.ts';
import { diskId } from '../spec/devices.ts';
import { memorySlots } from '../spec/machine-spec.ts';
import { memoryChannel, writtenDisks } from './departure.ts';

/** Resolves when both can be connected to: what takes the memory, and what the disks are written by. */
export async function openReceived(
  running: QemuRunning,
  file: MachineFile,
  places: RunPlaces,
  signal: AbortSignal,
): Promise<Received> {
  const { client } = running;
  for (const bytes of file.pluggedMemory) await attachMemory(client, memorySlots, bytes);
  const channels = writtenDisks(file).map(diskId);
  const awaited: AwaitedGuest = {
    disks: channels.map((one) => ({ diskId: one, exportName: one })),
    disksSocketPath: places.coming,
    memorySocketPath: places.state,
    signal,
  };
  await awaitGuest(client, awaited);
  return {
    running,
    async open(channel, opening) {
      if (channel === memoryChannel) return await openSocket(places.state, 'fail', opening);
      if (channels.includes(channel)) return await openSocket(places.coming, 'fail', opening);
      throw new Fault('not-found', `no guest comes by ${channel}`);
    },
    take: (taking) => takeGuest(running.client, awaited, taking),
  };
}
