import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventCatalogue } from '../event/catalogue.ts';
import { allVerbs } from '../rights.ts';
import { describeAct } from './action-phrases.ts';
import { actionOfWord, actionWords } from './action-words.ts';
import { powerActions, vmActionFacts, vmActions, type VmAction } from './actions.ts';
import { additionsStates, type AdditionsState } from './additions.ts';
import { judgeAction, type Judged } from './judge-action.ts';
import { vmStateFacts, vmStates, type VmState } from './state.ts';

const all = Object.keys(vmActions) as VmAction[];

function vm(state: VmState, more: Partial<Judged> = {}): Judged {
  return {
    name: 'web-1',
    state,
    held: false,
    additions: 'running',
    undo: 'none',
    missing: {},
    hostReachable: true,
    ...more,
  };
}

function taken(state: VmState, more: Partial<Judged> = {}): readonly VmAction[] {
  return all.filter((action) => judgeAction(action, vm(state, more)).answer === 'take');
}

test('VM-49 what may be done with a vm that is off', () => {
  assert.deepEqual(
    new Set(taken('off')),
    new Set<VmAction>([
      'turn-on',
      'hold',
      'adopt',
      'remove',
      'delete',
      'clone',
      'clone-snapshot',
      'flatten',
      'make-template',
      'migrate',
      'relocate',
      'move-disk',
      'rename',
      'configure',
      'insert-media',
      'change-disks',
      'take-snapshot',
      'revert-snapshot',
      'delete-snapshot',
    ]),
  );
});

test('VM-50 what may be done with a running vm, and that it is neither removed nor deleted', () => {
  const running = taken('running');
  for (const action of [
    'screen',
    'pause',
    'save',
    'turn-off',
    'reset',
    'restart',
    'shutdown',
    'reboot',
    'take-snapshot',
    'configure',
  ] as const)
    assert.ok(running.includes(action), action);
  for (const action of ['remove', 'delete'] as const) {
    const judgement = judgeAction(action, vm('running'));
    assert.equal(judgement.answer, 'refuse');
    assert.match(judgement.answer === 'refuse' ? judgement.why : '', /web-1 is running/);
    assert.ok(judgement.answer === 'refuse' && judgement.hint !== undefined);
  }
});

test('VM-50 GA-18 without additions that answer a guest is neither shut down nor restarted, and that is said', () => {
  const answers = (action: VmAction, additions: AdditionsState) =>
    judgeAction(action, vm('running', { additions }));
  for (const action of ['shutdown', 'reboot'] as const) {
    const [absent, silent] = [answers(action, 'none'), answers(action, 'not-answering')];
    assert.ok(absent.answer === 'refuse' && silent.answer === 'refuse');
    assert.match(absent.why, /no guest additions have answered in web-1/);
    assert.match(silent.why, /the guest additions in web-1 do not answer/);
    assert.match(silent.hint ?? '', action === 'shutdown' ? /power button/ : /reset/);
    assert.equal(answers(action, 'outdated').answer, 'take');
  }
  for (const additions of additionsStates)
    assert.equal(answers('power-button', additions).answer, 'take');
});

test('disks of a vm that runs are flattened and moved as they are while it is off; of one that is saved they are moved', () => {
  const answer = (action: VmAction, state: VmState): string =>
    judgeAction(action, vm(state)).answer;
  for (const state of ['off', 'running', 'paused'] as const)
    for (const action of ['flatten', 'move-disk'] as const)
      assert.equal(answer(action, state), 'take');
  assert.equal(answer('flatten', 'saved'), 'refuse');
  assert.equal(answer('move-disk', 'saved'), 'take');
  assert.equal(answer('relocate', 'running'), 'refuse');
});

test('VM-51 what may be done with a paused vm', () => {
  const paused = taken('paused');
  for (const action of ['resume', 'save', 'turn-off', 'reset', 'take-snapshot', 'screen'] as const)
    assert.ok(paused.includes(action), action);
  for (const action of ['pause', 'shutdown', 'power-button', 'reboot', 'type', 'turn-on'] as const)
    assert.ok(!paused.includes(action), action);
});

test('VM-52 a saved vm is restored or discarded; turning it on is refused with that hint', () => {
  assert.deepEqual(
    new Set(taken('saved')),
    new Set<VmAction>([
      'restore',
      'discard',
      'rename',
      'remove',
      'clone',
      'clone-snapshot',
      'revert-snapshot',
      'relocate',
      'move-disk',
      'screenshot',
    ]),
  );
  const judgement = judgeAction('turn-on', vm('saved'));
  assert.equal(judgement.answer, 'refuse');
  assert.match(judgement.answer === 'refuse' ? (judgement.hint ?? '') : '', /restore.*discard/);
});

test('VM-53 in a transitional state only turn off and remote control are offered', () => {
  for (const state of vmStates) {
    if (vmStateFacts[state].stable || state === 'unknown' || state === 'merging-disks') continue;
    assert.deepEqual(
      new Set(taken(state)),
      new Set<VmAction>(['turn-off', 'screen', 'serial']),
      state,
    );
  }
});

test('VM-53 with an unknown state no power action is offered', () => {
  assert.ok(
    taken('unknown').every((action) => !(powerActions as readonly string[]).includes(action)),
  );
});

test("VM-54 what the driver cannot do is refused with the driver's reason", () => {
  assert.deepEqual(judgeAction('save', vm('running', { missing: { save: 'it cannot save' } })), {
    answer: 'refuse',
    why: 'it cannot save',
  });
});

test('nothing is done on a host that does not answer, but a vm can be taken out', () => {
  assert.deepEqual(taken('unknown', { hostReachable: false }), ['remove']);
});

test('asking for what is so already is ignored, not an error', () => {
  assert.equal(judgeAction('turn-on', vm('running')).answer, 'ignore');
  assert.equal(judgeAction('turn-off', vm('off')).answer, 'ignore');
  assert.equal(judgeAction('pause', vm('paused')).answer, 'ignore');
  assert.equal(judgeAction('save', vm('saved')).answer, 'ignore');
  assert.equal(judgeAction('release', vm('running')).answer, 'ignore');
});

test('VM-42 a held vm is released, not resumed; a paused one is resumed, not released', () => {
  assert.equal(judgeAction('release', vm('paused', { held: true })).answer, 'take');
  assert.equal(judgeAction('resume', vm('paused', { held: true })).answer, 'refuse');
  assert.equal(judgeAction('release', vm('paused')).answer, 'refuse');
  assert.equal(judgeAction('resume', vm('paused')).answer, 'take');
});

const words: readonly (readonly [string, string])[] = [
  ['power-on', 'turn-on'],
  ['power-off-now', 'turn-off'],
  ['suspend', 'pause'],
  ['resume', 'resume'],
  ['shutdown-and-power-off', 'shutdown'],
  ['restart-now', 'restart'],
];

for (const [word, action] of words) {
  test(`VM-40 the word ${word} is taken for ${action}`, () => {
    assert.equal(
      actionOfWord(word, { state: 'running', additions: 'running', onHostStop: 'save' }),
      action,
    );
  });
}

test('VM-27 suspended means paused; saving the state is never called suspend', () => {
  assert.equal(
    actionOfWord('suspend', { state: 'running', additions: 'running', onHostStop: 'save' }),
    'pause',
  );
  const saving = [
    ...all
      .filter((action) => actionWords.includes(action) && !/pause/.test(action))
      .flatMap((action) => [action, vmActionFacts(action).label, vmActionFacts(action).meaning]),
    ...vmStates.flatMap((state) => [state, vmStateFacts[state].label]),
    ...Object.entries(eventCatalogue)
      .filter(([name]) => name !== 'vm.state.suspended')
      .flatMap(([name, entry]) => [name, JSON.stringify(entry)]),
  ];
  assert.match(JSON.stringify(eventCatalogue['vm.state.suspended']), /paused/);
  for (const text of saving) assert.doesNotMatch(text, /suspend/i);
});

test('VM-44 the seven words of event actions are taken; turn off and turn off now are the same', () => {
  const state = { state: 'running', additions: 'running', onHostStop: 'save' } as const;
  const words = {
    'turn-on': 'turn-on',
    'turn-off': 'turn-off',
    'shutdown-and-turn-off': 'shutdown',
    'turn-off-now': 'turn-off',
    suspend: 'pause',
    resume: 'resume',
    'restart-now': 'restart',
  };
  for (const [word, action] of Object.entries(words))
    assert.equal(actionOfWord(word, state), action, word);
});

test('VM-45 start restores a saved vm, stop performs its stop action', () => {
  assert.equal(
    actionOfWord('start', { state: 'saved', additions: 'running', onHostStop: 'off' }),
    'restore',
  );
  assert.equal(
    actionOfWord('start', { state: 'off', additions: 'running', onHostStop: 'off' }),
    'turn-on',
  );
  assert.equal(
    actionOfWord('stop', { state: 'running', additions: 'running', onHostStop: 'off' }),
    'turn-off',
  );
  assert.equal(
    actionOfWord('stop', { state: 'running', additions: 'running', onHostStop: 'shutdown' }),
    'shutdown',
  );
  assert.equal(
    actionOfWord('stop', { state: 'running', additions: 'running', onHostStop: 'save' }),
    'save',
  );
});

test('VM-37 a stop by shutdown presses the power button of a guest that cannot be asked otherwise', () => {
  const stop = (additions: AdditionsState) =>
    actionOfWord('stop', { state: 'running', additions, onHostStop: 'shutdown' });
  assert.deepEqual(additionsStates.map(stop), [
    'power-button',
    'shutdown',
    'power-button',
    'shutdown',
  ]);
});

test('every word stands for an action, and no other text does', () => {
  for (const word of actionWords)
    assert.ok(
      actionOfWord(word, { state: 'running', additions: 'running', onHostStop: 'save' }),
      word,
    );
  for (const word of ['', 'toString', 'constructor', '__proto__', 'turn on'])
    assert.equal(
      actionOfWord(word, { state: 'running', additions: 'running', onHostStop: 'save' }),
      undefined,
      word,
    );
});

test('VM-25 every state has a text and a glyph of its own', () => {
  assert.equal(new Set(vmStates.map((state) => vmStateFacts[state].label)).size, vmStates.length);
  assert.equal(new Set(vmStates.map((state) => vmStateFacts[state].glyph)).size, vmStates.length);
});

test('VM-24 the stable states are off, running, paused and saved; the others are on their way, or unknown', () => {
  const which = (stable: 'stable' | 'passing'): readonly string[] =>
    vmStates.filter((state) => vmStateFacts[state].stable === (stable === 'stable')).toSorted();
  assert.deepEqual(which('stable'), ['off', 'paused', 'running', 'saved']);
  assert.deepEqual(which('passing'), [
    'merging-disks',
    'resetting',
    'restoring',
    'resuming',
    'saving',
    'shutting-down',
    'starting',
    'turning-off',
    'unknown',
  ]);
});

test('every action names a right that exists and states that exist', () => {
  for (const action of all) {
    const facts = vmActionFacts(action);
    assert.ok(allVerbs.includes(facts.right), action);
    assert.ok(facts.from.length > 0, action);
    for (const state of facts.from) assert.ok(vmStates.includes(state), `${action} ${state}`);
  }
});

test('the judge answers for every action in every state, and says why where it refuses', () => {
  for (const action of all)
    for (const state of vmStates)
      for (const held of [true, false])
        for (const hostReachable of [true, false]) {
          const judgement = judgeAction(action, vm(state, { held, hostReachable }));
          if (judgement.answer !== 'take') assert.ok(judgement.why.length > 0);
        }
});

test('undo disks are committed or discarded while the vm is off, and only where there are any', () => {
  for (const action of ['commit-undo', 'discard-undo'] as const) {
    assert.equal(judgeAction(action, vm('off', { undo: 'there' })).answer, 'take');
    assert.equal(judgeAction(action, vm('off')).answer, 'ignore');
    for (const state of ['running', 'paused', 'saved'] as const) {
      const judgement = judgeAction(action, vm(state, { undo: 'there' }));
      assert.equal(judgement.answer, 'refuse');
      assert.match(judgement.answer === 'refuse' ? (judgement.hint ?? '') : '', /turn it off/);
    }
  }
});

test('VM-68 nothing that starts a vm is offered while a linked disk is attached', () => {
  for (const [state, action] of [
    ['off', 'turn-on'],
    ['off', 'hold'],
    ['saved', 'restore'],
    ['running', 'restart'],
  ] as const) {
    const judgement = judgeAction(action, vm(state, { linkedDisk: 'scsi0:1' }));
    assert.equal(judgement.answer, 'refuse', action);
    assert.match(judgement.answer === 'refuse' ? judgement.why : '', /linked disk at scsi0:1/);
  }
  assert.equal(judgeAction('clone', vm('off', { linkedDisk: 'scsi0:1' })).answer, 'take');
});

test('VM-92 a vm that runs is cloned where its host has snapshots, else the reason is that of its driver', () => {
  const missing = { snapshot: 'its driver has no snapshots' };
  assert.equal(judgeAction('clone', vm('running')).answer, 'take');
  assert.equal(judgeAction('clone', vm('off', { missing })).answer, 'take');
  assert.deepEqual(judgeAction('clone', vm('running', { missing })), {
    answer: 'refuse',
    why: missing.snapshot,
    hint: 'shut it down first, or pause it or save its state',
  });
});

test('a template is cloned, filed and taken out, and nothing else; one that is none is not ended', () => {
  const template = { template: true } as const;
  assert.equal(
    [...taken('off', template)].sort().join(' '),
    'clone clone-snapshot delete end-template move-disk relocate remove rename',
  );
  const judgement = judgeAction('turn-on', vm('off', template));
  assert.equal(judgement.answer === 'refuse' ? judgement.why : '', 'web-1 is a template');
  assert.equal(judgeAction('make-template', vm('off', template)).answer, 'ignore');
  assert.equal(judgeAction('end-template', vm('off')).answer, 'refuse');
});

test('an adopted vm that nobody knows who has is given back, whose unknown state is of another cause is not', () => {
  const judge = (more: Partial<Judged>, state: 'unknown' | 'running' | 'off' = 'unknown') =>
    judgeAction('give-back', vm(state, { adopted: true, ...more })).answer;
  assert.equal(judge({ unsettled: true }), 'take');
  assert.equal(judge({ unsettled: true }, 'off'), 'take');
  assert.equal(judge({ unsettled: true }, 'running'), 'refuse');
  assert.equal(judge({}), 'refuse');
  assert.equal(judge({ unsettled: true, hostReachable: false }), 'refuse');
});

test('the state of a vm with a shared disk is not saved, by the name of the disk', () => {
  for (const state of ['running', 'paused'] as const) {
    const judgement = judgeAction('save', vm(state, { sharedDisk: 'scsi0:1' }));
    assert.equal(judgement.answer, 'refuse');
    assert.match(judgement.answer === 'refuse' ? judgement.why : '', /its disk at scsi0:1/);
  }
  assert.equal(judgeAction('pause', vm('running', { sharedDisk: 'scsi0:1' })).answer, 'take');
});

test('SNAP-06 where a driver has no snapshots the actions say why', () => {
  const missing = { snapshot: 'this hypervisor has no snapshots' };
  for (const action of ['take-snapshot', 'revert-snapshot', 'delete-snapshot'] as const) {
    assert.equal(judgeAction(action, vm('off')).answer, 'take');
    const judgement = judgeAction(action, vm('off', { missing }));
    assert.deepEqual(judgement, { answer: 'refuse', why: missing.snapshot });
  }
});

test('an action is told as a sentence that ends with the name of the vm', () => {
  assert.equal(describeAct('turn-on', 'web-1'), 'turn on web-1');
  assert.equal(describeAct('flatten', 'web-1'), 'flatten the disks of web-1');
  assert.equal(describeAct('relocate', 'web-1'), 'move the files of web-1');
});

test('a vm on its way to another host is looked at and typed into, and nothing else is done to it', () => {
  const going = { departing: 'bob' } as const;
  assert.deepEqual(
    new Set(taken('running', going)),
    new Set(['screen', 'serial', 'screenshot', 'type']),
  );
  const judgement = judgeAction('turn-off', vm('running', going));
  assert.equal(
    judgement.answer === 'refuse' ? judgement.why : '',
    'web-1 is being moved to host bob',
  );
});
