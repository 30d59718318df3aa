/** What a definition alone does not say, looked up on this host for one start. */
import type { BootDevice, Hardware } from '#api';
import type { FirmwareSpec, QemuCapabilities, Tpm } from '#qemu';
import type { MachineFile } from '../../machine/record.ts';
import { agentVersion } from '../../version.ts';
import { findFreePort } from './check-adapters.ts';
import type { RunPlaces } from './places.ts';
import { portKey, type Surroundings } from './spec/machine-spec.ts';

export interface SurroundingParts {
  readonly places: RunPlaces;
  readonly acceleration: 'kvm' | 'tcg';
  readonly chipsetVersion: string | undefined;
  readonly firmware: FirmwareSpec;
  readonly tpm: Tpm | undefined;
  readonly folderSharing: Surroundings['folderSharing'];
  readonly renderNodePath: string | undefined;
  readonly bootOnce: BootDevice | undefined;
  readonly without: readonly string[];
  readonly freePorts: ReadonlyMap<string, number>;
  readonly taps: ReadonlyMap<number, string>;
  readonly stateFrom: Surroundings['stateFrom'];
  readonly hostName: string;
  readonly nowMs: number;
}

export function makeSurroundings(parts: SurroundingParts): Surroundings {
  return {
    ...parts,
    sandbox: 'on',
    zoneMinutes: new Date(parts.nowMs).getTimezoneOffset(),
    productVersion: agentVersion,
  };
}

/** The newest revision of the chip set that this QEMU has: `7.2`. */
export function newestChipset(
  capabilities: QemuCapabilities,
  chipset: Hardware['machine'],
): string | undefined {
  const newest = capabilities.machineTypes.find(({ alias }) => alias === chipset);
  return /-(\d+\.\d+)$/.exec(newest?.name ?? '')?.[1];
}

/** Whether this QEMU was built with virtio 9P. */
export function folderSharingOf(
  capabilities: QemuCapabilities | undefined,
): Surroundings['folderSharing'] {
  return capabilities?.devices.has('virtio-9p-pci') === true ? 'offered' : 'none';
}

/** `q35-7.2` out of `pc-q35-7.2`; undefined for machines that cannot be chosen. */
export function readMachineName(name: string): string | undefined {
  const match = /^(?:pc-(i440fx|q35)|(virt))-(\d+\.\d+)$/.exec(name);
  if (!match) return undefined;
  const [, chipset, virt, version] = match;
  return `${virt ?? (chipset === 'q35' ? 'q35' : 'pc')}-${version}`;
}

/** `q35-7.2` out of `pc-q35-7.2-machine`. */
export function machineNameOf(type: string): string {
  return readMachineName(type.replace(/-machine$/, '')) ?? type.slice(0, 64);
}

/** `q35-7.2` for every machine type that can be chosen. */
export function machineNames(capabilities: QemuCapabilities): ReadonlySet<string> {
  return new Set(
    capabilities.machineTypes.flatMap(({ name }) => {
      const own = readMachineName(name);
      return own === undefined ? [] : [own];
    }),
  );
}

/** A port for each forward that asks for any free one. */
export async function chooseFreePorts(file: MachineFile): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  for (const { slot, attachment } of file.definition.hardware.adapters) {
    if (attachment.kind !== 'user') continue;
    for (const [index, forward] of attachment.forwards.entries()) {
      if (forward.hostPort !== 0) continue;
      const taken = new Set(ports.values());
      let port = await findFreePort(forward.protocol, forward.hostAddress);
      while (taken.has(port)) port = await findFreePort(forward.protocol, forward.hostAddress);
      ports.set(portKey(slot, index), port);
    }
  }
  return ports;
}

/** The ports that a running process was given, out of its record. */
export function recordedPorts(file: MachineFile): Map<string, number> {
  const ports = new Map<string, number>();
  const rest = [...file.forwards];
  for (const { slot, attachment } of file.definition.hardware.adapters) {
    if (attachment.kind !== 'user') continue;
    for (const [index, forward] of attachment.forwards.entries()) {
      const at = rest.findIndex(
        (one) => one.protocol === forward.protocol && one.guestPort === forward.guestPort,
      );
      const [known] = at < 0 ? [] : rest.splice(at, 1);
      if (forward.hostPort === 0) ports.set(portKey(slot, index), known?.hostPort ?? 1);
    }
  }
  return ports;
}
