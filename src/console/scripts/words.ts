/** The words of the runs of scripts, which are asked for with the pages they are on. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  lastRuns: 'Last runs',
  lastRun: 'Last run',
  script: 'Script',
  event: 'Event',
  exitStatus: 'Exit status',
  output: 'Output',
  noOutput: 'none',
  neverRan: 'not yet',
} as const;
type TextKey = keyof typeof english;

const german: Readonly<Record<TextKey, string>> = {
  lastRuns: 'Letzte Läufe',
  lastRun: 'Letzter Lauf',
  script: 'Skript',
  event: 'Ereignis',
  exitStatus: 'Rückgabewert',
  output: 'Ausgabe',
  noOutput: 'keine',
  neverRan: 'noch keiner',
};

export const scriptLanguages = { of: 'script runs', en: english, de: german };

export function useScriptText(): OwnText<TextKey> {
  return useOwnText<TextKey>(scriptLanguages);
}
