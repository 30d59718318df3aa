/** Folders of the host that guests can use: added and removed, while running where the process can (GA-28). */
import type { SharedFolder } from '#api';
import { Fault } from '#lib';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';
import type { Hands } from '../machine/hands.ts';
import type { MachineFile } from '../machine/record.ts';
import { keep, type Change } from '../machine/keep-hardware.ts';
import { attempt, tellDevice, type Live } from './devices.ts';

type ShareVerbs = Pick<Handlers, 'machine.share.add' | 'machine.share.remove'>;

export function shareVerbs(host: Host): ShareVerbs {
  return {
    'machine.share.add': ({ id, generation, cause, share }, { signal }) =>
      host
        .machine(id)
        .change('configure', generation, cause, (hands) => addShare(hands, share), signal),

    'machine.share.remove': ({ id, generation, cause, share }, { signal }) =>
      host
        .machine(id)
        .change('configure', generation, cause, (hands) => removeShare(hands, share), signal),
  };
}

async function addShare(hands: Hands, share: SharedFolder): Promise<Live> {
  const { running, file, host } = hands;
  const add: Change = (hardware) => ({
    ...hardware,
    sharedFolders: [
      ...hardware.sharedFolders.filter(
        ({ slot, name }) => slot !== share.slot && name !== share.name,
      ),
      share,
    ].sort((one, other) => one.slot - other.slot),
  });
  const present = file.startedWith?.hardware.sharedFolders.find(
    ({ slot, name }) => slot === share.slot || name === share.name,
  );
  if (running && JSON.stringify(present) === JSON.stringify(share)) {
    await keep(hands, add, true);
    return { live: true };
  }
  if (!host.driver.checkShare) {
    throw new Fault('unsupported', `the driver ${host.driver.name} shares no folders`);
  }
  await host.driver.checkShare(file, share, host.others(file.definition.id));
  const live = await attempt(hands, async () => {
    if (present || !running?.devices.addShare) return 'pending';
    await running.devices.addShare(share);
    return 'live';
  });
  await keep(hands, add, live);
  tellDevice(hands, 'vm.device.added', nameOf(share), live);
  return { live };
}

async function removeShare(hands: Hands, share: SharedFolder): Promise<Live> {
  const { running, file } = hands;
  const remove: Change = (hardware) => ({
    ...hardware,
    sharedFolders: hardware.sharedFolders.filter(({ name }) => name !== share.name),
  });
  const find = (at: MachineFile['startedWith']): SharedFolder | undefined =>
    at?.hardware.sharedFolders.find(({ name }) => name === share.name);
  const present = find(file.startedWith);
  if (!present && !find(file.definition)) return { live: running !== undefined };
  const live = await attempt(hands, async () => {
    if (!present) return 'live';
    if (!running?.devices.removeShare) return 'pending';
    await running.devices.removeShare(present);
    return 'live';
  });
  await keep(hands, remove, live);
  tellDevice(hands, 'vm.device.removed', nameOf(share), live);
  return { live };
}

function nameOf({ name, hostPath, readOnly }: SharedFolder): string {
  return `shared folder ${name} (${hostPath}, ${readOnly ? 'read-only' : 'writable'})`;
}
