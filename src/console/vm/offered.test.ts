import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AllowedAction } from '#api';
import { createWords, findLanguage } from '../i18n/words.ts';
import { deedOf, offeredActions } from './offered.ts';

test('what the driver of the host cannot do is not offered, what is not possible now is, with its reason', () => {
  const actions: readonly AllowedAction[] = [
    { action: 'clone', allowed: false, reason: 'cannot', unsupported: true },
    { action: 'clone-snapshot', allowed: true },
    { action: 'resume', allowed: false, reason: 'it runs' },
    { action: 'screen', allowed: false, reason: 'none', unsupported: true },
    { action: 'pause', allowed: true },
  ];
  assert.deepEqual(
    offeredActions(actions).map(({ action }) => action),
    ['pause', 'resume'],
  );
});

test('of moving a vm with its files and as it runs the second is offered where the first is not possible now', () => {
  const offered = (mayStandStill: boolean): readonly string[] =>
    offeredActions([
      { action: 'relocate', allowed: mayStandStill },
      { action: 'migrate', allowed: true },
    ]).map(({ action }) => action);
  assert.deepEqual(offered(true), ['relocate']);
  assert.deepEqual(offered(false), ['relocate', 'migrate']);
});

test('of making a template and ending one only what applies is offered', () => {
  const offered = (isTemplate: boolean): readonly string[] =>
    offeredActions([
      { action: 'make-template', allowed: !isTemplate },
      { action: 'end-template', allowed: isTemplate },
    ]).map(({ action }) => action);
  assert.deepEqual(offered(false), ['make-template']);
  assert.deepEqual(offered(true), ['end-template']);
});

test('what needs answers first asks for them in a dialog of its own, and nothing is begun where it is not possible', async () => {
  const words = createWords(await findLanguage('en').read());
  for (const action of ['clone', 'relocate', 'migrate', 'adopt', 'give-back', 'rename'] as const)
    assert.deepEqual(deedOf({ action, allowed: true }, words, 'ask'), {
      kind: 'ask',
      asked: { kind: action },
    });
  const judged = { action: 'relocate', allowed: false, reason: 'it runs' } as const;
  assert.equal(deedOf(judged, words, 'ask'), undefined);
});
