/** Processors and memory plugged into a running machine, within what its specification left room for. */
import { Fault } from '#lib';
import {
  moduleContentName,
  moduleDevice,
  moduleName,
  moduleStepBytes,
} from '../command-line/memory.ts';
import type { CommandOptions, QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { detachDevice, quietly } from './devices.ts';

/**
 * Plugs in processors until `count` are there; never takes one out. Returns how many there are.
 * Errors: `exhausted` when the topology has no more places.
 */
export async function growProcessors(
  client: QmpClient,
  count: number,
  options?: CommandOptions,
): Promise<number> {
  const slots = await qmp.queryHotpluggableCpus(client, options);
  const present = slots.filter(({ qomPath }) => qomPath !== undefined).length;
  // QEMU lists the places from the last to the first.
  const free = slots.filter(({ qomPath }) => qomPath === undefined).toReversed();
  if (count - present > free.length) {
    throw new Fault(
      'exhausted',
      `there are places for ${slots.length} processors, not for ${count}`,
      {
        hint: 'raise sockets or cores while the machine is off',
      },
    );
  }
  for (const [index, slot] of free.slice(0, Math.max(0, count - present)).entries()) {
    const id = `board-cpu${present + index}`;
    await qmp.deviceAdd(client, { driver: slot.type, id, ...slot.place }, options);
  }
  return Math.max(count, present);
}

/**
 * Plugs a memory module into the first free slot and returns its slot number; the size is a multiple of
 * 128 MiB, which is what guests can take. Errors: `invalid`; `exhausted` without a free slot.
 */
export async function attachMemory(
  client: QmpClient,
  slots: number,
  sizeBytes: number,
  options?: CommandOptions,
): Promise<number> {
  if (sizeBytes <= 0 || sizeBytes % moduleStepBytes !== 0) {
    throw new Fault('invalid', 'a memory module has a multiple of 128 MiB');
  }
  const used = new Set((await qmp.queryMemoryDevices(client, options)).map(({ slot }) => slot));
  const slot = Array.from({ length: slots }, (_, index) => index).find((nth) => !used.has(nth));
  if (slot === undefined) throw new Fault('exhausted', `all ${slots} memory slots are taken`);
  const { content, device } = moduleDevice({ slot, sizeBytes });
  await using undo = new AsyncDisposableStack();
  await qmp.objectAdd(client, content, options);
  undo.defer(quietly(() => qmp.objectDel(client, moduleContentName(slot))));
  await qmp.deviceAdd(client, device, options);
  undo.move();
  return slot;
}

/** Errors: `refused` when the guest keeps using it; `timeout` when it does not answer. */
export async function detachMemory(
  client: QmpClient,
  slot: number,
  options: CommandOptions = {},
): Promise<void> {
  await detachDevice(client, moduleName(slot), options);
  await qmp.objectDel(client, moduleContentName(slot), options);
}
