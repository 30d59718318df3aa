/** The words of the dialogs that adopt a vm of a hypervisor, and give it back. */
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  adoptSays:
    'An agent of the same computer runs it from now on. Its disks stay where they are, and it can be given back as it was.',
  giveBackSays:
    'Its hypervisor runs it again, as it was there but for what was changed meanwhile. Its disks stay where they are.',
  host: 'By the agent of',
  onlyOne: 'the host that sees the same disks',
  warnings: 'What is to be known before',
} as const;
export type AdoptTextKey = keyof typeof english;

const german: Readonly<Record<AdoptTextKey, string>> = {
  adoptSays:
    'Ein Agent desselben Rechners führt sie von nun an aus. Ihre Platten bleiben, wo sie sind, und sie kann zurückgegeben werden, wie sie war.',
  giveBackSays:
    'Ihr Hypervisor führt sie wieder aus, wie sie dort war, bis auf das, was inzwischen geändert wurde. Ihre Platten bleiben, wo sie sind.',
  host: 'Durch den Agenten von',
  onlyOne: 'der Host, der dieselben Platten sieht',
  warnings: 'Vorher zu wissen',
};

export const adoptLanguages = { of: 'adopt', en: english, de: german };

export function useAdoptText(): OwnText<AdoptTextKey> {
  return useOwnText<AdoptTextKey>(adoptLanguages);
}
