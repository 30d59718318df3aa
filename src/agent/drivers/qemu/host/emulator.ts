/**
 * The emulator of an architecture that few vms have (HW-56).
 *
 * Invariant: nobody who does not ask pays for it. It is looked for when a vm wants it, asked once what it can
 * do, and asked again only when its file has changed.
 */
import { stat } from 'node:fs/promises';
import { machineArchitectures, type Hardware } from '#api';
import { describeFault } from '#lib';
import { findBinaries, readCapabilities, type QemuCapabilities } from '#qemu';
import { readArchitecture } from './machine-facts.ts';

export interface Emulator {
  readonly kind: 'found';
  readonly program: string;
  readonly capabilities: QemuCapabilities;
}

export interface NoEmulator {
  readonly kind: 'missing';
  readonly whyNot: string;
  readonly remedy: string;
}

/** Whether the host's own processor cannot run such machines. */
export function isForeign(machine: Hardware['machine']): boolean {
  return machineArchitectures[machine] !== readArchitecture();
}

export const armPackages = 'qemu-system-arm and qemu-efi-aarch64';
const armRemedy = `install the packages ${armPackages}`;

export class ArmEmulator {
  #asked: { readonly mark: string; readonly capabilities: QemuCapabilities } | undefined;

  async find(signal?: AbortSignal): Promise<Emulator | NoEmulator> {
    const { qemuAarch64: program } = await findBinaries(process.env['PATH'] ?? '');
    if (program === undefined) {
      const whyNot = 'the emulator of aarch64, qemu-system-aarch64, is not installed';
      return { kind: 'missing', whyNot, remedy: armRemedy };
    }
    try {
      const { size, mtimeMs } = await stat(program);
      const mark = `${program} ${size} ${mtimeMs}`;
      if (this.#asked?.mark !== mark)
        this.#asked = { mark, capabilities: await readCapabilities(program, { signal }) };
      return { kind: 'found', program, capabilities: this.#asked.capabilities };
    } catch (error) {
      return { kind: 'missing', whyNot: describeFault(error), remedy: armRemedy };
    }
  }
}
