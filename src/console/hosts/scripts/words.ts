/** The words of the scripts of a host, which are asked for with their tab. */
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  intro:
    'Programs of the host that its agent runs after an event of the host. They run with few rights, without a terminal, and never hold up what they are told of.',
  change: 'Change the scripts of {name}',
  account: 'They run as',
  ownAccount: 'an account of their own that owns nothing',
  nothing: 'None is attached.',
  forbidden: 'Scripts are switched off in this installation: none runs.',
  noAgent: 'This host has no agent that could run scripts.',
} as const;
type TextKey = keyof typeof english;

const german: Readonly<Record<TextKey, string>> = {
  intro:
    'Programme des Hosts, die sein Agent nach einem Ereignis des Hosts ausführt. Sie laufen mit wenigen Rechten, ohne Terminal, und halten nie auf, wovon ihnen gesagt wird.',
  change: 'Die Skripte von {name} ändern',
  account: 'Sie laufen als',
  ownAccount: 'ein eigenes Konto, dem nichts gehört',
  nothing: 'Keines ist angehängt.',
  forbidden: 'Skripte sind in dieser Installation abgeschaltet: Keines läuft.',
  noAgent: 'Dieser Host hat keinen Agenten, der Skripte ausführen könnte.',
};

export const hostScriptLanguages = { of: 'host scripts', en: english, de: german };

export function useHostScriptText(): OwnText<TextKey> {
  return useOwnText<TextKey>(hostScriptLanguages);
}
