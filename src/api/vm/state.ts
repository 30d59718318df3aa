/**
 * The states of a vm, with stable numbers for scripts. Numbers 0 to 9 are those of the Virtual
 * Server 2005 object model (running is 5, VM-26); 10 stays free (it meant "being deleted" there).
 *
 *      off --start--> starting ---> running --pause--> paused
 *       ^                |            | | ^              |
 *       |           (restoring <- saved | +--resuming----+
 *       |                           ^   |
 *       +-- turning-off             +- saving
 *       +-- shutting-down <-------------+
 */
export const vmStates = [
  'unknown',
  'off',
  'saved',
  'starting',
  'restoring',
  'running',
  'paused',
  'saving',
  'turning-off',
  'merging-disks',
  'resuming',
  'shutting-down',
  'resetting',
] as const;

export type VmState = (typeof vmStates)[number];

export interface StateFacts {
  /** Stable number for scripts (VM-26). */
  readonly number: number;
  /** What the console and the CLI write. */
  readonly label: string;
  /** Whether the state lasts until somebody or something changes it (VM-24). */
  readonly stable: boolean;
  /** Whether the vm's hypervisor process exists. */
  readonly live: boolean;
  /** One glyph that tells the state without colour (VM-25). */
  readonly glyph: string;
  /** Name of the console's icon and colour token. */
  readonly tone: 'ok' | 'idle' | 'busy' | 'off' | 'problem';
}

export const vmStateFacts: Readonly<Record<VmState, StateFacts>> = {
  unknown: { number: 0, label: 'Unknown', stable: false, live: false, glyph: '?', tone: 'problem' },
  off: { number: 1, label: 'Off', stable: true, live: false, glyph: '○', tone: 'off' },
  saved: { number: 2, label: 'Saved', stable: true, live: false, glyph: '◐', tone: 'idle' },
  starting: { number: 3, label: 'Starting', stable: false, live: true, glyph: '↑', tone: 'busy' },
  restoring: { number: 4, label: 'Restoring', stable: false, live: true, glyph: '↥', tone: 'busy' },
  running: { number: 5, label: 'Running', stable: true, live: true, glyph: '●', tone: 'ok' },
  paused: { number: 6, label: 'Paused', stable: true, live: true, glyph: '‖', tone: 'idle' },
  saving: { number: 7, label: 'Saving', stable: false, live: true, glyph: '↧', tone: 'busy' },
  'turning-off': {
    number: 8,
    label: 'Turning off',
    stable: false,
    live: true,
    glyph: '↓',
    tone: 'busy',
  },
  'merging-disks': {
    number: 9,
    label: 'Merging disks',
    stable: false,
    live: false,
    glyph: '⇊',
    tone: 'busy',
  },
  resuming: { number: 11, label: 'Resuming', stable: false, live: true, glyph: '▸', tone: 'busy' },
  'shutting-down': {
    number: 12,
    label: 'Shutting down',
    stable: false,
    live: true,
    glyph: '↡',
    tone: 'busy',
  },
  resetting: {
    number: 13,
    label: 'Resetting',
    stable: false,
    live: true,
    glyph: '↻',
    tone: 'busy',
  },
};

/** Code of the last fault of a vm that is off since its hypervisor process ended by itself. */
export const crashCode = 'crashed';
