/** Hands on a program's windows, and eyes: what they tell of themselves to whoever cannot see them (window.py). */
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Desktop } from './desktop.ts';

const hands = fileURLToPath(new URL('window.py', import.meta.url));

/** What it is made of, beside a desktop. */
export const windowPrograms = [
  '/usr/libexec/at-spi-bus-launcher',
  '/usr/share/doc/gir1.2-atspi-2.0',
  '/usr/share/doc/python3-gi',
] as const;

/** Inside of what: roles and names, from the outermost on. */
export type Place = readonly (readonly [role: string, name: string])[];

type Asked = Readonly<Record<string, unknown>> & { readonly do: string };

/** At most so much of what the program writes is kept, for whoever looks for what is wrong. */
const mostSaid = 400_000;

export class Windows {
  readonly #child: ChildProcessWithoutNullStreams;
  /** Of what is asked now. */
  #answered: (line: string) => void = () => undefined;
  #said = '';

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      // Beside answers there are words of the daemons that a session starts.
      if (line.startsWith('{')) this.#answered(line);
    });
    child.on('close', () => this.#answered('{"fault":"it has ended"}'));
    child.stderr.on('data', (bytes: Buffer) => {
      this.#said = (this.#said + bytes.toString()).slice(-mostSaid);
    });
  }

  /** Starts a program, whose words go where its faults go. It ends with the desktop. */
  static open(desktop: Desktop, program: string, ...args: readonly string[]): Windows {
    const both = `P=$1; H=$2; shift 2; "$P" "$@" </dev/null >&2 & exec /usr/bin/python3 -W ignore "$H"`;
    return new Windows(desktop.spawn('sh', ['-c', both, 'sh', program, hands, ...args]));
  }

  /** What the program has written. */
  get said(): string {
    return this.#said;
  }

  press(role: string, name: string, place: Place = []): Promise<unknown> {
    return this.#ask({ do: 'press', role, name, in: place });
  }

  /** A row of a table, by the text of one of its cells. */
  select(table: string, row: string, place: Place = []): Promise<unknown> {
    return this.#ask({ do: 'select', table, row, in: place });
  }

  /** The box in such a row. */
  tick(table: string, row: string, place: Place = []): Promise<unknown> {
    return this.#ask({ do: 'tick', table, row, in: place });
  }

  write(name: string, text: string, place: Place = []): Promise<unknown> {
    return this.#ask({ do: 'write', name, text, in: place });
  }

  set(name: string, number: number, place: Place = []): Promise<unknown> {
    return this.#ask({ do: 'set', name, number, in: place });
  }

  /** One of what a combo box offers. */
  pick(name: string, item: string, place: Place = []): Promise<unknown> {
    return this.#ask({ do: 'pick', name, item, in: place });
  }

  /** Resolves when there is no such thing any more. */
  awaitGone(role: string, name: string): Promise<unknown> {
    return this.#ask({ do: 'await-gone', role, name });
  }

  /** Names of all of a role that are shown. */
  async list(role: string): Promise<readonly string[]> {
    return (await this.#ask({ do: 'list', role })) as readonly string[];
  }

  /** Everything that is shown, for people. */
  async show(): Promise<string> {
    return String(await this.#ask({ do: 'show' }));
  }

  async #ask(asked: Asked): Promise<unknown> {
    const told = Promise.withResolvers<string>();
    this.#answered = told.resolve;
    this.#child.stdin.write(`${JSON.stringify(asked)}\n`);
    const answer = JSON.parse(await told.promise) as {
      value?: unknown;
      fault?: string;
      shown?: string;
    };
    assert.equal(
      answer.fault,
      undefined,
      `${JSON.stringify(asked)}: ${answer.fault}\n${answer.shown}\n${this.#said.slice(-6000)}`,
    );
    return answer.value;
  }
}
