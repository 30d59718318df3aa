/**
 * The commands that a line may mean. Those on disk files need nothing of the API, whose schemas take longer to load than
 * a gigabyte to copy: a line that names one of them loads these alone, any other line the whole table, of which they are part.
 */
import type { Client, ClientOptions } from '#api';
import { assert } from '#lib';
import type { Command } from '../command.ts';
import type { Installation } from '../installation.ts';
import { findCommand, splitLeading } from '../parse.ts';
import { diskCommands } from './disk.ts';

export interface Loaded {
  readonly commands: readonly Command[];
  /** Whether there are some that write YAML unasked; its library is in their table already. */
  readonly writeYaml: boolean;
  /** A client of the installation's API. Faults: those of findConnection. */
  readonly connect: (
    installation: Installation,
    options: Pick<ClientOptions, 'trace' | 'dryRun'>,
  ) => Client;
}

export async function loadCommands(argv: readonly string[]): Promise<Loaded> {
  // without one of them it is a question about the table, or a mistake to be compared with it
  if (splitLeading(argv).words[0] === 'disk' && findCommand(diskCommands, argv) !== undefined)
    return { commands: diskCommands, writeYaml: false, connect: connectNowhere };
  const [{ commands }, { findConnection, openClient }] = await Promise.all([
    import('./mod.ts'),
    import('../connection.ts'),
  ]);
  return {
    commands,
    writeYaml: true,
    connect: (installation, options) =>
      openClient(findConnection(installation, process.env), options),
  };
}

function connectNowhere(): never {
  assert(false, 'commands on disk files ask no coordinator');
}

/** The words that may follow `gantry`, also where only a part of the table is loaded. */
export const firstWords: ReadonlySet<string> = new Set(
  (
    'up down status uninstall apply test web completion __complete vm host system team network image guest device ' +
    'folder quota profile disk report warning operation event user token role grant access certificate audit'
  ).split(' '),
);
