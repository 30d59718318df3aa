/** The words of the settings of a host, which are asked for with their tab. */
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  change: 'Change the settings of {name}',
  automatic: 'chosen by the host',
  unlimited: 'no limit',
  nothing: 'none',
  yes: 'yes',
  no: 'no',
  access: 'Rights on this host and all of its virtual machines',
} as const;
type TextKey = keyof typeof english;

const german: Readonly<Record<TextKey, string>> = {
  change: 'Die Einstellungen von {name} ändern',
  automatic: 'vom Host gewählt',
  unlimited: 'keine Grenze',
  nothing: 'keine',
  yes: 'ja',
  no: 'nein',
  access: 'Rechte an diesem Host und allen seinen virtuellen Maschinen',
};

export const hostSettingLanguages = { of: 'host settings', en: english, de: german };

export type HostSettingText = OwnText<TextKey>;

export function useHostSettingText(): HostSettingText {
  return useOwnText<TextKey>(hostSettingLanguages);
}
