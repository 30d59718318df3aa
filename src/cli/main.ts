/**
 * The CLI: a client of the public API, with one addition: `up`, `down`, `status` and `uninstall` look
 * after the programs of this machine. Results go to standard output, everything else to standard error;
 * the exit code tells the kind of fault (exit.ts).
 */
import type { Client } from '#api';
import { assert, Fault, toFault } from '#lib';
import { firstWords, loadCommands, type Loaded } from './commands/load.ts';
import type { Command } from './command.ts';
import { exitCodeOf } from './exit.ts';
import { commandHelp, overview, overviewOfGroup } from './help.ts';
import { findInstallation, surroundings } from './installation.ts';
import { tellFault } from './output/tell-fault.ts';
import { createWriter, outputFormats, type OutputFormat, type Writer } from './output/writer.ts';
import {
  findCommand,
  longestGroup,
  nearest,
  parseWords,
  splitLeading,
  type Parsed,
} from './parse.ts';
import { typedAs } from './typed-as.ts';
import { cliVersion } from './version.ts';

async function main({ commands, connect }: Loaded, out: Writer): Promise<number> {
  const found = findCommand(commands, argv);
  if (found === undefined) return withoutCommand(commands, out);
  const parsed = parseWords(found.command, found.rest);
  if (parsed.help) {
    for (const line of commandHelp(found.command, out.width)) out.line(line);
    return 0;
  }
  return runCommand(parsed, connect, out);
}

function withoutCommand(commands: readonly Command[], out: Writer): number {
  if (argv[0] === '--version') {
    out.line(`gantry ${cliVersion}`);
    return 0;
  }
  const typedWords = splitLeading(argv).words.filter((word) => !word.startsWith('-'));
  const isHelp = typedWords.length === 0 || typedWords[0] === 'help';
  const words = isHelp ? typedWords.slice(1) : typedWords;
  const asked = isHelp ? findCommand(commands, words)?.command : undefined;
  if (asked !== undefined) {
    for (const line of commandHelp(asked, out.width)) out.line(line);
    return 0;
  }
  const names = commands.map((command) => command.name);
  const group = longestGroup(names, words);
  if (isHelp || group.length === words.length) {
    const lines =
      group.length > 1
        ? overviewOfGroup(commands, group.join(' '), out.width)
        : overview(commands, group[0], out.width);
    for (const line of lines) out.line(line);
    return 0;
  }
  const typed = words.slice(0, group.length + 1).join(' ');
  const close = nearest(typed, names);
  const known = group.length === 0 ? 'gantry help' : `gantry help ${group.join(' ')}`;
  throw new Fault('invalid', `there is no command "gantry ${typed.slice(0, 80)}"`, {
    hint: close === undefined ? known : `did you mean: gantry ${close}`,
  });
}

async function runCommand(
  parsed: Parsed,
  connect: Loaded['connect'],
  out: Writer,
): Promise<number> {
  const { options } = parsed;
  const text = (name: string): string | undefined =>
    typeof options[name] === 'string' ? options[name] : undefined;
  const installation = findInstallation(
    { data: text('data'), server: text('server') },
    surroundings(),
  );
  const dryRun = options['dry-run'] === true;
  const trace = options['debug'] === true ? { trace: traceTo(out) } : {};
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort(new Fault('cancelled', 'interrupted')));
  let client: Client | undefined;
  const code = await parsed.command.run({
    args: parsed.args,
    options: options as never,
    installation,
    get client() {
      client ??= connect(installation, { dryRun, ...trace });
      return client;
    },
    out,
    format:
      outputFormats.find((format): format is OutputFormat => format === text('output')) ?? 'table',
    wait: options['no-wait'] !== true,
    dryRun,
    yes: options['yes'] === true,
    signal: interrupt.signal,
  });
  if (dryRun && client !== undefined) out.note('dry run: nothing was changed');
  return code ?? 0;
}

function traceTo(out: Writer) {
  return (call: {
    method: string;
    url: string;
    body: unknown;
    status: number;
    ms: number;
  }): void => {
    const body =
      call.body === undefined
        ? ''
        : ` ${JSON.stringify(call.body, (key, value: unknown) => (/password|secret|code/i.test(key) ? '[hidden]' : value))}`;
    out.note(`api: ${call.method} ${call.url}${body} -> ${call.status} (${call.ms.toFixed(0)} ms)`);
  };
}

async function tell(error: unknown, commands: readonly Command[], out: Writer): Promise<number> {
  const fault = toFault(error);
  tellFault(out, fault);
  const command = findCommand(commands, argv)?.command;
  if (fault.code === 'invalid' && fault.hint === undefined && command !== undefined)
    out.hint(`gantry ${command.name} --help`);
  if (fault.code === 'internal' && fault.hint === undefined) await tellOfAge(out);
  if (
    fault.code === 'internal' &&
    process.env['GANTRY_TRACE'] !== undefined &&
    error instanceof Error
  )
    out.note(error.stack ?? '');
  return exitCodeOf(fault.code);
}

/** What is a bug to one state of the tree may be an answer of another one. */
async function tellOfAge(out: Writer): Promise<void> {
  const { isOutdated, renewal } = await import('./system/program-build.ts');
  if (isOutdated()) out.hint(renewal);
}

/** Who asks a command on disk files for YAML says so on the line; nobody else waits until its library is loaded. */
async function yamlWriter({ writeYaml }: Loaded): Promise<(thing: unknown) => string> {
  if (!writeYaml && !argv.some((word) => word.includes('yaml'))) return unaskedYaml;
  const { stringify } = await import('yaml');
  return (thing) => stringify(thing);
}

function unaskedYaml(): never {
  assert(false, 'YAML is written where the line asks for it');
}

async function start(): Promise<void> {
  const loaded = await loadCommands(argv);
  const out = createWriter(
    process.stdout,
    process.stderr,
    process.env,
    typedAs(argv, process.env, firstWords),
    await yamlWriter(loaded),
  );
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // the reader went away (| head): that is how pipes end
    if (error.code === 'EPIPE') process.exit(0);
  });
  process.exitCode = await main(loaded, out).catch((error: unknown) =>
    tell(error, loaded.commands, out),
  );
}

const argv = process.argv.slice(2);
// not awaited: parts that are loaded later find what they share with this file in it, once it is evaluated
void start();
