/**
 * Snapshots taken, gone back to, described and deleted by an unmodified virsh, on a coordinator with a simulated host;
 * and what is being done to a vm.
 *
 * The tests use one vm, one after the other.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AuditEntry, Page, Snapshot, Vm } from '#api';
import { Stage, type AgentProcess } from '../../../src/coordinator/testing/stage.ts';
import { run, virsh, whyNot } from './tools.ts';

const skip = await whyNot('virsh');

let opened: Stage | undefined;
let agent: AgentProcess | undefined;
let name = '';
before(async () => {
  opened = await Stage.open();
  agent = await opened.addHost('h1', 1);
  const vm = [...opened.coordinator.inventory.documents('vm')][0];
  assert.ok(vm);
  ({ name } = await shown(vm.id));
  if ((await shown(name)).state !== 'off') await say('destroy', name);
});
after(() => opened?.[Symbol.asyncDispose]());

function stage(): Stage {
  assert.ok(opened);
  return opened;
}

function address(socket = 'libvirt-sock'): string {
  return `gantry+unix:///all?socket=${join(stage().folder, 'run', socket)}`;
}

async function say(...words: readonly string[]): Promise<string> {
  const { code, out, err } = await virsh(address(), ...words);
  assert.equal(code, 0, err);
  return out;
}

async function complain(...words: readonly string[]): Promise<string> {
  const { code, err } = await virsh(address(), ...words);
  assert.equal(code, 1, `${words.join(' ')} was done`);
  return err;
}

async function shown(reference: string): Promise<Vm> {
  return (await stage().send('GET', `/vms/${reference}`)).json as Vm;
}

async function snapshots(): Promise<readonly Snapshot[]> {
  const { json } = await stage().send('GET', `/vms/${name}/snapshots`);
  return (json as { readonly items: readonly Snapshot[] }).items;
}

async function named(...words: readonly string[]): Promise<readonly string[]> {
  const out = await say('snapshot-list', name, '--name', ...words);
  return out.split('\n').filter((line) => line !== '');
}

void test(
  'a snapshot has the memory of a vm that runs, unless its disks alone are wanted',
  { skip },
  async () => {
    await say('snapshot-create-as', name, 'first', '--description', 'before all', '--atomic');
    await say('start', name);
    await say('snapshot-create-as', name, 'second');
    await say('snapshot-create-as', name, 'third', '--disk-only');
    const taken = (await snapshots()).map((one) => [
      one.name,
      one.description,
      one.takenWhile,
      one.memoryBytes !== null,
    ]);
    assert.deepEqual(taken, [
      ['first', 'before all', 'off', false],
      ['second', '', 'running', true],
      ['third', '', 'running', false],
    ]);
    assert.match(
      await complain('snapshot-create-as', name, 'first'),
      /has a snapshot first already/,
    );
    await say('snapshot-create', name);
    const [, , , last] = await snapshots();
    assert.match(last?.name ?? '', /^\d{10}$/, 'named by the clock, as libvirt does it');
    await say('snapshot-delete', name, last?.name ?? '');
  },
);

void test('they are listed by where they stand and by what they hold', { skip }, async () => {
  assert.deepEqual(await named('--roots'), ['first']);
  assert.deepEqual(await named('--leaves'), ['third']);
  assert.deepEqual(await named('--no-leaves'), ['first', 'second']);
  assert.deepEqual(await named('--inactive'), ['first']);
  assert.deepEqual(await named('--active'), ['second']);
  assert.deepEqual(await named('--active', '--disk-only'), ['second', 'third']);
  assert.deepEqual(await named('--external'), []);
  assert.deepEqual(await named('--from', 'first'), ['second']);
  assert.deepEqual(await named('--from', 'first', '--descendants'), ['second', 'third']);
  const info = await say('snapshot-info', name, 'first');
  assert.match(info, /State: +shutoff\n.*Children: +1\nDescendants: +2\n/s);
});

void test('a vm goes back, and goes on as it is wanted', { skip }, async () => {
  const cases = [
    [['second'], 'running'],
    [['first'], 'off'],
    [['second', '--paused'], 'paused'],
    [['first', '--running'], 'running'],
    [['first', '--paused', '--force'], 'paused'],
  ] as const;
  for (const [words, state] of cases) {
    await say('snapshot-revert', name, ...words);
    assert.equal((await shown(name)).state, state, words.join(' '));
  }
  assert.equal((await say('snapshot-current', name, '--name')).trim(), 'first');
});

void test('its description is edited, and nothing else', { skip }, async () => {
  const edit = async (script: string): Promise<number> => {
    const editor = { EDITOR: `sed -i ${script}` };
    const words = ['-q', '-c', address(), 'snapshot-edit', name, 'first'];
    return (await run('virsh', words, editor)).code;
  };
  assert.equal(await edit('s/before/after/'), 0);
  assert.notEqual(await edit('s/first/other/'), 0);
  const [first] = await snapshots();
  assert.deepEqual([first?.name, first?.description], ['first', 'after all']);
});

void test('what a snapshot cannot have is refused by its name', { skip }, async () => {
  const take = ['snapshot-create-as', name, 'more'];
  assert.match(await complain(...take, '--halt'), /not taken in this way/);
  assert.match(await complain(...take, '--diskspec', 'vda,file=/etc/x'), /a snapshot has no disks/);
  assert.match(await complain(...take, '--memspec', '/etc/x'), /no memory in a file of its own/);
  assert.match(
    await complain(...take, '--memspec', 'snapshot=external'),
    /memory that is external/,
  );
  assert.match(await complain('snapshot-delete', name, 'first', '--metadata'), /in this way/);
  assert.match(
    await complain('snapshot-revert', name, 'more'),
    /no domain snapshot with matching name 'more'/,
  );
  const reader = await virsh(address('libvirt-sock-ro'), ...take);
  assert.match(reader.err, /read only access/);
  assert.deepEqual(await named(), ['first', 'second', 'third']);
});

void test(
  'those below one go with it, or without it, each in the audit trail',
  { skip },
  async () => {
    await say('snapshot-delete', name, 'first', '--children-only');
    assert.deepEqual(await named(), ['first']);
    await say('snapshot-create-as', name, 'fourth');
    await say('snapshot-delete', name, 'first', '--children');
    assert.deepEqual(await named(), []);
    const { json } = await stage().send('GET', '/audit?limit=200');
    const routes = (json as Page<AuditEntry>).items.map(({ route }) => route);
    assert.equal(routes.filter((route) => route === 'vm.snapshot.delete').length, 5);
    for (const route of ['vm.snapshot.take', 'vm.snapshot.revert', 'vm.snapshot.change'] as const)
      assert.ok(routes.includes(route), route);
  },
);

void test('what is being done to a vm is told, and ended', { skip }, async () => {
  assert.match(await say('domjobinfo', name), /^Job type: +None\s/);
  assert.match(await complain('domjobabort', name), /no job is active on the domain/);
  agent?.freeze();
  const { inventory } = stage().coordinator;
  const isBusy = Promise.withResolvers<void>();
  const stop = inventory.onChange(({ things }) => {
    if (things.some(({ kind }) => kind === 'operation')) isBusy.resolve();
  });
  const taking = virsh(address(), 'snapshot-create-as', name, 'late');
  await isBusy.promise;
  stop();
  const info = await say('domjobinfo', name);
  assert.match(info, /^Job type: +Unbounded\s+Operation: +Snapshot\s+Time elapsed: +\d+/);
  await say('domjobabort', name);
  agent?.wake();
  const { code, err } = await taking;
  assert.equal(code, 1);
  assert.match(err, /cancelled/);
  assert.match(await say('domjobinfo', name), /^Job type: +None\s/);
  assert.deepEqual(await named(), []);
});
