/** The words of the language chosen: texts with places filled in, numbers, durations and times its way. */
import type { Reason } from '#lib';
import type {
  AllowedAction,
  Category,
  Event,
  Finding,
  HostBulkAction,
  HostStatus,
  Image,
  ImageRecipe,
  NetworkState,
  OperationState,
  Operation,
  Severity,
  VmAction,
  VmStanding,
} from '#api';
import { english, type Language, type TextKey } from './en.ts';
import type { FindingWords } from './en-findings.ts';
import { createPhraseBook } from './phrases.ts';
import { createEventText, type ToldEvent } from './said-event.ts';

/** A language that can be chosen; its words come when it is. */
export interface Choice {
  readonly code: string;
  /** As its speakers call it. */
  readonly name: string;
  readonly read: () => Promise<Language>;
}

const fallback: Choice = { code: 'en', name: 'English', read: () => Promise.resolve(english) };

/** A third language is one more file, with the words of all pages in it, and one more entry here. */
export const languages: readonly Choice[] = [
  fallback,
  { code: 'de', name: 'Deutsch', read: async () => (await import('./de.ts')).german },
];

type Step = Operation['steps'][number];

export interface SaidFinding {
  /** With the name of the check before it. */
  readonly what: string;
  /** Null: nothing is known that would help. */
  readonly remedy: string | null;
}

export interface Words {
  readonly language: Language;
  text(key: TextKey, values?: Readonly<Record<string, string | number>>): string;
  /** Of a vm's state, and of how it stands. */
  state(state: VmStanding): string;
  action(action: VmAction): string;
  /** The name of an operation by its action: `vm.pause`, `host.stop`, `vms.pause`. */
  operation(action: string): string;
  operationState(state: OperationState): string;
  /** What an operation does now. */
  step(step: Pick<Step, 'name' | 'note'>): string;
  hostStatus(status: HostStatus): string;
  hostAction(action: HostBulkAction | 'discover' | 'probe'): string;
  networkState(state: NetworkState): string;
  severity(severity: Severity): string;
  category(category: Category): string;
  imageKind(kind: Image['imageKind']): string;
  recipe(recipe: ImageRecipe): string;
  /** A fault; where its sentence is not known, what its code means stands before it. */
  fault(fault: { readonly code?: string | undefined; readonly message: string }): string;
  /** A reason, with what would make it go away. */
  reason(reason: Reason): string;
  /** The name of a check of a host. */
  check(told: string): string;
  /** What a finding says, in words of the console where its code is known. */
  finding(finding: Pick<Finding, 'check' | 'evidence' | 'remedy' | 'code' | 'values'>): SaidFinding;
  /** A sentence of the API; as it is where the language does not know it. */
  told(told: string): string;
  /** Why something is not possible now, and what would help; undefined where it is. */
  whyNot(judged: AllowedAction | undefined): string | undefined;
  /** What happened. */
  event(event: ToldEvent): string;
  /** By whose hand. */
  actor(actor: Event['actor']): string;
  /** What an action loses, in this language or else in the API's words. */
  loss(action: VmAction, told: string): string;
  count(value: number): string;
  percent(value: number | null): string;
  bytes(value: number | null): string;
  duration(seconds: number | null): string;
  /** In words: `14 minutes, 27 seconds`. */
  runningTime(seconds: number | null): string;
  time(iso: string): string;
  /** Hour and minute, or the day, for the scale of a graph. */
  clock(ms: number): string;
  day(ms: number): string;
  /** With one decimal at most. */
  number(value: number): string;
}

/** The language of a code like `de-AT`; English where there is none. */
export function findLanguage(code: string): Choice {
  const base = code.toLowerCase().split('-', 1)[0];
  return languages.find((language) => language.code === base) ?? fallback;
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `locale`: a dialect of the language, for numbers and times. */
export function createWords(language: Language, locale: string = language.code): Words {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const short = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const times = new Intl.DateTimeFormat(locale, {
    dateStyle: 'medium',
    timeStyle: 'medium',
  });
  const clocks = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  const days = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
  const longUnit = (unit: TimeUnit): Intl.NumberFormat =>
    new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' });
  const longUnits: Readonly<Record<TimeUnit, Intl.NumberFormat>> = {
    day: longUnit('day'),
    hour: longUnit('hour'),
    minute: longUnit('minute'),
    second: longUnit('second'),
  };
  const listed = new Intl.ListFormat(locale, { type: 'unit', style: 'long' });
  const none = language.texts.notAvailable;
  const [sayPhrase, sayCheck] = [language.sentences, language.checks].map(createPhraseBook);
  const told = (text: string): string => sayPhrase?.(text) ?? text;
  const check = (text: string): string => sayCheck?.(text) ?? text;
  const words: Words = {
    language,
    text: (key, values = {}) => fillPlaces(language.texts[key], values),
    state: (state) => language.states[state],
    action: (action) => language.actions[action],
    operation: (action) => nameOperation(language, action),
    step: ({ name, note }) =>
      note === null ? (findEntry(language.steps, name) ?? name) : told(note),
    operationState: (state) => language.operationStates[state],
    hostStatus: (status) => language.hostStatuses[status],
    hostAction: (action) => language.hostActions[action],
    networkState: (state) => language.networkStates[state],
    severity: (severity) => language.severities[severity],
    category: (category) => language.categories[category],
    imageKind: (kind) => language.imageKinds[kind],
    recipe: (recipe) => language.recipes[recipe],
    fault: ({ code, message }) => explain(words, findEntry(language.faults, code ?? ''), message),
    reason: (reason) => tellReason(words, reason),
    check,
    finding: (finding) => sayFinding(words, finding),
    told,
    whyNot: (judged) =>
      judged === undefined || judged.allowed
        ? undefined
        : [judged.reason, judged.hint]
            .filter((part) => part !== undefined)
            .map(told)
            .join(' – '),
    event: createEventText(language, () => words),
    actor: ({ kind, name }) =>
      kind === 'user' ? name : (findEntry(language.events.actors, name) ?? name),
    loss: (action, told) => language.losses[action] ?? told,
    count: (value) => whole.format(value),
    percent: (value) => (value === null ? none : `${whole.format(value)} %`),
    bytes: (value) => {
      if (value === null) return none;
      let unit = 0;
      let rest = value;
      while (rest >= 1024 && unit < units.length - 1) {
        rest /= 1024;
        unit += 1;
      }
      return `${short.format(rest)} ${units[unit] ?? ''}`;
    },
    duration: (seconds) =>
      seconds === null
        ? none
        : largestUnits(seconds)
            .map(([value, unit]) => `${value} ${unitSigns[unit]}`)
            .join(' '),
    runningTime: (seconds) =>
      seconds === null
        ? none
        : listed.format(
            largestUnits(seconds).map(([value, unit]) => longUnits[unit].format(value)),
          ),
    time: (iso) => times.format(new Date(iso)),
    clock: (ms) => clocks.format(ms),
    day: (ms) => days.format(ms),
    number: (value) => short.format(value),
  };
  return words;
}

/** Places without a value stay as they are. */
export function fillPlaces(
  text: string,
  values: Readonly<Record<string, string | number>>,
): string {
  return text.replaceAll(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

type Told = Parameters<Words['finding']>[0];

function sayFinding(
  words: Words,
  { check, evidence, remedy, code = '', values = {} }: Told,
): SaidFinding {
  const findings: Readonly<Record<string, FindingWords>> = words.language.findings;
  const own = Object.hasOwn(findings, code) ? findings[code] : undefined;
  const said = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, sayValue(words, name, value)]),
  );
  const what = own?.evidence === undefined ? evidence : fillPlaces(own.evidence, said);
  return {
    what: `${words.check(check)}: ${what}`,
    remedy: own?.remedy === undefined ? remedy : fillPlaces(own.remedy, said),
  };
}

const wordNames: ReadonlySet<string> = new Set([
  'use',
  'device',
  'certificate',
  'version',
  'shipped',
]);

/** By what the name says of it (src/api/finding-texts.ts). */
function sayValue(words: Words, name: string, value: string | number): string {
  if (typeof value === 'number')
    return name.endsWith('Bytes') ? words.bytes(value) : words.number(value);
  if (name.endsWith('At') && !Number.isNaN(Date.parse(value))) return words.time(value);
  if (name === 'status') return words.language.hostStatuses[value as HostStatus] ?? value;
  if (name === 'why') return words.told(value);
  return wordNames.has(name) ? words.check(value) : value;
}

/** Where the sentence, or how it begins, is not known, the meaning of its code stands before it. */
function explain(words: Words, meaning: string | undefined, text: string): string {
  const said = words.told(text);
  const isKnown = beginningOf(said) !== beginningOf(text);
  return meaning === undefined || isKnown ? said : `${meaning}: ${said}`;
}

function beginningOf(text: string): string {
  return text.split(': ', 1)[0] ?? '';
}

function tellReason(words: Words, { code, text, remedy }: Reason): string {
  const { language } = words;
  const what = explain(words, findEntry(language.reasons, code), text);
  return remedy === undefined
    ? what
    : `${what} – ${findEntry(language.remedies, code) ?? words.told(remedy)}`;
}

function nameOperation(language: Language, action: string): string {
  const [kind, ...rest] = action.split('.');
  const verb = rest.join('.');
  const own =
    kind === 'host' ? findEntry(language.hostActions, verb) : findEntry(language.actions, verb);
  if (kind === 'vms' && own !== undefined) return fillPlaces(language.onMany, { action: own });
  return findEntry(language.operations, action) ?? own ?? action;
}

function findEntry(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

const unitSigns = { day: 'd', hour: 'h', minute: 'min', second: 's' } as const;
type TimeUnit = keyof typeof unitSigns;

/** The two largest that there are: `3 d 4 h`, `14 min 27 s`, `7 s`. */
function largestUnits(seconds: number): readonly (readonly [number, TimeUnit])[] {
  const parts: readonly (readonly [number, TimeUnit])[] = [
    [Math.floor(seconds / 86400), 'day'],
    [Math.floor(seconds / 3600) % 24, 'hour'],
    [Math.floor(seconds / 60) % 60, 'minute'],
    [Math.floor(seconds) % 60, 'second'],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  return first < 0 ? parts.slice(-1) : parts.slice(first, first + 2);
}
