/** From argv to a command with its values. Unknown words and options are faults that name the nearest known one. */
import { Fault, formatBytes, parseBytes } from '#lib';
import { commonOptions, type Command, type Option, type Options } from './command.ts';

export interface Parsed {
  readonly command: Command;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly help: boolean;
}

const maxArguments = 1000;

/** Common options may stand before the command as well: `gantry --data DIR vm list`. */
export function splitLeading(argv: readonly string[]): {
  readonly leading: readonly string[];
  readonly words: readonly string[];
} {
  let at = 0;
  for (let word = argv[at]; word !== undefined && isOption(word); word = argv[at]) {
    const [flag, inline] = splitOption(word);
    const common = Object.entries<Option>(commonOptions).find(([name, { short }]) =>
      word.startsWith('--') ? name === flag : short === flag,
    );
    const takesNext = common !== undefined && common[1].type !== 'flag' && inline === undefined;
    at += takesNext ? 2 : 1;
  }
  return { leading: argv.slice(0, at), words: argv.slice(at) };
}

const isOption = (word: string): boolean => word.startsWith('-') && word !== '-' && word !== '--';

/** The command that a line names, by its longest name, and the rest of the line. */
export function findCommand(
  commands: readonly Command[],
  argv: readonly string[],
): { readonly command: Command; readonly rest: readonly string[] } | undefined {
  const { leading, words } = splitLeading(argv);
  for (let used = Math.min(3, words.length); used > 0; used -= 1) {
    const name = words.slice(0, used).join(' ');
    const command = commands.find((entry) => entry.name === name || entry.aliases?.includes(name));
    if (command) return { command, rest: [...leading, ...words.slice(used)] };
  }
  return undefined;
}

/** Edit distance, bounded input: for "did you mean". */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The words with which a command's name begins, as many as there are: `vm snapshot`. */
export function longestGroup(
  names: readonly string[],
  words: readonly string[],
): readonly string[] {
  for (let length = words.length; length > 0; length -= 1) {
    const group = words.slice(0, length);
    if (names.some((name) => name.startsWith(`${group.join(' ')} `))) return group;
  }
  return [];
}

export function nearest(word: string, known: readonly string[]): string | undefined {
  const short = word.slice(0, 64);
  const ranked = known
    .map((name) => ({ name, far: distance(short, name) }))
    .sort((a, b) => a.far - b.far);
  const best = ranked[0];
  // Of a short word little is left when two letters of it are others.
  const least = short.length < 5 ? 1 : 2;
  return best !== undefined && best.far <= Math.max(least, Math.floor(short.length / 3))
    ? best.name
    : undefined;
}

/** What other products call an option, by our name for it. */
const calledElsewhere: Readonly<Record<string, string>> = {
  cpu: 'processors',
  cpus: 'processors',
  vcpu: 'processors',
  vcpus: 'processors',
  ram: 'memory',
  mem: 'memory',
};

function nearestOption(flag: string, known: Options): string | undefined {
  const ours = Object.hasOwn(calledElsewhere, flag) ? calledElsewhere[flag] : undefined;
  if (ours !== undefined && Object.hasOwn(known, ours)) return ours;
  return nearest(flag, Object.keys(known));
}

function valueOf(name: string, option: Option, text: string): string | number {
  if (option.words !== undefined && !option.words.includes(text)) {
    throw new Fault('invalid', `--${name} cannot be "${text}"`, {
      hint: `one of: ${option.words.join(', ')}`,
    });
  }
  if (option.type === 'size') return sizeOf(name, option, text);
  if (option.type !== 'number') return text;
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number))
    throw new Fault('invalid', `--${name} "${text}" is not a number`);
  return number;
}

function sizeOf(name: string, { least = 0 }: Option, text: string): number {
  const bytes = parseBytes(text);
  if (bytes >= least) return bytes;
  const bare = /^\d+$/.test(text.trim());
  throw new Fault('invalid', `--${name} ${text} is ${formatBytes(bytes)}`, {
    hint: bare ? `say the unit: ${text}G, ${text}M` : `at least ${formatBytes(least)}`,
  });
}

/** Parses the rest of a line. Options and arguments may be mixed; `--` ends options. */
export function parseWords(command: Command, words: readonly string[]): Parsed {
  if (words.length > maxArguments)
    throw new Fault('too-large', `more than ${maxArguments} arguments`);
  const known: Options = { ...commonOptions, ...command.options };
  const byShort = new Map(
    Object.entries(known).flatMap(([name, option]) =>
      option.short === undefined ? [] : [[option.short, name] as const],
    ),
  );
  const options: Record<string, string | number | boolean | string[]> = {};
  const args: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') {
      args.push(...words.slice(at + 1));
      break;
    }
    if (!isOption(word)) {
      args.push(word);
      continue;
    }
    const [flag, inline] = splitOption(word);
    const name = word.startsWith('--') ? flag : byShort.get(flag);
    const option = name === undefined || !Object.hasOwn(known, name) ? undefined : known[name];
    if (name === undefined || option === undefined) {
      const close = nearestOption(flag, known);
      throw new Fault('invalid', `${command.name} has no option ${word.slice(0, 80)}`, {
        hint: close === undefined ? `gantry ${command.name} --help` : `did you mean --${close}?`,
      });
    }
    if (option.type === 'flag') {
      if (inline !== undefined) throw new Fault('invalid', `--${name} takes no value`);
      options[name] = true;
      continue;
    }
    const text = inline ?? words[(at += 1)];
    if (text === undefined)
      throw new Fault('invalid', `--${name} needs a value`, {
        hint: `--${name} ${option.value ?? 'VALUE'}: ${option.meaning}`,
      });
    if (option.type === 'list')
      options[name] = [...((options[name] as string[] | undefined) ?? []), text];
    else options[name] = valueOf(name, option, text);
  }
  const help = options['help'] === true;
  if (!help) checkArguments(command, args);
  return { command, args, options, help };
}

function splitOption(word: string): [string, string | undefined] {
  if (!word.startsWith('--'))
    return [word.slice(1, 2), word.length > 2 ? word.slice(2).replace(/^=/, '') : undefined];
  const equals = word.indexOf('=');
  return equals < 0 ? [word.slice(2), undefined] : [word.slice(2, equals), word.slice(equals + 1)];
}

function checkArguments(command: Command, args: readonly string[]): void {
  const needed = command.args.filter((argument) => argument.optional === undefined);
  const missing = needed[args.length];
  if (missing !== undefined) {
    throw new Fault('invalid', `${command.name} needs ${missing.name}: ${missing.meaning}`, {
      hint: `for example: ${command.examples[0] ?? ''}`,
    });
  }
  const takesRest = command.args.at(-1)?.rest === true;
  if (!takesRest && args.length > command.args.length) {
    throw new Fault(
      'invalid',
      `${command.name} does not take "${(args[command.args.length] ?? '').slice(0, 80)}"`,
      { hint: `gantry ${command.name} --help` },
    );
  }
}
