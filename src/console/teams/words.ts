/** The words of teams, which are asked for with their pages. */
import type { FailurePolicy, TeamState } from '#api';
import { useOwnText, type OwnText } from '../i18n/own-text.ts';
import { createOwnText } from '../i18n/own-tables.ts';
import type { Words } from '../i18n/words.ts';

const english = {
  create: 'Create team',
  add: 'Add to the team',
  vm: 'Name of a virtual machine',
  position: 'Order',
  wait: 'Then waits',
  waitOf: 'What is waited for after {name}',
  secondsOf: 'Seconds after {name}',
  'wait.nothing': 'for nothing',
  'wait.time': 'a time',
  'wait.additions': 'for guest additions, at most',
  up: 'Earlier: {name}',
  down: 'Later: {name}',
  remove: 'Take out: {name}',
  order:
    'Members are started and resumed in this order, and stopped and suspended in the reverse order.',
  none: 'No teams',
  noneFound: 'No team matches the filter',
  empty: 'No members',
  example: 'for example: name : shop',
  delete: 'Its virtual machines stay as they are.',
  onFailure: 'When a member fails',
  'onFailure.stop': 'the others stay as they are',
  'onFailure.continue': 'the others follow nevertheless',
  'onFailure.roll-back': 'what was done is taken back',
  'state.mixed': 'Mixed',
  'state.empty': 'Empty',
} as const;
export type TeamTextKey = keyof typeof english | `onFailure.${FailurePolicy}`;

const german: Readonly<Record<TeamTextKey, string>> = {
  create: 'Team anlegen',
  add: 'Ins Team aufnehmen',
  vm: 'Name einer virtuellen Maschine',
  position: 'Reihenfolge',
  wait: 'Wartet danach',
  waitOf: 'Worauf nach {name} gewartet wird',
  secondsOf: 'Sekunden nach {name}',
  'wait.nothing': 'auf nichts',
  'wait.time': 'eine Zeit',
  'wait.additions': 'auf die Gasterweiterungen, höchstens',
  up: 'Früher: {name}',
  down: 'Später: {name}',
  remove: 'Herausnehmen: {name}',
  order:
    'Mitglieder werden in dieser Reihenfolge gestartet und fortgesetzt, in umgekehrter angehalten und beendet.',
  none: 'Keine Teams',
  noneFound: 'Kein Team passt zum Filter',
  empty: 'Keine Mitglieder',
  example: 'zum Beispiel: name : shop',
  delete: 'Seine virtuellen Maschinen bleiben, wie sie sind.',
  onFailure: 'Wenn ein Mitglied scheitert',
  'onFailure.stop': 'bleiben die anderen, wie sie sind',
  'onFailure.continue': 'folgen die anderen trotzdem',
  'onFailure.roll-back': 'wird zurückgenommen, was getan war',
  'state.mixed': 'Gemischt',
  'state.empty': 'Leer',
};

export const teamLanguages = { of: 'teams', en: english, de: german };

export type TeamText = OwnText<TeamTextKey>;

/** In the language of the words. */
export function nameTeamState(words: Words, state: TeamState): string {
  return state === 'mixed' || state === 'empty'
    ? createOwnText<TeamTextKey>(teamLanguages, words.language)(`state.${state}`)
    : words.state(state);
}

export function useTeamText(): TeamText {
  return useOwnText<TeamTextKey>(teamLanguages);
}
