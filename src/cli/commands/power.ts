/** The power verbs: one table, one function. Words of other products are aliases. */
import { undoDecisions, vmActionFacts, type PowerAction, type VmActionRequest } from '#api';
import { Fault, toFault } from '#lib';
import { command, type Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { tellFault } from '../output/tell-fault.ts';
import { finish } from '../progress.ts';

interface Verb {
  readonly word: string;
  readonly summary: string;
  readonly done: string;
  /** The action whose question is asked first. */
  readonly asks?: PowerAction;
  readonly aliases?: readonly string[];
}

const verbs: readonly Verb[] = [
  { word: 'start', summary: 'turn on, or restore a saved vm', done: 'runs' },
  {
    word: 'stop',
    summary: "the vm's own stop action: save, shut down or turn off",
    done: 'was stopped',
  },
  { word: 'turn-on', summary: 'start from power-on', done: 'runs', aliases: ['power-on'] },
  {
    word: 'turn-off',
    summary: 'remove power at once',
    done: 'is off',
    asks: 'turn-off',
    aliases: ['power-off-now', 'turn-off-now', 'kill'],
  },
  {
    word: 'shutdown',
    summary: 'let the guest shut down, through its guest additions',
    done: 'has shut down',
    aliases: ['shutdown-and-power-off', 'shutdown-and-turn-off', 'shut-down-guest'],
  },
  {
    word: 'power-button',
    summary: 'press the ACPI power button, for guests without additions',
    done: 'has shut down',
    aliases: ['press-power-button'],
  },
  { word: 'reboot', summary: 'let the guest restart cleanly', done: 'restarts' },
  {
    word: 'pause',
    summary: 'stop execution, keep the memory',
    done: 'is paused',
    aliases: ['suspend'],
  },
  { word: 'resume', summary: 'continue a paused vm', done: 'runs', aliases: ['unpause'] },
  {
    word: 'save',
    summary: 'write memory and devices to a file and stop',
    done: 'is saved',
    aliases: ['save-state'],
  },
  {
    word: 'restore',
    summary: 'bring back the saved state, which is used up by that',
    done: 'runs',
    aliases: ['restore-saved-state'],
  },
  {
    word: 'discard',
    summary: 'delete the saved state',
    done: 'is off, the saved state is gone',
    asks: 'discard',
    aliases: ['discard-saved-state'],
  },
  { word: 'reset', summary: 'press the reset button', done: 'was reset', asks: 'reset' },
  {
    word: 'nmi',
    summary: 'interrupt a guest that hangs, as the button on the board of a server does',
    done: 'was sent an NMI',
    asks: 'nmi',
    aliases: ['inject-nmi'],
  },
  {
    word: 'restart',
    summary: 'turn off and on again, with pending changes',
    done: 'runs again',
    asks: 'restart',
    aliases: ['restart-now'],
  },
  {
    word: 'hold',
    summary: 'start, held before the first instruction',
    done: 'is held before its first instruction',
    aliases: ['power-on-hold'],
  },
  {
    word: 'update-additions',
    summary: 'install the guest additions of the host in the guest, through its guest agent',
    done: 'has the guest additions of its host',
  },
  {
    word: 'commit-undo',
    summary: 'write what the undo disks hold into the disks',
    done: 'has committed its undo disks',
    asks: 'commit-undo',
  },
  {
    word: 'discard-undo',
    summary: 'delete the undo disks; the disks are as before the session',
    done: 'has discarded its undo disks',
    asks: 'discard-undo',
  },
  { word: 'release', summary: 'let a held vm run', done: 'runs', aliases: ['power-on-release'] },
];

const options = {
  timeout: {
    type: 'number',
    value: 'SECONDS',
    meaning: 'shutdown, power-button: how long the guest may take',
  },
  'on-timeout': {
    type: 'text',
    words: ['fail', 'save', 'turn-off'],
    value: 'ACTION',
    meaning: 'shutdown, power-button: what happens after it; default fail',
  },
  undo: {
    type: 'text',
    words: undoDecisions,
    value: 'DECISION',
    meaning:
      "turn-off, shutdown, power-button: what becomes of undo disks; default: the vm's setting",
  },
  boot: {
    type: 'text',
    words: ['disk', 'cd', 'floppy', 'network'],
    value: 'DEVICE',
    meaning: 'start: boot device for this once',
  },
  without: {
    type: 'list',
    value: 'DEVICE',
    meaning: 'start: do without this host device, this once',
  },
  force: { type: 'flag', meaning: 'resume: also while the volume has too little space' },
} as const;

function powerCommand(verb: Verb): Command {
  return command({
    name: `vm ${verb.word}`,
    ...(verb.aliases === undefined ? {} : { aliases: verb.aliases.map((word) => `vm ${word}`) }),
    summary: verb.summary,
    args: [{ name: 'vm', meaning: 'names or ids', completes: 'vm', rest: true }],
    options,
    examples: [`gantry vm ${verb.word} hello`, `gantry vm ${verb.word} web-1 web-2 --no-wait`],
    async run(run) {
      const { args, client, out, dryRun, signal } = run;
      const body: VmActionRequest = {
        ...(run.options.timeout === undefined ? {} : { timeoutSeconds: run.options.timeout }),
        ...(run.options['on-timeout'] === undefined
          ? {}
          : { onTimeout: run.options['on-timeout'] }),
        ...(run.options.undo === undefined ? {} : { undo: run.options.undo }),
        ...(run.options.boot === undefined ? {} : { bootOnce: run.options.boot }),
        ...(run.options.without === undefined ? {} : { without: [...run.options.without] }),
        ...(run.options.force === true ? { force: true } : {}),
      };
      const question = verb.asks === undefined ? undefined : vmActionFacts(verb.asks).confirm;
      if (question !== undefined && out.interactive && !dryRun)
        await confirm(run, `${args.join(', ')}: ${question}. Go on?`);
      const begun = await Promise.allSettled(
        args.map((vm) =>
          client.call('vm.act', { params: { vm, action: verb.word }, body }, signal),
        ),
      );
      const faults: Fault[] = [];
      for (const [index, answer] of begun.entries()) {
        const vm = args[index] ?? '';
        try {
          if (answer.status === 'rejected') throw answer.reason;
          if (dryRun) out.line(`vm ${vm}: ${verb.word} would be accepted`);
          else await finish(run, answer.value, () => `vm ${vm} ${verb.done}`);
        } catch (error) {
          const fault = toFault(error);
          faults.push(fault);
          if (args.length > 1) tellFault(out, fault, vm);
        }
      }
      const [first] = faults;
      if (first === undefined) return;
      if (args.length === 1) throw first;
      throw new Fault(first.code, `${faults.length} of ${args.length} vms failed`);
    },
  });
}

export const powerCommands: readonly Command[] = verbs.map(powerCommand);
