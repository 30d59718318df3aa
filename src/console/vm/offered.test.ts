import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AllowedAction } from '#api';
import { offeredActions } from './offered.ts';

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
