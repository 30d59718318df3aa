/** What people and other products call the power actions (VM-40, VM-44, VM-45). */
import { powerActions, type PowerAction } from './actions.ts';
import { chooseShutdown, type AdditionsState } from './additions.ts';
import type { VmState } from './state.ts';

/**
 * Words of other vocabularies, accepted everywhere (VM-40: IBM Director's menu; VM-44: its event
 * actions; VM-45: the management pack's tasks; and what Proxmox, virsh and others say).
 */
const words: Readonly<Record<string, PowerAction>> = {
  'power-on': 'turn-on',
  'power-off-now': 'turn-off',
  suspend: 'pause',
  'shutdown-and-power-off': 'shutdown',
  'shutdown-and-turn-off': 'shutdown',
  'turn-off-now': 'turn-off',
  'restart-now': 'restart',
  'power-on-hold': 'hold',
  'power-on-release': 'release',
  'save-state': 'save',
  'restore-saved-state': 'restore',
  'discard-saved-state': 'discard',
  'shut-down-guest': 'shutdown',
  'press-power-button': 'power-button',
  unpause: 'resume',
  'inject-nmi': 'nmi',
};

const stopActions = {
  save: () => 'save',
  shutdown: chooseShutdown,
  off: () => 'turn-off',
} as const satisfies Record<string, (additions: AdditionsState) => PowerAction>;

/** All words that stand for an action, in the order of help. */
export const actionWords: readonly string[] = [
  ...powerActions,
  'start',
  'stop',
  ...Object.keys(words),
];

/**
 * The action a word stands for. `start` restores a saved vm and turns on any other; `stop` is the vm's
 * configured stop action (VM-45), and a shutdown presses the power button of a guest that cannot be asked
 * otherwise. Undefined where the word is unknown.
 */
export function actionOfWord(
  word: string,
  vm: {
    readonly state: VmState;
    readonly additions: AdditionsState;
    readonly onHostStop: 'save' | 'shutdown' | 'off';
  },
): PowerAction | undefined {
  if (word === 'start') return vm.state === 'saved' ? 'restore' : 'turn-on';
  if (word === 'stop') return stopActions[vm.onHostStop](vm.additions);
  return (
    powerActions.find((action) => action === word) ??
    (Object.hasOwn(words, word) ? words[word] : undefined)
  );
}
