/** The words of hosts that nothing is heard of, above a list of vms. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  more: 'And {count} more hosts.',
  since: '{status}. What is shown of its vms ({vms}) is of {time}.',
  never: '{status}. Nothing was ever heard of its vms ({vms}).',
  title: 'A part of this list is out of date',
} as const;

type StaleTextKey = keyof typeof english;

const german: Readonly<Record<StaleTextKey, string>> = {
  more: 'Und {count} weitere Hosts.',
  since: '{status}. Was von seinen VMs ({vms}) gezeigt wird, ist vom {time}.',
  never: '{status}. Von seinen VMs ({vms}) wurde noch nie etwas gehört.',
  title: 'Ein Teil dieser Liste ist nicht aktuell',
};

export const staleLanguages = { of: 'stale', en: english, de: german };

export function useStaleText(): OwnText<StaleTextKey> {
  return useOwnText<StaleTextKey>(staleLanguages);
}
