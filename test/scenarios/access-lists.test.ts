/** Access lists as text, brought onto a real coordinator by command. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { stringify } from 'yaml';
import type { AccessText } from '../../src/cli/access-text.ts';
import { newGantry, type Gantry } from '../e2e/gantry.ts';

let gantry: Gantry;
before(async () => {
  gantry = await newGantry();
  await gantry.must('up', '--simulate', '1x1', '--yes', '--listen', gantry.listen);
  await gantry.must('folder', 'create', '/lab');
  await gantry.must('folder', 'create', '/lab/deep');
  await gantry.must('vm', 'create', 'web-1');
  await gantry.client().call('user.create', { body: { name: 'ada', groups: ['guests'] } });
  await gantry.must('role', 'create', 'night-shift', 'vm.view,vm.power');
  await gantry.must('grant', 'create', 'ada', 'night-shift', '--on', 'folder:/lab/deep');
  await gantry.must('grant', 'create', 'guests', 'use', '--group', '--on', 'vm:web-1', '--deny');
});
after(async () => {
  await gantry[Symbol.asyncDispose]();
});

const exported = (): Promise<AccessText> => gantry.json<AccessText>('access', 'export');

void test('SEC-30 access lists are kept as text and applied by command, and a dry run prints what would change', async () => {
  const now = await exported();
  assert.deepEqual(now.roles, [
    { name: 'night-shift', meaning: '', rights: ['vm.power', 'vm.view'] },
  ]);
  const admin = { user: 'admin', role: 'administrator', on: 'installation', deny: false };
  const ada = { user: 'ada', role: 'night-shift', on: 'folder:/lab/deep', deny: false };
  const guests = { group: 'guests', role: 'use', on: 'vm:web-1', deny: true };
  assert.deepEqual(now.grants, [ada, admin, guests]);

  const file = join(gantry.data, 'access.yaml');
  const write = (text: object): void => writeFileSync(file, stringify(text));
  const apply = (...words: readonly string[]) =>
    gantry.run(['access', 'apply', '-f', file, ...words]);
  write(now);
  assert.equal((await apply()).out, '0 changed\n', 'what is so already is left alone');

  const wanted = {
    gantry: 'access',
    format: 1,
    roles: [
      { name: 'night-shift', rights: ['vm.view', 'vm.console'] },
      { name: 'porter', meaning: 'opens doors', rights: ['folder.view'] },
    ],
    grants: [admin, { ...ada, on: 'folder:/lab' }, { user: 'ada', role: 'porter', on: 'host:sim' }],
  };
  write(wanted);
  const lines = [
    '~ role night-shift: +vm.console -vm.power',
    '+ role porter: folder.view',
    '+ grant of night-shift to user ada on folder:/lab',
    '+ grant of porter to user ada on host:sim',
    '- grant of night-shift to user ada on folder:/lab/deep',
    '- denial of use to group guests on vm:web-1',
  ];
  const dry = await apply('--dry-run');
  assert.deepEqual(dry.out.trimEnd().split('\n'), [...lines, '6 to change']);
  assert.deepEqual(await exported(), now, 'a dry run changes nothing');
  const unconfirmed = await apply();
  assert.notEqual(unconfirmed.code, 0, 'nothing is taken away without a word');
  assert.deepEqual(await exported(), now);
  assert.deepEqual((await apply('--yes')).out.trimEnd().split('\n'), [...lines, '6 changed']);
  const then = await exported();
  assert.deepEqual(
    then.grants.map(({ user, role, on }) => `${user} ${role} ${on}`),
    ['ada night-shift folder:/lab', 'ada porter host:sim', 'admin administrator installation'],
  );
  assert.equal((await apply()).out, '0 changed\n');
  const may = async (right: string): Promise<boolean> => {
    const asked = ['grant', 'explain', 'ada', right, '--folder', '/lab'];
    return (await gantry.json<{ allowed: boolean }>(...asked)).allowed;
  };
  assert.deepEqual([await may('vm.console'), await may('vm.power')], [true, false]);

  write({ ...wanted, roles: [], grants: [admin] });
  assert.equal((await apply('--yes')).code, 0);
  assert.deepEqual((await exported()).roles, []);
  write({ ...wanted, roles: [], grants: [] });
  const last = await apply('--yes');
  assert.notEqual(last.code, 0, 'one administrator remains');
  assert.deepEqual((await exported()).grants, [admin]);
  for (const [text, problem] of [
    [{ ...wanted, format: 2 }, /newer version/],
    [{ ...wanted, grants: [{ role: 'use' }] }, /either a user or a group/],
    [{ ...wanted, roles: [{ name: 'x', rights: ['vm.fly'] }] }, /roles\/0\/rights/],
    [{ ...wanted, grants: [{ ...ada, on: 'moon:1' }] }, /KIND:NAME/],
  ] as const) {
    write(text);
    assert.match((await apply('--yes')).err, problem);
  }
});

void test('a dry run of any command changes nothing, and does not say that it did', async () => {
  const before = await gantry.client().call('user.list', { query: {} });
  const created = await gantry.must('user', 'create', 'eve', '--dry-run');
  assert.match(created, /^user eve would be created$/m);
  const disabled = await gantry.run(['user', 'disable', 'ada', '--dry-run']);
  assert.match(disabled.err, /dry run: nothing was changed/);
  const token = await gantry.run(['token', 'create', 'nightly', '--dry-run']);
  assert.notEqual(token.code, 0);
  assert.match(token.err, /token\.create cannot be tried out/);
  assert.deepEqual(await gantry.client().call('user.list', { query: {} }), before);
  assert.doesNotMatch(await gantry.must('token', 'list'), /nightly/);
});
