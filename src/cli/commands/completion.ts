/** Completion for bash, zsh and fish. The scripts ask `gantry __complete WORDS...`, so names are always the present ones. */
import { Fault, isFault } from '#lib';
import type { Client, RouteName } from '#api';
import {
  command,
  commonOptions,
  type Argument,
  type Command,
  type Option,
  type Options,
} from '../command.ts';
import { findCommand, splitLeading } from '../parse.ts';

export const completionScripts: Readonly<Record<string, string>> = {
  // not compgen -W, which would run what a vm's name says
  bash: `_gantry() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do
    [[ $word == "\${COMP_WORDS[COMP_CWORD]}"* ]] && COMPREPLY+=("$(printf %q "$word")")
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _gantry gantry`,
  // sourced, or as a file _gantry in a folder of $fpath, which zsh runs at the first completion
  zsh: `#compdef gantry
_gantry() {
  local -a found
  found=(\${(f)"$("$words[1]" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( $#found )); then compadd -a found; else _files; fi
}
if [[ $funcstack[1] == _gantry ]]; then _gantry "$@"; else compdef _gantry gantry; fi`,
  fish: `function __gantry_complete
  set -l words (commandline -opc)
  set -l found ($words[1] __complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c gantry -f -a '(__gantry_complete)'`,
};

const limit = 200;
const lists: Readonly<Record<string, RouteName>> = {
  vm: 'vm.list',
  team: 'team.list',
  network: 'network.list',
  host: 'host.list',
  image: 'image.list',
  folder: 'folder.list',
  user: 'user.list',
  operation: 'operation.list',
};

async function namesOf(
  kind: string,
  client: Client,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const route = lists[kind];
  if (route === undefined) return [];
  try {
    const page = (await client.call(
      route as 'vm.list',
      { query: { limit } },
      signal,
    )) as unknown as { items: readonly { id: string; name?: string; path?: string }[] };
    return page.items.map((item) =>
      kind === 'operation'
        ? item.id
        : kind === 'folder'
          ? (item.path ?? '')
          : (item.name ?? item.id),
    );
  } catch (error) {
    if (isFault(error)) return [];
    throw error;
  }
}

function argumentAt(entry: Command, position: number): Argument | undefined {
  const last = entry.args.at(-1);
  return entry.args[position] ?? (last?.rest ? last : undefined);
}

/** What may stand where the last word stands. */
export async function complete(
  commands: readonly Command[],
  words: readonly string[],
  client: () => Client,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const before = splitLeading(words.slice(0, -1)).words;
  const last = words.at(-1) ?? '';
  const found = findCommand(commands, before);
  if (found === undefined) {
    const depth = before.length;
    const fitting = commands.filter(
      (entry) =>
        !entry.name.startsWith('__') &&
        before.every((word, index) => entry.name.split(' ')[index] === word),
    );
    return [
      ...new Set(
        fitting.map((entry) => entry.name.split(' ')[depth]).filter((word) => word !== undefined),
      ),
    ];
  }
  const options: Options = { ...commonOptions, ...found.command.options };
  const previous = before.at(-1) ?? '';
  const option = waitingForValue(options, previous);
  if (option !== undefined) return option.words ?? [];
  if (last.startsWith('-')) return Object.keys(options).map((name) => `--${name}`);
  const given = found.rest.filter(
    (word, index) =>
      !word.startsWith('-') && waitingForValue(options, found.rest[index - 1] ?? '') === undefined,
  );
  const argument = argumentAt(found.command, given.length);
  if (argument?.completes === undefined || argument.completes === 'file') return [];
  return typeof argument.completes === 'string'
    ? namesOf(argument.completes, client(), signal)
    : argument.completes;
}

/** The option that takes the word after this one as its value. */
function waitingForValue(options: Options, word: string): Option | undefined {
  const named = Object.entries(options).find(
    ([name, { short }]) => word === `--${name}` || (short !== undefined && word === `-${short}`),
  );
  return named?.[1].type === 'flag' ? undefined : named?.[1];
}

/** The two commands; they need the table they are part of. */
export function completionCommands(all: () => readonly Command[]): readonly Command[] {
  return [
    command({
      name: 'completion',
      summary: 'the completion script of a shell',
      args: [
        { name: 'shell', meaning: 'bash, zsh or fish', completes: Object.keys(completionScripts) },
      ],
      examples: [
        'source <(gantry completion bash)',
        'gantry completion zsh > /usr/local/share/zsh/site-functions/_gantry',
        'gantry completion fish > ~/.config/fish/completions/gantry.fish',
      ],
      async run({ args, out }) {
        const script = completionScripts[args[0] ?? ''];
        if (script === undefined)
          throw new Fault(
            'invalid',
            `there is no completion for "${(args[0] ?? '').slice(0, 40)}"`,
            { hint: 'one of: bash, zsh, fish' },
          );
        out.line(script);
      },
    }),
    command({
      name: '__complete',
      summary: 'used by the completion scripts',
      args: [{ name: 'words', meaning: 'the words so far', optional: true, rest: true }],
      examples: ['gantry __complete -- vm sta'],
      async run(run) {
        for (const word of await complete(all(), run.args, () => run.client, run.signal))
          run.out.line(word);
      },
    }),
  ];
}
