/** The request of an import, made of what was answered in its dialog. */
import { archiveStem, type VmImport } from '#api';

export interface ImportAnswers {
  readonly from: 'host' | 'here';
  /** Its id. */
  readonly host: string;
  /** On the host. */
  readonly path: string;
  readonly name: string;
  readonly folder: string;
  /** `user`, `none`, or names of networks: none, one for all adapters, or one for each; none: what their networks there are here. */
  readonly networks: readonly string[];
  readonly choices: ImportChoices;
  readonly start: boolean;
}

/** Empty where the server is to ask. */
export interface ImportChoices {
  readonly origin: VmImport['origin'];
  readonly snapshots: VmImport['snapshots'];
  readonly undo: '' | NonNullable<VmImport['undo']>;
  readonly savedState: '' | NonNullable<VmImport['savedState']>;
  readonly takenAddresses: '' | NonNullable<VmImport['takenAddresses']>;
}

/** What each may be, the first one unless somebody says so. */
export const importChoices = {
  origin: ['moved', 'copied'],
  snapshots: ['flatten', 'import'],
  undo: ['', 'commit', 'discard', 'snapshot'],
  savedState: ['', 'discard'],
  takenAddresses: ['', 'keep', 'new'],
} as const satisfies { readonly [K in keyof ImportChoices]: readonly ImportChoices[K][] };

export const firstChoices: ImportChoices = {
  origin: 'moved',
  snapshots: 'flatten',
  undo: '',
  savedState: '',
  takenAddresses: '',
};

/** As the route takes it: what has a default may be left out. */
export type ImportBody = Pick<VmImport, 'file'> & Partial<VmImport>;

/** Without what has been sent. */
export function importBody(answers: ImportAnswers, file: string): ImportBody {
  const { host, name, folder, networks, start, choices } = answers;
  const { undo, savedState, takenAddresses, ...always } = choices;
  return {
    file,
    host,
    folder,
    networks: [...networks],
    start,
    ...always,
    ...(name === '' ? {} : { name }),
    ...(undo === '' ? {} : { undo }),
    ...(savedState === '' ? {} : { savedState }),
    ...(takenAddresses === '' ? {} : { takenAddresses }),
  };
}

/** Whether a file of this computer is named as the archives that are unpacked. */
export function isArchiveName(name: string): boolean {
  return archiveStem(name) !== undefined;
}
