/** What helps where an action is not for a vm's state: by state and action. */
export const actionHints: Readonly<Record<string, string>> = {
  'saved turn-on': 'restore the saved state, or discard it first',
  'saved configure': 'restore the vm and turn it off, or discard the saved state first',
  'saved insert-media': 'restore the vm first',
  'saved change-disks': 'restore the vm and turn it off, or discard the saved state first',
  'saved delete': 'discard the saved state first',
  'running delete': 'turn the vm off first',
  'running remove': 'turn the vm off or save its state first',
  'paused delete': 'turn the vm off first',
  'paused remove': 'turn the vm off or save its state first',
  'running clone': 'shut it down first, or pause it or save its state',
  'running flatten': 'turn the vm off first',
  'paused flatten': 'turn the vm off first',
  'saved flatten': 'restore the vm and turn it off, or discard the saved state first',
  'saved migrate': 'restore it first, or discard its state',
  'running relocate': 'shut it down first, or pause it or save its state',
  'running turn-on': 'it runs already',
  'paused turn-on': 'resume it',
  'paused shutdown': 'resume it first: a paused guest cannot shut down',
  'paused power-button': 'resume it first: a paused guest cannot shut down',
  'paused reboot': 'resume it first',
  'paused type': 'resume it first',
  'saved take-snapshot': 'restore the vm, or discard the saved state first',
  'saved delete-snapshot': 'restore the vm, or discard the saved state first',
  'running commit-undo': 'turn it off with: --undo commit',
  'running discard-undo': 'turn it off with: --undo discard',
  'paused commit-undo': 'turn it off with: --undo commit',
  'paused discard-undo': 'turn it off with: --undo discard',
  'saved commit-undo': 'restore the vm and turn it off, or discard the saved state first',
  'saved discard-undo': 'restore the vm and turn it off, or discard the saved state first',
  'off save': 'only a running or paused vm has a state to save',
};

/** Why a console cannot be used that was switched off, and what would help. */
export const consolesOffReasons = {
  vm: {
    why: 'its console is switched off',
    hint: 'switch it on with: gantry vm set NAME settings.console.enabled=true',
  },
  host: {
    why: 'consoles are switched off on its host',
    hint: 'switch them on with: gantry host set HOST settings.consoles=true',
  },
} as const;
