import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFault, systemClock } from '#lib';
import { allVerbs, builtInRoles, type Verb } from '#api';
import type { RightObject } from '../../context.ts';
import type { GrantDocument, RoleDocument, UserDocument } from '../../documents.ts';
import { MemoryInventory } from '../../inventory/memory-inventory.ts';
import type { Document, DocumentKind } from '../../store/store.ts';
import { hostNamed, newId, vmNamed } from '../testing/place.ts';
import { requireToHold, requireToRule, requireToRuleGroups } from './hand-on.ts';
import { createCaller, Rights } from './rights.ts';

const verbs: readonly Verb[] = ['vm.view', 'vm.power', 'vm.delete', 'permission.change'];
const ids = (count: number): string[] => Array.from({ length: count }, newId);
const [folders, hosts, vms, images, users, roles] = [
  ids(5),
  ids(3),
  ids(6),
  ids(3),
  ids(3),
  ids(3),
];
const groups = ['red', 'blue'];

/** A whole installation, small enough that every answer can be worked out by hand. */
const world = fc.record({
  parents: fc.tuple(...folders.map((_, i) => (i === 0 ? fc.constant(null) : fc.nat(i - 1)))),
  vms: fc.array(fc.tuple(fc.nat(hosts.length - 1), fc.nat(folders.length - 1)), {
    minLength: vms.length,
    maxLength: vms.length,
  }),
  images: fc.array(fc.nat(hosts.length - 1), { minLength: 3, maxLength: 3 }),
  users: fc.array(fc.record({ groups: fc.subarray(groups), disabled: fc.constant(false) }), {
    minLength: 3,
    maxLength: 3,
  }),
  roles: fc.array(fc.subarray([...verbs]), { minLength: 3, maxLength: 3 }),
  grants: fc.array(
    fc.record({
      subject: fc.oneof(
        fc.constantFrom(...users).map((id) => ['user', id] as const),
        fc.constantFrom(...groups).map((name) => ['group', name] as const),
      ),
      role: fc.nat(2),
      object: fc.oneof(
        fc.constant(['installation', ''] as const),
        fc.constantFrom(...folders).map((id) => ['folder', id] as const),
        fc.constantFrom(...hosts).map((id) => ['host', id] as const),
        fc.constantFrom(...vms).map((id) => ['vm', id] as const),
        fc.constantFrom(...images).map((id) => ['image', id] as const),
      ),
      deny: fc.boolean(),
    }),
    { maxLength: 10 },
  ),
});
type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

function document(kind: DocumentKind, id: string, data: unknown): Document {
  return { kind, id, version: 1, createdAt: '', updatedAt: '', data: data as Document['data'] };
}

function build(made: World): MemoryInventory {
  const inventory = new MemoryInventory(systemClock);
  const at = (list: readonly string[], index: number): string => list[index] ?? '';
  inventory.load([
    ...folders.map((id, i) => {
      const parent = made.parents[i];
      const parentId = typeof parent === 'number' ? at(folders, parent) : null;
      return document('folder', id, { name: `f${i}`, parentId });
    }),
    ...hosts.map((id, i) => document('host', id, hostNamed(`h${i}`))),
    ...vms.map((id, i) => {
      const [host = 0, folder = 0] = made.vms[i] ?? [];
      return document('vm', id, vmNamed(id, `v${i}`, at(hosts, host), at(folders, folder)));
    }),
    ...images.map((id, i) =>
      document('image', id, { name: `i${i}`, hostId: at(hosts, made.images[i] ?? 0) }),
    ),
    ...users.map((id, i) => {
      const data: UserDocument = {
        name: `u${i}`,
        displayName: '',
        groups: made.users[i]?.groups ?? [],
        disabled: made.users[i]?.disabled ?? false,
        passwordHash: null,
        lastSignInAt: null,
      };
      return document('user', id, data);
    }),
    ...roles.map((id, i) => {
      const data: RoleDocument = { name: `r${i}`, meaning: '', verbs: made.roles[i] ?? [] };
      return document('role', id, data);
    }),
    ...made.grants.map((grant) => {
      const data: GrantDocument = {
        subjectKind: grant.subject[0],
        subject: grant.subject[1],
        role: at(roles, grant.role),
        objectKind: grant.object[0],
        objectId: grant.object[1],
        deny: grant.deny,
      };
      return document('grant', newId(), data);
    }),
  ]);
  return inventory;
}

/** The rule as it is said in words: something above gives it, and nothing above denies it. */
function naive(made: World, user: number, verb: Verb, kind: string, index: number): boolean {
  const above = new Set<string>(['']);
  const climb = (folder: number | null | undefined): void => {
    for (let at = folder; typeof at === 'number'; at = made.parents[at] as number | null)
      above.add(folders[at] ?? '');
  };
  if (kind === 'folder') climb(index);
  if (kind === 'host') above.add(hosts[index] ?? '');
  if (kind === 'image') above.add(images[index] ?? '').add(hosts[made.images[index] ?? 0] ?? '');
  if (kind === 'vm') {
    const [host = 0, folder = 0] = made.vms[index] ?? [];
    above.add(vms[index] ?? '').add(hosts[host] ?? '');
    climb(folder);
  }
  const counting = made.grants.filter(
    (grant) =>
      (grant.subject[1] === users[user] ||
        made.users[user]?.groups.includes(grant.subject[1]) === true) &&
      made.roles[grant.role]?.includes(verb) === true &&
      above.has(grant.object[1]),
  );
  return counting.some(({ deny }) => !deny) && !counting.some(({ deny }) => deny);
}

const places: readonly (readonly [string, number, RightObject])[] = [
  ['installation', 0, { kind: 'installation' }],
  ...folders.map((id, i) => ['folder', i, { kind: 'folder', id }] as const),
  ...hosts.map((id, i) => ['host', i, { kind: 'host', id }] as const),
  ...vms.map((id, i) => ['vm', i, { kind: 'vm', id }] as const),
  ...images.map((id, i) => ['image', i, { kind: 'image', id }] as const),
];

const callerFor = (rights: Rights, user: number) =>
  createCaller(rights, {
    userId: users[user] ?? '',
    userName: `u${user}`,
    scope: null,
    proof: { means: 'session', id: '', encrypted: true },
    origin: null,
    correlationId: '',
  });

void test('SEC-38 rights come from the object and all above it, and an explicit denial wins, in every installation', () => {
  let allowed = 0;
  fc.assert(
    fc.property(world, (made) => {
      const inventory = build(made);
      using rights = new Rights(inventory);
      for (const [user, id] of users.entries())
        for (const verb of verbs) {
          const held: boolean[] = [];
          for (const [kind, index, on] of places) {
            const expected = naive(made, user, verb, kind, index);
            assert.equal(rights.may(id, verb, on), expected, `${verb} on ${kind} ${index}`);
            held.push(expected);
            if (expected) allowed += 1;
          }
          assert.equal(rights.may(id, verb, { kind: 'anywhere' }), held.includes(true), 'anywhere');
          if (rights.may(id, verb, { kind: 'everywhere' }))
            assert.ok(!held.includes(false), 'everywhere');
        }
    }),
    { numRuns: 300 },
  );
  assert.ok(allowed > 1000, `only ${allowed} rights were held`);
});

void test('a vm that is to be made somewhere has the rights that it will have there', () => {
  fc.assert(
    fc.property(world, fc.nat(2), (made, user) => {
      using rights = new Rights(build(made));
      for (const [index, id] of vms.entries()) {
        const [host = 0, folder = 0] = made.vms[index] ?? [];
        const place = { kind: 'place', hostId: hosts[host] ?? '', folderId: folders[folder] ?? '' };
        if (made.grants.some((grant) => grant.object[1] === id)) continue;
        for (const verb of verbs)
          assert.equal(
            rights.may(users[user] ?? '', verb, place as RightObject),
            rights.may(users[user] ?? '', verb, { kind: 'vm', id }),
          );
      }
    }),
    { numRuns: 100 },
  );
});

void test('whoever may rule over a user has every right that the user has, wherever it is', () => {
  let ruled = 0;
  fc.assert(
    fc.property(world, (made) => {
      const inventory = build(made);
      using rights = new Rights(inventory);
      const caller = callerFor(rights, 0);
      for (const other of [1, 2]) {
        const user = inventory.document<UserDocument>('user', users[other] ?? '');
        assert.ok(user);
        try {
          requireToRule(inventory, rights, caller, user);
        } catch (error) {
          assert.ok(isFault(error, 'forbidden'));
          continue;
        }
        ruled += 1;
        for (const verb of verbs)
          for (const [kind, index, on] of places)
            if (naive(made, other, verb, kind, index))
              assert.ok(caller.may(verb, on), `${verb} on ${kind} ${index}`);
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(ruled > 50, `only ${ruled} were ruled`);
});

void test('what somebody hands on, by a role or by a group, gives nobody a right that they lack', () => {
  let handed = 0;
  fc.assert(
    fc.property(world, fc.nat(2), fc.constantFrom(...groups), (made, role, group) => {
      const inventory = build(made);
      using rights = new Rights(inventory);
      const caller = callerFor(rights, 0);
      const given = made.roles[role] ?? [];
      for (const [kind, index, on] of places) {
        try {
          requireToHold(caller, given, on, '');
        } catch {
          continue;
        }
        handed += 1;
        assert.ok(given.every((verb) => naive(made, 0, verb, kind, index)));
      }
      try {
        requireToRuleGroups(inventory, caller, [group]);
      } catch {
        return;
      }
      for (const grant of made.grants.filter(({ subject }) => subject[1] === group)) {
        const place = places.find(([kind, , on]) =>
          'id' in on ? on.id === grant.object[1] : kind === grant.object[0],
        );
        assert.ok(place);
        for (const verb of made.roles[grant.role] ?? [])
          assert.ok(naive(made, 0, verb, place[0], place[1]));
      }
    }),
    { numRuns: 200 },
  );
  assert.ok(handed > 100);
});

void test('the rights of 50,000 vms are looked up faster than a list needs them', () => {
  const inventory = new MemoryInventory(systemClock);
  const [folder = '', parent = '', host = '', user = ''] = ids(4);
  const many = ids(50_000);
  inventory.load([
    document('folder', parent, { name: '/', parentId: null }),
    document('folder', folder, { name: 'lab', parentId: parent }),
    document('host', host, hostNamed('h')),
    document('user', user, { name: 'u', groups: ['g'], disabled: false }),
    document('grant', newId(), {
      subjectKind: 'group',
      subject: 'g',
      role: builtInRoles['use']?.id,
      objectKind: 'folder',
      objectId: parent,
      deny: false,
    }),
    ...many.map((id, i) => document('vm', id, vmNamed(id, `v${i}`, host, folder))),
  ]);
  using rights = new Rights(inventory);
  const started = performance.now();
  let seen = 0;
  for (const id of many) if (rights.may(user, 'vm.view', { kind: 'vm', id })) seen += 1;
  const ms = performance.now() - started;
  assert.equal(seen, 50_000);
  // It takes about 10 ms; the bound leaves room for a machine that is busy with other things.
  assert.ok(ms < 250, `${ms} ms`);
});

void test('SEC-34 the three levels are independent, and no role holds a right that its name does not promise', () => {
  const verbsOf = (name: string): readonly Verb[] => builtInRoles[name]?.verbs ?? [];
  const [create, reconfigure, use] = ['create', 'reconfigure', 'use'].map(verbsOf);
  assert.ok(
    create?.includes('vm.create') &&
      !create.includes('vm.settings') &&
      !create.includes('vm.power'),
  );
  assert.ok(reconfigure?.includes('vm.settings') && !reconfigure.includes('vm.power'));
  assert.ok(!reconfigure?.includes('vm.console') && !reconfigure?.includes('vm.create'));
  for (const verb of ['vm.console', 'vm.power', 'vm.media'] as const)
    assert.ok(use?.includes(verb));
  assert.ok(!use?.includes('vm.settings') && !use?.includes('vm.create'));
  assert.deepEqual(verbsOf('administrator'), allVerbs);
  assert.ok(verbsOf('auditor').every((verb) => verb.endsWith('.view')));
  assert.ok(verbsOf('auditor').includes('audit.view') && verbsOf('auditor').includes('event.view'));
  assert.ok(!verbsOf('player').includes('vm.create') && verbsOf('player').includes('vm.power'));
  for (const verb of allVerbs.filter((one) => /^(host|vm)\./.test(one)))
    assert.ok(verbsOf('server-administrator').includes(verb), verb);
  assert.ok(!verbsOf('server-administrator').includes('permission.change'));
  assert.ok(verbsOf('vm-administrator').includes('vm.settings'));
  assert.ok(!verbsOf('vm-operator').includes('vm.settings'));
  for (const name of ['vm-administrator', 'vm-operator', 'player'])
    assert.ok(
      verbsOf(name).every((verb) => /^(vm|folder|image|event)\./.test(verb)),
      name,
    );
});
