/**
 * Commands in hints as this person types them: `./gantry` in a clone, with the installation that was
 * chosen on the command line, so that every command shown can be copied and run.
 */
import { shellWord } from './output/shell-word.ts';

const choosers = ['--data', '--server'];

/** Rewrites `gantry NOUN` in a text. `first` are the words that may follow `gantry`. */
export function typedAs(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  first: ReadonlySet<string>,
): (text: string) => string {
  const command = [environment['GANTRY_COMMAND'] ?? 'gantry', ...chosen(argv)].map(shellWord);
  const words = command.join(' ');
  if (words === 'gantry') return (text) => text;
  return (text) =>
    text.replaceAll(/\bgantry(?= ([a-z]+))/g, (name, next: string) =>
      first.has(next) ? words : name,
    );
}

/** The options of the command line that choose an installation. */
function chosen(argv: readonly string[]): string[] {
  const found: string[] = [];
  for (const [index, word] of argv.entries()) {
    if (word === '--') break;
    const value = argv[index + 1];
    if (choosers.includes(word) && value !== undefined) found.push(word, value);
    else if (choosers.some((name) => word.startsWith(`${name}=`))) found.push(word);
  }
  return found;
}
