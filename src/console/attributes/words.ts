/** The words of the page of attributes. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  attribute: 'Attribute',
  copied: 'All attributes are in the clipboard',
  copy: 'Copy as JSON',
  find: 'Find an attribute or a value',
  found: '{found} of {all}',
  title: 'Attributes of {name}',
  value: 'Value',
} as const;

type AttributeTextKey = keyof typeof english;

const german: Readonly<Record<AttributeTextKey, string>> = {
  attribute: 'Attribut',
  copied: 'Alle Attribute sind in der Zwischenablage',
  copy: 'Als JSON kopieren',
  find: 'Ein Attribut oder einen Wert suchen',
  found: '{found} von {all}',
  title: 'Attribute von {name}',
  value: 'Wert',
};

export const attributeLanguages = { of: 'attributes', en: english, de: german };

export function useAttributeText(): OwnText<AttributeTextKey> {
  return useOwnText<AttributeTextKey>(attributeLanguages);
}
