import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routes, type HeldRights } from '#api';
import { lacking } from './lacking.ts';

const held: HeldRights = {
  verbs: ['host.view', 'host.power', 'vm.power'],
  installation: ['network.manage'],
  anywhere: ['host.view', 'host.power', 'vm.create', 'network.manage', 'vm.power'],
};

test('a route on a thing is judged by the rights on it, others by those on the installation or anywhere', () => {
  const on = { host: '1' };
  assert.equal(lacking(routes['host.bulk'], on, held), undefined);
  assert.equal(lacking(routes['host.probe'], on, held), 'host.settings');
  assert.equal(lacking(routes['team.act'], { team: '1' }, held), undefined);
  assert.equal(lacking(routes['vm.create'], {}, held), undefined, 'somewhere');
  assert.equal(lacking(routes['image.build'], {}, held), 'image.manage');
  assert.equal(lacking(routes['network.delete'], {}, held), undefined);
  assert.equal(lacking(routes['host.add'], {}, held), 'host.join');
});

test('what takes no right is never lacking one', () => {
  for (const name of ['session.show', 'authority.show', 'warning.acknowledge'] as const)
    assert.equal(
      lacking(routes[name], {}, { verbs: [], installation: [], anywhere: [] }),
      undefined,
    );
});

test('a right on another thing does not count on this one', () => {
  const elsewhere: HeldRights = { verbs: [], installation: [], anywhere: ['image.manage'] };
  assert.equal(lacking(routes['image.delete'], { image: '1' }, elsewhere), 'image.manage');
  assert.equal(lacking(routes['image.build'], {}, elsewhere), undefined);
});
