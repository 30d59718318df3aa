/**
 * What a setting, its hint and its values are called. A word is looked for by the whole path, then by its
 * last two names, then by the last: most names mean the same wherever they stand. `[]` is one of a list. What no table knows is
 * called as the contract calls it.
 */
import { fieldsIn, writeSettingName, type Field, type SettingValue } from '#api';
import type { SettingWords } from '../../i18n/en.ts';
import type { Words } from '../../i18n/words.ts';
import { definitionFields, fieldAt } from '../settings/fields.ts';
import { germanSettings } from './settings-de.ts';
import { englishSettings } from './settings-en.ts';

/** By the code of the language; a third one brings its own in `Language.settings`. */
export const settingLanguages: Readonly<Record<string, SettingWords>> = {
  en: englishSettings,
  de: germanSettings,
};

function findWord(table: Readonly<Record<string, string>>, path: string): string | undefined {
  const names = path.split('/');
  const keys = [path, names.slice(-2).join('/'), names.at(-1) ?? ''];
  const key = keys.find((key) => Object.hasOwn(table, key));
  return key === undefined ? undefined : table[key];
}

const tableOf = ({ language }: Words): SettingWords =>
  language.settings ?? settingLanguages[language.code] ?? englishSettings;

/** `path`: names with slashes, without members of lists, as `fieldAt` takes it. */
export function nameSetting(words: Words, path: string): string {
  return findWord(tableOf(words).names, path) ?? path.slice(path.lastIndexOf('/') + 1);
}

/** What one of a list is called, without which one it is: `Disk` of the disks. */
export function nameOne(words: Words, path: string): string {
  return findWord(tableOf(words).names, `${path}/[]`) ?? nameSetting(words, path);
}

/** Which one of a list it is: its own place or slot, else its number, counted from 1. `part` is its name in a setting path. */
export function numberMember(list: Field | undefined, part: string): string {
  if (list?.kind !== 'list' || !/^\d+$/.test(part)) return part;
  const { item } = list;
  const hasSlot = item.kind === 'group' && 'slot' in item.fields;
  return hasSlot ? part : String(Number(part) + 1);
}

export function hintSetting(words: Words, path: string, field: Field): string | undefined {
  return findWord(tableOf(words).hints, path) ?? field.hint;
}

export function nameValue(words: Words, path: string, value: string): string {
  const { values } = tableOf(words);
  const names = path.split('/');
  const keys = [names.slice(-2).join('/'), names.at(-1)].map((name) => `${name}=${value}`);
  const key = [...keys, value].find((one) => Object.hasOwn(values, one));
  return key === undefined ? value : (values[key] ?? value);
}

/** A setting path of an event or of `pending`, in words: `Disks · sata0:1 · Cache`. */
export function nameSettingPath(words: Words, settingPath: string): string {
  return walk(settingPath)
    .map(({ path, member }) => (path === undefined ? member : nameSetting(words, path)))
    .join(' · ');
}

/** A value of such a path as people read it. */
export function writeSetting(words: Words, settingPath: string, value: SettingValue): string {
  if (value === null || value === '') return words.text('none');
  const path = walk(settingPath).findLast((step) => step.path !== undefined)?.path ?? '';
  if (typeof value === 'number' && path.endsWith('Bytes')) return words.bytes(value);
  if (typeof value === 'number' && path.endsWith('Seconds')) return `${words.count(value)} s`;
  if (typeof value === 'number' && path.endsWith('Percent')) return `${words.count(value)} %`;
  if (typeof value === 'boolean') return value ? '✓' : '✗';
  return typeof value === 'string' ? nameValue(words, path, value) : String(value);
}

/** The steps of a setting path: names of the contract, and members of lists between them. */
function walk(
  settingPath: string,
): readonly { readonly path: string | undefined; readonly member: string }[] {
  let path = '';
  return settingPath.split('/').map((part) => {
    const next = namesAt(path).find((name) => writeSettingName(name) === part);
    if (next === undefined) return { path: undefined, member: numberMember(fieldAt(path), part) };
    path = path === '' ? next : `${path}/${next}`;
    return { path, member: part };
  });
}

function namesAt(path: string): readonly string[] {
  if (path === '') return Object.keys(definitionFields);
  const field = fieldAt(path);
  return field === undefined ? [] : Object.keys(fieldsIn(field));
}
