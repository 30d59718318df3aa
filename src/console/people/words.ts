/** The words of the page of users and their rights. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  users: 'Users',
  explain:
    'A user signs in with a password or by a link that works once. A group is a name that several users have; what is granted to it they may do.',
  create: 'Create user',
  change: 'Change {name}',
  displayName: 'Full name',
  groups: 'Groups',
  groupsHint: 'names, separated by commas',
  signIn: 'Signs in with',
  password: 'a password',
  bothFactors: 'a password and a second factor',
  noPassword: 'a link only',
  lastSignIn: 'Last sign-in',
  never: 'never',
  state: 'State',
  enabled: 'active',
  disabled: 'disabled',
  passwordField: 'Password',
  passwordCreate: 'At least 12 characters. Empty: they choose one by a sign-in link.',
  passwordChange: 'At least 12 characters. Empty: it stays as it is.',
  disable: 'Disable',
  enable: 'Enable',
  disabledNow: '{name} is disabled and was signed out everywhere',
  enabledNow: '{name} may sign in again',
  link: 'Sign-in link',
  linkOf: 'Sign-in link for {name}',
  linkExplain:
    'It signs in once, until {until}, and lets them choose a password. Give it to nobody else: it cannot be shown again.',
  makeLink: 'Make a link',
  makeExplain: 'Whoever has the link signs in as {name}.',
  copy: 'Copy',
  copied: 'Copied',
  dropFactor: 'Take away the second factor',
  factorGone: '{name} signs in without a second factor until they set one up again',
  remove: 'Delete user {name}',
  removeExplain:
    'Their tokens and sessions end, and what was granted to them goes. What they did stays in the audit trail.',
  created: '{name} is created',
  deleted: '{name} is deleted',
  rights: 'Rights',
  rightsExplain:
    'A role that is granted holds for the object and all that lies in it; a denial wins over every grant.',
} as const;
export type PeopleTextKey = keyof typeof english;

const german: Readonly<Record<PeopleTextKey, string>> = {
  users: 'Benutzer',
  explain:
    'Ein Benutzer meldet sich mit einem Passwort an oder über einen Link, der einmal gilt. Eine Gruppe ist ein Name, den mehrere Benutzer tragen; was ihr erteilt ist, dürfen sie.',
  create: 'Benutzer anlegen',
  change: '{name} ändern',
  displayName: 'Voller Name',
  groups: 'Gruppen',
  groupsHint: 'Namen, durch Kommas getrennt',
  signIn: 'Meldet sich an mit',
  password: 'einem Passwort',
  bothFactors: 'einem Passwort und einem zweiten Faktor',
  noPassword: 'nur einem Link',
  lastSignIn: 'Letzte Anmeldung',
  never: 'nie',
  state: 'Zustand',
  enabled: 'aktiv',
  disabled: 'gesperrt',
  passwordField: 'Passwort',
  passwordCreate: 'Mindestens 12 Zeichen. Leer: es wird über einen Anmeldelink gewählt.',
  passwordChange: 'Mindestens 12 Zeichen. Leer: es bleibt, wie es ist.',
  disable: 'Sperren',
  enable: 'Freigeben',
  disabledNow: '{name} ist gesperrt und überall abgemeldet',
  enabledNow: '{name} darf sich wieder anmelden',
  link: 'Anmeldelink',
  linkOf: 'Anmeldelink für {name}',
  linkExplain:
    'Er gilt einmal, bis {until}, und lässt ein Passwort wählen. Geben Sie ihn niemand anderem: er wird nicht noch einmal gezeigt.',
  makeLink: 'Link erzeugen',
  makeExplain: 'Wer den Link hat, meldet sich als {name} an.',
  copy: 'Kopieren',
  copied: 'Kopiert',
  dropFactor: 'Zweiten Faktor wegnehmen',
  factorGone: '{name} meldet sich ohne zweiten Faktor an, bis ein neuer eingerichtet ist',
  remove: 'Benutzer {name} löschen',
  removeExplain:
    'Token und Sitzungen enden, und was erteilt war, verfällt. Was getan wurde, bleibt im Prüfprotokoll.',
  created: '{name} ist angelegt',
  deleted: '{name} ist gelöscht',
  rights: 'Rechte',
  rightsExplain:
    'Eine erteilte Rolle gilt für das Objekt und alles, was darin liegt; ein Verbot geht jeder Erteilung vor.',
};

export const peopleLanguages = { of: 'people', en: english, de: german };

export function usePeopleText(): OwnText<PeopleTextKey> {
  return useOwnText<PeopleTextKey>(peopleLanguages);
}
