import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giB, miB } from '#lib';
import type { Image, Network } from '#api';
import { vmCreateSchema } from '#api';
import { createBody, firstAnswers } from './create-body.ts';

const image = {
  id: '5a1c8f0e-0000-4000-8000-000000000001',
  hostId: '5a1c8f0e-0000-4000-8000-000000000002',
  builtFrom: 'starter',
} as Image;

test('with a name alone the wizard asks for a small running vm from the starter image on its host', () => {
  const body = createBody({ ...firstAnswers({ images: [image], networks: [] }), name: 'web-1' }, [
    image,
  ]);
  assert.ok(vmCreateSchema.safeParse(body).success);
  assert.deepEqual(body, {
    name: 'web-1',
    memoryBytes: 512 * miB,
    processors: 1,
    disk: { kind: 'image', image: image.id },
    network: 'user',
    folder: '/',
    start: true,
    host: image.hostId,
  });
});

test('without images it asks for a new disk, and every kind of disk is a request the contract knows', () => {
  const first = { ...firstAnswers({ images: [], networks: [] }), name: 'web-1', file: 'old.qcow2' };
  assert.deepEqual(createBody(first, []).disk, {
    kind: 'new',
    sizeBytes: 20 * giB,
    format: 'qcow2',
  });
  for (const disk of ['new', 'existing', 'none'] as const)
    assert.ok(vmCreateSchema.safeParse(createBody({ ...first, disk }, [])).success, disk);
});

test('the usual network of an installation is chosen where there is one, and no other', () => {
  const network = (name: string): Network =>
    ({ id: `5a1c8f0e-0000-4000-8000-00000000000${name.length}`, name }) as Network;
  const first = (...names: readonly string[]): string =>
    firstAnswers({ images: [], networks: names.map(network) }).network;
  assert.equal(first('lab', 'default'), network('default').id);
  assert.equal(first('lab'), 'user');
});
