import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cloneBody, type CloneAnswers } from './clone-body.ts';

const answers: CloneAnswers = {
  name: 'web-2',
  folder: '/lab',
  kind: 'full',
  snapshot: '',
  path: '',
  generalised: false,
  quiesce: false,
};

test('a full copy needs a name and a folder', () => {
  assert.deepEqual(cloneBody(answers), { name: 'web-2', folder: '/lab' });
});

test('a copy that is like a snapshot is of the kind that was chosen', () => {
  assert.deepEqual(cloneBody({ ...answers, snapshot: 'golden', generalised: true }), {
    name: 'web-2',
    folder: '/lab',
    snapshot: 'golden',
    generalised: true,
  });
});

test('a place on the host goes along where one was given', () => {
  assert.deepEqual(cloneBody({ ...answers, kind: 'linked', path: '/srv/fast' }), {
    name: 'web-2',
    folder: '/lab',
    linked: true,
    path: '/srv/fast',
  });
});

test('the guest is held still for a copy of the present alone', () => {
  const quiesced = { ...answers, quiesce: true };
  assert.deepEqual(cloneBody(quiesced), { name: 'web-2', folder: '/lab', quiesce: true });
  assert.equal(cloneBody({ ...quiesced, snapshot: 'golden' }).quiesce, undefined);
});
