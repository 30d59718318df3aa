/** UEFI for a vm: the shared code image and the vm's own variables (HW-08). */
import { constants } from 'node:fs';
import { access, chmod, copyFile, realpath, rename, stat } from 'node:fs/promises';
import type { Hardware, UefiInUse } from '#api';
import { Fault, type Reason } from '#lib';
import type { FirmwareSpec, UefiFirmware } from '#qemu';

interface Wish {
  readonly machine: Hardware['machine'];
  readonly firmware: Pick<Hardware['firmware'], 'type' | 'secureBoot'>;
}

/** The image that fits the hardware best; undefined where there is none. */
export function chooseUefi(all: readonly UefiFirmware[], hardware: Wish): UefiFirmware | undefined {
  const fitting = all.filter(({ chipsets }) => chipsets.includes(hardware.machine));
  if (hardware.firmware.secureBoot) {
    return (
      fitting.find(({ secureBoot }) => secureBoot === 'enrolled') ??
      fitting.find(({ secureBoot }) => secureBoot === 'possible')
    );
  }
  return fitting.find(({ secureBoot }) => secureBoot === 'none') ?? fitting[0];
}

/** What the machine starts with, made or not: without fitting firmware that of a PC. */
export function planFirmware(
  all: readonly UefiFirmware[],
  hardware: Wish,
  varsPath: string,
): FirmwareSpec {
  const chosen = hardware.firmware.type === 'uefi' ? chooseUefi(all, hardware) : undefined;
  if (chosen === undefined) return { kind: 'bios' };
  const secureBoot = hardware.firmware.secureBoot ? 'required' : 'off';
  return { kind: 'uefi', codePath: chosen.codePath, varsPath, secureBoot };
}

export function judgeFirmware(all: readonly UefiFirmware[], hardware: Wish): Reason[] {
  if (hardware.firmware.type === 'bios' || chooseUefi(all, hardware)) return [];
  const what = hardware.firmware.secureBoot ? 'UEFI firmware with secure boot' : 'UEFI firmware';
  return [
    {
      code: 'firmware-missing',
      text: `the host has no ${what} for the machine type ${hardware.machine}`,
      remedy:
        hardware.machine === 'virt'
          ? 'install the package qemu-efi-aarch64'
          : 'install the package ovmf, or choose the firmware bios',
    },
  ];
}

/**
 * Why variables that another program made for a firmware would not do here: they belong to the image that the guest was started with, and
 * are as large as that one's.
 */
export async function judgeOtherUefi(
  all: readonly UefiFirmware[],
  { machine, secureBoot, code, variablesBytes }: UefiInUse & Pick<Hardware, 'machine'>,
): Promise<Reason[]> {
  const hardware: Wish = { machine, firmware: { type: 'uefi', secureBoot } };
  const chosen = chooseUefi(all, hardware);
  if (chosen === undefined) return judgeFirmware(all, hardware);
  const pathOf = async (path: string): Promise<string> => await realpath(path).catch(() => path);
  const [ours, theirs] = await Promise.all([pathOf(chosen.codePath), pathOf(code)]);
  if (ours !== theirs)
    return [
      {
        code: 'firmware-other',
        text: `its hypervisor runs it with the firmware ${code}, the host would with ${chosen.codePath}`,
        remedy: `let its hypervisor run it with that one, if its guest starts with it: in its definition <loader readonly='yes' secure='${secureBoot ? 'yes' : 'no'}' type='pflash'>${chosen.codePath}</loader>; else leave it there`,
      },
    ];
  const { size } = await stat(chosen.varsTemplatePath);
  if (size === variablesBytes) return [];
  return [
    {
      code: 'firmware-other',
      text: `its UEFI variables have ${variablesBytes} bytes, those of ${chosen.codePath} have ${size}`,
      remedy: 'leave it on its hypervisor',
    },
  ];
}

/** Makes the vm's variables from the template unless it has them. Errors: `unsupported`. */
export async function prepareFirmware(
  all: readonly UefiFirmware[],
  hardware: Hardware,
  varsPath: string,
): Promise<FirmwareSpec> {
  if (hardware.firmware.type === 'bios') return { kind: 'bios' };
  const chosen = chooseUefi(all, hardware);
  if (!chosen) throw new Fault('unsupported', 'the host has no fitting UEFI firmware');
  const isThere = await access(varsPath, constants.F_OK).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    const part = `${varsPath}.part`;
    await copyFile(chosen.varsTemplatePath, part);
    await chmod(part, 0o600);
    await rename(part, varsPath);
  }
  return planFirmware(all, hardware, varsPath);
}
