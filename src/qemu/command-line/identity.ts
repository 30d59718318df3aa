/** What the guest reads from its firmware: UUID, SMBIOS strings, named entries (HW-31, HW-33). */
import { formatOptions, type Argument, type OptionValue } from './options.ts';
import type { FirmwareEntry, MachineSpec } from './spec.ts';

export function identityArguments(spec: MachineSpec): readonly Argument[] {
  const { identity } = spec;
  return [
    ['-uuid', spec.uuid],
    ...smbios(1, {
      manufacturer: identity.manufacturer,
      product: identity.product,
      version: identity.version,
      serial: identity.systemSerial,
      uuid: identity.uuid ?? spec.uuid,
    }),
    ...smbios(2, { manufacturer: identity.manufacturer, serial: identity.boardSerial }),
    ...smbios(3, {
      manufacturer: identity.manufacturer,
      serial: identity.chassisSerial,
      asset: identity.chassisAssetTag,
    }),
    ...(identity.oemStrings ?? []).flatMap((value) => smbios(11, { value })),
    ...(spec.firmwareEntries ?? []).map(firmwareEntry),
  ];
}

function smbios(type: number, fields: Readonly<Record<string, OptionValue>>): readonly Argument[] {
  if (Object.values(fields).every((value) => value === undefined)) return [];
  return [['-smbios', formatOptions(undefined, { type, ...fields })]];
}

function firmwareEntry(entry: FirmwareEntry): Argument {
  const { content } = entry;
  const value = content.kind === 'text' ? { string: content.text } : { file: content.path };
  return ['-fw_cfg', formatOptions(undefined, { name: entry.name, ...value })];
}
