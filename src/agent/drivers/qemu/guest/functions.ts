/**
 * Which functions of guest additions a vm has, each with the reason where not (GA-03, GA-04): a table over what
 * its definition, its guest's system, its guest's agent and its QEMU have.
 */
import { findGuest, type FunctionTable, type GuestCatalogueEntry, type VmDefinition } from '#api';

export interface FunctionFacts {
  readonly definition: VmDefinition;
  /** Of the guest's agent; undefined while none has answered. */
  readonly commands: ReadonlySet<string> | undefined;
  /** `none` where this QEMU cannot. */
  readonly folderSharing: 'offered' | 'none';
}

export function functionsOf({ definition, commands, folderSharing }: FunctionFacts): FunctionTable {
  const guest = findGuest(definition.guestOs);
  const { hardware } = definition;
  const needs = (command: string): true | string => {
    if (commands === undefined) return 'no guest agent has answered since the guest started';
    return commands.has(command) ? true : `the guest agent does not know ${command}`;
  };
  return {
    pointer: judgePointer(hardware, guest),
    display:
      hardware.graphics.adapter === 'virtio'
        ? (lacksDriver('virtio graphics', guest, ['linux', 'windows', 'bsd']) ?? true)
        : `the graphics adapter is ${hardware.graphics.adapter}, not virtio`,
    heartbeat: needs('guest-ping'),
    time: needs('guest-set-time'),
    shutdown: needs('guest-shutdown'),
    information: needs('guest-get-osinfo'),
    sharedFolders:
      folderSharing === 'none'
        ? 'QEMU on this host was built without virtio 9P'
        : (lacksDriver('virtio 9P', guest, ['linux']) ?? true),
    hotplug: withoutPlugAndPlay.has(definition.guestOs)
      ? `${guest?.name ?? definition.guestOs} has no plug and play`
      : true,
  };
}

type Family = GuestCatalogueEntry['family'];

/** They came before USB and before devices that announce themselves. */
const withoutPlugAndPlay: ReadonlySet<string> = new Set(['windows-nt-4-sp6a', 'os2', 'netware']);

function judgePointer(
  { tablet }: VmDefinition['hardware'],
  guest: GuestCatalogueEntry | undefined,
): true | string {
  if (!tablet) return 'the vm has no USB tablet';
  return guest && withoutPlugAndPlay.has(guest.id) ? `${guest.name} has no USB driver` : true;
}

function lacksDriver(
  device: string,
  guest: GuestCatalogueEntry | undefined,
  families: readonly Family[],
): string | undefined {
  if (guest === undefined || guest.family === 'other' || families.includes(guest.family))
    return undefined;
  return `there is no driver for ${device} in ${guest.name}`;
}
