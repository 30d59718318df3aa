/** English. Words of states and actions are the API's own (src/api/vm/state.ts, actions.ts). */
import { vmActions, vmStateFacts, type VmAction, type VmState } from '#api';

const entriesOf = <K extends string, V>(table: Readonly<Record<K, V>>): [K, V][] =>
  Object.entries(table) as [K, V][];

const states = Object.fromEntries(
  entriesOf(vmStateFacts).map(([state, { label }]) => [state, label]),
) as Record<VmState, string>;

const actions = Object.fromEntries(
  entriesOf(vmActions).map(([action, { label }]) => [action, label]),
) as Record<VmAction, string>;

export const texts = {
  about: 'About',
  actions: 'Actions',
  actionsOf: 'Actions for {name}',
  actionTaken: '{action}: {name}',
  address: 'Address',
  addresses: 'Addresses',
  by: 'By',
  cancel: 'Cancel',
  cancelOperation: 'Cancel operation',
  category: 'Category',
  choosePassword: 'Choose a password',
  choosePasswordWhy: 'You signed in by a link that works once. With a password you can come back.',
  close: 'Close',
  clockOffset: '{offset} ms against the host',
  confirm: 'Confirm',
  confirmName: 'Type the name to confirm: {name}',
  connected: 'Connected',
  connecting: 'Connecting',
  connectionLost: 'The connection to the server is lost. Trying again.',
  copied: 'Copied',
  copy: 'Copy',
  cpu: 'CPU',
  create: 'Create',
  createVm: 'Create virtual machine',
  ctrlAltDel: 'Ctrl-Alt-Del',
  dark: 'Dark',
  delete: 'Delete',
  deletedFiles: 'These files are deleted:',
  disconnected: 'Disconnected',
  disk: 'Disk',
  diskGiB: 'Disk size in GiB (empty: as large as the image)',
  driver: 'Driver',
  duration: 'Duration',
  events: 'Events',
  exportDefinition: 'Export definition',
  filter: 'Filter',
  filterExample: 'for example: state = running AND name : web',
  firstPage: 'First page',
  folder: 'Folder',
  forwards: 'Port forwards',
  fullScreen: 'Full screen',
  guest: 'Guest',
  guestAdditions: 'Guest additions',
  guestClock: 'Guest clock',
  hardware: 'Hardware',
  heartbeat: 'Heartbeat',
  host: 'Host',
  hosts: 'Hosts',
  image: 'Image',
  language: 'Language',
  light: 'Light',
  loading: 'Loading',
  memory: 'Memory',
  memoryMiB: 'Memory in MiB',
  message: 'Message',
  more: 'Show more',
  name: 'Name',
  navigation: 'Navigation',
  nextPage: 'Next page',
  noDisk: 'No disk',
  noEvents: 'No events',
  noHosts: 'No hosts',
  noOperations: 'No operations',
  none: 'none',
  notAvailable: 'n/a',
  notFound: 'There is nothing here',
  noVms: 'No virtual machines',
  noVmsFound: 'No virtual machine matches the filter',
  oldPasswordHint: 'At least 12 characters. Length is what counts.',
  oneTimeCode: 'Code from the authenticator app',
  oneTimeCodeHint: 'Six digits, a new one every 30 seconds',
  openInApp: 'Open in an authenticator app',
  operation: 'Operation',
  operations: 'Operations',
  password: 'Password',
  processors: 'Processors',
  progress: 'Progress',
  reconnect: 'Reconnect',
  repeatPassword: 'Password again',
  passwordsDiffer: 'The two passwords differ.',
  reason: 'Reason',
  running: 'Running',
  runningTime: 'Running time',
  save: 'Save',
  screen: 'Screen',
  secondFactor: 'Second factor',
  secondFactorSecret: 'Secret for the authenticator app',
  secondFactorWhy:
    'Your group asks for a second factor. Type the secret into an authenticator app, then confirm with a code from it.',
  serial: 'Serial console',
  sessionEnded: 'Your session has ended. Sign in again to go on where you were.',
  signedInAs: 'Signed in as {name}',
  signIn: 'Sign in',
  signInHint: 'A link that works once is made with: gantry user link NAME',
  signOut: 'Sign out',
  size: 'Size',
  skipToContent: 'Skip to content',
  startAfterwards: 'Turn it on afterwards',
  state: 'State',
  summary: 'Summary',
  system: 'As the system',
  target: 'Target',
  theme: 'Appearance',
  time: 'Time',
  tryAgain: 'Try again',
  type: 'Type',
  unknownError: 'Something went wrong in the console',
  user: 'User name',
  virtualMachine: 'Virtual machine',
  virtualMachines: 'Virtual machines',
  vmsRange: '{from}–{to} of {total}',
  whatGoesWrong: '{action} of {name} failed',
} as const;

export type TextKey = keyof typeof texts;

/** All that a language says. */
export interface Language {
  /** BCP 47. */
  readonly code: string;
  /** In its own words. */
  readonly name: string;
  readonly texts: Readonly<Record<TextKey, string>>;
  readonly states: Readonly<Record<VmState, string>>;
  readonly actions: Readonly<Record<VmAction, string>>;
  /** What is lost by actions that ask first; where it is left out, the API's own words. */
  readonly losses: Readonly<Partial<Record<VmAction, string>>>;
}

export const english: Language = {
  code: 'en',
  name: 'English',
  texts,
  states,
  actions,
  losses: {},
};
