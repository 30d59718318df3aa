/**
 * A command as data: noun and verb, arguments, options, examples, and the function that does it. From
 * the table of commands (commands/mod.ts) come parsing, help, completion and the manual's reference.
 */
import type { Client } from '#api';
import type { OutputFormat, Writer } from './output/writer.ts';
import type { Installation } from './installation.ts';

export interface Option {
  readonly type: 'text' | 'number' | 'flag' | 'size' | 'list';
  readonly meaning: string;
  /** One letter. */
  readonly short?: string;
  /** How the value is called in help. */
  readonly value?: string;
  /** Of a size, in bytes: what is less was typed without its unit. */
  readonly least?: number;
  /** The allowed words, for parsing and completion. */
  readonly words?: readonly string[];
}

export interface Argument {
  readonly name: string;
  readonly meaning: string;
  readonly optional?: true;
  /** Takes all that follow; only the last argument may. */
  readonly rest?: true;
  /** What completion offers: names of things of this kind, or words. */
  readonly completes?:
    | 'vm'
    | 'team'
    | 'network'
    | 'host'
    | 'image'
    | 'operation'
    | 'folder'
    | 'user'
    | 'file'
    | readonly string[];
}

export type Options = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O extends { readonly words: readonly (infer W)[] }
  ? W
  : O['type'] extends 'flag'
    ? boolean
    : O['type'] extends 'number' | 'size'
      ? number
      : O['type'] extends 'list'
        ? readonly string[]
        : string;

export type Values<O extends Options> = { readonly [K in keyof O]?: ValueOf<O[K]> };

/** What every command is given. */
export interface Run<O extends Options = Options> {
  readonly args: readonly string[];
  readonly options: Values<O>;
  readonly installation: Installation;
  /** The API; connects when it is first used. */
  readonly client: Client;
  readonly out: Writer;
  readonly format: OutputFormat;
  /** Wait for operations; the default of most commands. */
  readonly wait: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly signal: AbortSignal;
}

export interface Command {
  /** `vm start`. */
  readonly name: string;
  readonly summary: string;
  readonly args: readonly Argument[];
  readonly options: Options;
  readonly examples: readonly string[];
  /** Further words that mean the same. */
  readonly aliases?: readonly string[];
  /** Does it; the exit code, or nothing for 0. */
  run(run: Run): Promise<number | void>;
}

interface CommandInput<O extends Options> {
  readonly name: string;
  readonly summary: string;
  readonly args?: readonly Argument[];
  readonly options?: O;
  readonly examples: readonly [string, ...string[]];
  readonly aliases?: readonly string[];
  run(run: Run<O>): Promise<number | void>;
}

/** Checks an entry's types and forgets them, so that the table is a plain list. */
export function command<const O extends Options = Options>(input: CommandInput<O>): Command {
  return {
    args: [],
    ...input,
    options: input.options ?? {},
    run: (run) => input.run(run as unknown as Run<O>),
  };
}

/** Options that every command takes. */
export const commonOptions = {
  output: {
    type: 'text',
    short: 'o',
    value: 'FORMAT',
    meaning: 'table, wide, json, yaml or csv',
    words: ['table', 'wide', 'json', 'yaml', 'csv'],
  },
  data: {
    type: 'text',
    value: 'DIR',
    meaning: 'the installation, by its data folder (also GANTRY_DATA)',
  },
  server: {
    type: 'text',
    value: 'URL',
    meaning: 'a server on another machine (also GANTRY_SERVER; the token from GANTRY_TOKEN)',
  },
  debug: { type: 'flag', meaning: 'show the API calls' },
  wait: { type: 'flag', meaning: 'wait for the end of the operation (default)' },
  'no-wait': { type: 'flag', meaning: 'return as soon as the operation has begun' },
  'dry-run': { type: 'flag', meaning: 'check everything, change nothing' },
  yes: { type: 'flag', short: 'y', meaning: 'ask nothing' },
  help: { type: 'flag', short: 'h', meaning: 'help' },
} as const satisfies Options;
