/** Changing the boot order of a machine that runs; it takes effect at the next reset (HW-08). */
import { bootIndexes } from '../command-line/boot.ts';
import type { MachineSpec } from '../command-line/spec.ts';
import type { CommandOptions, QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';

/** QEMU's number for a device that is not booted from. */
const notBooted = -1;

/** After the first start: takes the one-time boot device out of the order again. */
export async function endBootOnce(
  client: QmpClient,
  spec: MachineSpec,
  options?: CommandOptions,
): Promise<void> {
  const now = bootIndexes(spec, 'this-start');
  const after = bootIndexes(spec, 'after');
  // Raised indexes first would collide: QEMU wants each index once. Only the one-time device changes.
  for (const [id, index] of now) {
    const next = after.get(id) ?? notBooted;
    if (next === index) continue;
    const { path, property } = await bootProperty(client, spec, id, options);
    await qmp.qomSet(client, path, property, next, options);
  }
}

async function bootProperty(
  client: QmpClient,
  spec: MachineSpec,
  id: string,
  options?: CommandOptions,
): Promise<{ readonly path: string; readonly property: string }> {
  if (spec.floppyDrive?.id !== id) {
    return { path: `/machine/peripheral/${id}`, property: 'bootindex' };
  }
  const path = await floppyController(client, spec, options);
  return { path, property: 'bootindexA' };
}

/** The controller of pc has no name; it is found by its type. */
async function floppyController(
  client: QmpClient,
  spec: MachineSpec,
  options?: CommandOptions,
): Promise<string> {
  const parent = spec.chipset === 'pc' ? '/machine/unattached' : '/machine/peripheral';
  const children = await qmp.qomList(client, parent, options);
  const controller = children.find(({ type }) => type === 'child<isa-fdc>');
  return `${parent}/${controller?.name ?? 'board-floppy'}`;
}
