/**
 * Plugging disks and adapters into a running machine and out of it (HW-30). The same functions that
 * write the command line describe the devices, so that a device plugged in today has the same address
 * after the next start.
 *
 * Invariant: a plug that fails leaves nothing behind; an unplug has happened when it returns.
 */
import { Fault } from '#lib';
import { adapterDevice } from '../command-line/adapters.ts';
import { diskOfNode, netdevName } from '../command-line/names.ts';
import type { JsonFields } from '../command-line/options.ts';
import type { MachineSpec } from '../command-line/spec.ts';
import type { Adapter } from '../command-line/spec-ports.ts';
import type { Disk } from '../command-line/spec-storage.ts';
import { diskDevice, type StorageBoard } from '../command-line/storage.ts';
import type { CommandOptions, QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import type { QmpEvent } from '../qmp/messages.ts';
import { isObject } from '../parse.ts';
import { actAndAwait } from './wait-event.ts';

/** How long a guest may take to let go of a device; 30 s unless told. */
const defaultUnplugMs = 30_000;

/** `descriptor`: the open drive, where the disk is one that the process is handed. Errors: those of QEMU, with everything undone. */
export async function attachDisk(
  client: QmpClient,
  machine: StorageBoard,
  disk: Disk,
  { descriptor, ...options }: CommandOptions = {},
): Promise<void> {
  const { nodes, device } = diskDevice(machine, disk);
  await using undo = new AsyncDisposableStack();
  const { source } = disk.image;
  if (descriptor !== undefined && source.kind === 'device' && source.set !== undefined) {
    const { set } = source;
    await qmp.addFd(client, set, { ...options, descriptor });
    undo.defer(() => qmp.removeFd(client, set, options));
  }
  await addNodes(client, nodes, undo, options);
  await qmp.deviceAdd(client, device, options);
  undo.move();
}

/**
 * Asks the guest to let the disk go, waits, and closes its images.
 * Errors: `refused` when the guest does not; `timeout` when it does not answer.
 */
export async function detachDisk(
  client: QmpClient,
  disk: Disk,
  options: CommandOptions = {},
): Promise<void> {
  await detachDevice(client, disk.id, options);
  await closeNodes(client, disk.id, options);
  const { source } = disk.image;
  if (source.kind === 'device' && source.set !== undefined)
    await qmp.removeFd(client, source.set, options);
}

/** All nodes of a disk that no device is on; one that lies on others goes before them. */
async function closeNodes(
  client: QmpClient,
  diskId: string,
  options: CommandOptions,
): Promise<void> {
  const nodes = await qmp.queryNamedBlockNodes(client, options);
  let names = nodes.flatMap(({ nodeName }) =>
    nodeName !== undefined && diskOfNode(nodeName) === diskId ? [nodeName] : [],
  );
  for (;;) {
    const left: { readonly name: string; readonly error: unknown }[] = [];
    for (const name of names) {
      try {
        await qmp.blockdevDel(client, name, options);
      } catch (error) {
        left.push({ name, error });
      }
    }
    if (left.length === 0) return;
    if (left.length === names.length) throw left[0]?.error;
    names = left.map(({ name }) => name);
  }
}

/** Errors: those of QEMU, with everything undone. */
export async function attachAdapter(
  client: QmpClient,
  machine: Pick<MachineSpec, 'chipset'>,
  adapter: Adapter,
  options?: CommandOptions,
): Promise<void> {
  const { netdev, device } = adapterDevice(machine, adapter);
  await using undo = new AsyncDisposableStack();
  if (netdev) {
    await qmp.netdevAdd(client, netdev, options);
    undo.defer(quietly(() => qmp.netdevDel(client, netdevName(adapter.id))));
  }
  await qmp.deviceAdd(client, device, options);
  undo.move();
}

/** Errors: as `detachDisk`. */
export async function detachAdapter(
  client: QmpClient,
  adapter: Adapter,
  options: CommandOptions = {},
): Promise<void> {
  await detachDevice(client, adapter.id, options);
  if (adapter.network.kind !== 'none') {
    await qmp.netdevDel(client, netdevName(adapter.id), options);
  }
}

/** Makes block nodes in order; `undo` takes them away again. */
export async function addNodes(
  client: QmpClient,
  nodes: readonly JsonFields[],
  undo: AsyncDisposableStack,
  options?: CommandOptions,
): Promise<void> {
  for (const node of nodes) {
    await qmp.blockdevAdd(client, node, options);
    undo.defer(quietly(() => deleteNode(client, node)));
  }
}

/** An undo that fails as well must not hide the fault it follows. */
export function quietly(work: () => Promise<void>): () => Promise<void> {
  return () => work().catch(() => undefined);
}

async function deleteNode(
  client: QmpClient,
  node: JsonFields,
  options?: CommandOptions,
): Promise<void> {
  await qmp.blockdevDel(client, String(node['node-name']), options);
}

/** Errors: `refused` when the guest does not let go, `timeout` when it does not answer. */
export async function detachDevice(
  client: QmpClient,
  id: string,
  options: CommandOptions = {},
): Promise<void> {
  await actAndAwait(
    client,
    `cannot unplug ${id}`,
    options.timeoutMs ?? defaultUnplugMs,
    options.signal,
    (signal) => qmp.deviceDel(client, id, { signal }),
    (event) => {
      if (isRefusal(event, id)) {
        throw new Fault('refused', `the guest does not let go of ${id}`, {
          hint: 'end its use in the guest, then try again',
        });
      }
      const { name, data } = event;
      return name === 'DEVICE_DELETED' && data['device'] === id ? name : undefined;
    },
  );
}

const refusals: ReadonlySet<string> = new Set(['DEVICE_UNPLUG_GUEST_ERROR', 'MEM_UNPLUG_ERROR']);

/** ACPI 6.4, 6.3.5: what a guest may report when it was asked to eject. */
const ejectRequested = 3;
const ejectionInProgress = 0x84;

function isRefusal({ name, data }: QmpEvent, id: string): boolean {
  if (refusals.has(name)) return data['device'] === id;
  const info = data['info'];
  if (name !== 'ACPI_DEVICE_OST' || !isObject(info) || info['device'] !== id) return false;
  const status = info['status'];
  return info['source'] === ejectRequested && status !== 0 && status !== ejectionInProgress;
}
