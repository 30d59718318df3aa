/** Help out of the table of commands. */
import { commonOptions, type Argument, type Command, type Options } from './command.ts';
import { wrapText } from './output/table.ts';

const minMeaningWidth = 20;

export const nouns: Readonly<Record<string, string>> = {
  '': 'this machine',
  vm: 'virtual machines',
  team: 'vms that are started, stopped, suspended and resumed as one',
  network: 'networks that adapters of vms are plugged into',
  host: 'hosts that carry them',
  system: 'the installation as a whole',
  image: 'images that machines are made from, CDs and floppies',
  disk: 'virtual disk files on this machine; no coordinator is needed',
  operation: 'work in progress and finished',
  event: 'the event log',
  guest: 'guest operating systems',
  profile: 'hardware profiles for new vms',
  device: 'devices that vms cannot have',
  report: 'all vms under one question',
  folder: 'folders, where vms are filed and rights are granted',
  user: 'people',
  token: 'tokens for scripts',
  role: 'roles, sets of rights',
  grant: 'who may do what on what',
  access: 'all roles and grants as text',
  certificate: 'certificates in use',
  audit: 'the audit trail',
};

function argumentText(argument: Argument): string {
  const name = `${argument.name.toUpperCase()}${argument.rest ? '...' : ''}`;
  return argument.optional ? `[${name}]` : name;
}

export function usage(command: Command): string {
  return ['gantry', command.name, ...command.args.map(argumentText), '[options]'].join(' ');
}

type Row = readonly [name: string, meaning: string];

/** Names beside what they mean, which goes on below itself where the terminal is too narrow; `width` 0 does not wrap. */
function twoColumns(rows: readonly Row[], nameWidth: number, width: number): readonly string[] {
  return rows.flatMap(([name, meaning]) => {
    const left = name.padEnd(nameWidth);
    const room = width - left.length - 2;
    const parts = room < minMeaningWidth ? [meaning] : wrapText(meaning, room);
    return parts.map((part, line) => `${line === 0 ? left : ' '.repeat(left.length)}  ${part}`);
  });
}

function optionLines(options: Options, width: number): readonly string[] {
  const rows = Object.entries(options).map(([name, option]) => {
    const short = option.short === undefined ? '    ' : `-${option.short}, `;
    const value = option.type === 'flag' ? '' : ` ${option.value ?? option.type.toUpperCase()}`;
    return [`  ${short}--${name}${value}`, option.meaning] as const;
  });
  return twoColumns(rows, Math.min(34, Math.max(...rows.map(([left]) => left.length))), width);
}

export function commandHelp(command: Command, width: number): readonly string[] {
  const lines = [command.summary, '', `usage: ${usage(command)}`];
  if (command.args.length > 0) {
    lines.push(
      '',
      ...twoColumns(
        command.args.map(({ name, meaning }) => [`  ${name.toUpperCase()}`, meaning] as const),
        14,
        width,
      ),
    );
  }
  if (Object.keys(command.options).length > 0)
    lines.push('', 'options:', ...optionLines(command.options, width));
  lines.push(
    '',
    'common options:',
    ...optionLines(commonOptions, width),
    '',
    'examples:',
    ...command.examples.map((example) => `  ${example}`),
  );
  return lines;
}

function nounOf(command: Command): string {
  const [first, ...rest] = command.name.split(' ');
  return rest.length === 0 ? '' : (first ?? '');
}

function summaryLines(commands: readonly Command[], width: number): readonly string[] {
  const rows = commands.map(({ name, summary }) => [`  ${name}`, summary] as const);
  return twoColumns(rows, Math.max(22, ...rows.map(([name]) => name.length)), width);
}

/** Of the commands whose names begin with these words: `vm snapshot`. */
export function overviewOfGroup(
  commands: readonly Command[],
  group: string,
  width: number,
): readonly string[] {
  const own = commands.filter(({ name }) => name.startsWith(`${group} `));
  return [
    `gantry ${group}:`,
    ...summaryLines(own, width),
    '',
    `gantry ${group} VERB --help shows options and examples.`,
  ];
}

/** All commands, or those of one noun. */
export function overview(
  commands: readonly Command[],
  noun: string | undefined,
  width: number,
): readonly string[] {
  const lines =
    noun === undefined
      ? [
          'Gantry: one control plane for every virtual machine you run.',
          '',
          'usage: gantry NOUN VERB [arguments] [options]',
        ]
      : [`gantry ${noun}: ${nouns[noun] ?? ''}`];
  for (const [name, meaning] of Object.entries(nouns)) {
    const own = commands.filter(
      (command) => nounOf(command) === name && !command.name.startsWith('__'),
    );
    if (own.length === 0 || (noun !== undefined && noun !== name)) continue;
    if (noun === undefined) lines.push('', name === '' ? meaning : `${name}: ${meaning}`);
    lines.push(...summaryLines(own, width));
  }
  lines.push(
    '',
    noun === undefined
      ? 'gantry NOUN VERB --help shows options and examples.'
      : `gantry ${noun} VERB --help shows options and examples.`,
  );
  return lines;
}
