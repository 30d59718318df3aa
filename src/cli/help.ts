/** Help out of the table of commands. */
import { commonOptions, type Argument, type Command, type Options } from './command.ts';

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

function optionLines(options: Options): readonly string[] {
  const rows = Object.entries(options).map(([name, option]) => {
    const short = option.short === undefined ? '    ' : `-${option.short}, `;
    const value = option.type === 'flag' ? '' : ` ${option.value ?? option.type.toUpperCase()}`;
    return [`  ${short}--${name}${value}`, option.meaning] as const;
  });
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`);
}

export function commandHelp(command: Command): readonly string[] {
  const lines = [command.summary, '', `usage: ${usage(command)}`];
  if (command.args.length > 0) {
    lines.push(
      '',
      ...command.args.map(
        (argument) => `  ${argument.name.toUpperCase().padEnd(12)}  ${argument.meaning}`,
      ),
    );
  }
  if (Object.keys(command.options).length > 0)
    lines.push('', 'options:', ...optionLines(command.options));
  lines.push(
    '',
    'common options:',
    ...optionLines(commonOptions),
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

function summaryLine(command: Command): string {
  return `  ${command.name.padEnd(22)} ${command.summary}`;
}

/** Of the commands whose names begin with these words: `vm snapshot`. */
export function overviewOfGroup(commands: readonly Command[], group: string): readonly string[] {
  const own = commands.filter(({ name }) => name.startsWith(`${group} `));
  return [
    `gantry ${group}:`,
    ...own.map(summaryLine),
    '',
    `gantry ${group} VERB --help shows options and examples.`,
  ];
}

/** All commands, or those of one noun. */
export function overview(commands: readonly Command[], noun?: string): readonly string[] {
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
    lines.push(...own.map(summaryLine));
  }
  lines.push(
    '',
    noun === undefined
      ? 'gantry NOUN VERB --help shows options and examples.'
      : `gantry ${noun} VERB --help shows options and examples.`,
  );
  return lines;
}
