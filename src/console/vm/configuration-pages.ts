/**
 * The pages on which a vm is configured: the contract's sections (VM-19), where parts of the hardware that have several kinds of devices
 * have a page of each kind below their own (WEB-43). Every setting is on one page.
 */
import { isHardwarePart, settingSections, settingsOf, type SettingSection } from '#api';

const devicePages = {
  'hard-disks': { part: 'storage', settings: ['hardware/disks'] },
  'scsi-controllers': { part: 'storage', settings: ['hardware/scsiController'] },
  'serial-ports': { part: 'ports', settings: ['hardware/serialPorts'] },
  'parallel-port': { part: 'ports', settings: ['hardware/parallelPort'] },
} as const satisfies Readonly<
  Record<string, { readonly part: SettingSection; readonly settings: readonly string[] }>
>;
type DevicePage = keyof typeof devicePages;

export type ConfigurationPage = SettingSection | DevicePage;

const deviceNames = Object.keys(devicePages) as readonly DevicePage[];

export const configurationPages: readonly ConfigurationPage[] = settingSections.flatMap(
  (section): readonly ConfigurationPage[] => [
    section,
    ...deviceNames.filter((name) => devicePages[name].part === section),
  ],
);

const isDevicePage = (page: ConfigurationPage): page is DevicePage =>
  Object.hasOwn(devicePages, page);

/** Paths of names with slashes, in the order of the page. */
export function settingsOnPage(page: ConfigurationPage): readonly string[] {
  if (isDevicePage(page)) return devicePages[page].settings;
  const elsewhere = deviceNames.flatMap((name): readonly string[] => devicePages[name].settings);
  return settingsOf(page).filter((path) => !elsewhere.includes(path));
}

/** How far below the groups it stands: 0 for one of them. */
export function depthOf(page: ConfigurationPage): 0 | 1 | 2 {
  if (isDevicePage(page)) return 2;
  return isHardwarePart(page) ? 1 : 0;
}
