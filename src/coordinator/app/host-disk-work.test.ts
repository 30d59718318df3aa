/** Work on disk files of a host, as it is asked for: what stands against it, what it brings, how it ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LinkParams, Operation } from '#api';
import { Fault } from '#lib';
import type { Caller } from '../context.ts';
import { exampleOf } from '../testing/disk-examples.ts';
import { FakeAgent, makeDefinition, makeRecord } from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';
import { workOnDisk } from './host-disk-work.ts';

test('work on a disk file is refused with the vms that have it, or is an operation that can be cancelled, with its events', async () => {
  await using stage = await Stage.open();
  await using agent = await FakeAgent.join(stage, 'h1');
  const web = makeDefinition('web-1');
  const usedBy = (): never => {
    throw new Fault('refused', 'cannot compact /vms/a.qcow2: a vm uses it', {
      facts: { file: '/vms/a.qcow2', vmIds: [web.id] },
    });
  };
  const asked: LinkParams<'host.disk.work'>[] = [];
  const stopped: string[] = [];
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<never>();
  Object.assign(agent.handlers, {
    'host.configure': () => ({}),
    'host.disk.plan': usedBy,
    'host.disk.work': (params: LinkParams<'host.disk.work'>) => {
      asked.push(params);
      if (params.work.verb === 'checksum')
        return { answer: { algorithm: 'sha256', checksum: 'abc' } };
      if (params.work.verb === 'resize') return usedBy();
      begun.resolve();
      return ended.promise;
    },
    'host.disk.stop': ({ id }: { id: string }) => {
      stopped.push(id);
      return {};
    },
  });
  await agent.connect([makeRecord(web)]);
  const send = (verb: Parameters<typeof exampleOf>[0], query = ''): ReturnType<Stage['send']> =>
    stage.send('POST', `/hosts/h1/disks${query}`, { body: exampleOf(verb) });

  const refused = await send('compact');
  assert.equal(refused.status, 409);
  assert.match(refused.text, /a vm uses it: web-1/);
  assert.match(refused.text, /gantry vm compact-disk/);
  const { signal } = new AbortController();
  const nobody: Caller = {
    actor: { kind: 'user', name: 'eve' },
    userId: null,
    origin: null,
    correlationId: crypto.randomUUID(),
    may: () => false,
  };
  await assert.rejects(
    workOnDisk(stage.coordinator, nobody, agent.hostId, exampleOf('compact'), {
      dryRun: false,
      signal,
    }),
    (error: Fault) => /another vm/.test(error.message) && !JSON.stringify(error).includes('web-1'),
  );

  const found = {
    path: '/vms/a.qcow2',
    format: 'qcow2',
    variant: 'v3',
    sizeBytes: 1024,
    fileBytes: 512,
    identity: null,
    parent: 'base.qcow2',
    parentPath: null,
    children: [],
    chainBytes: 512,
    orphan: 'parent-missing',
    problem: null,
    vmIds: [web.id],
  };
  Object.assign(agent.handlers, {
    'host.disk.plan': () => ({ files: [] }),
    'host.disks': () => ({ disks: [found], complete: true }),
    'host.disk': () => ({ ...found, chain: [], system: false, snapshots: [], findings: [] }),
  });
  const { vmIds: _, ...shown } = { ...found, vms: ['web-1'] };
  const all = await stage.send('GET', '/hosts/h1/disks');
  assert.deepEqual(all.json, { disks: [shown], complete: true });
  const one = await stage.send('GET', '/hosts/h1/disk?file=/vms/a.qcow2');
  const rest = { chain: [], system: false, snapshots: [], findings: [] };
  assert.deepEqual(one.json, { ...shown, ...rest });

  const plan = await send('convert', '?dryRun=true');
  assert.deepEqual((plan.json as { steps: string[] }).steps, ['convert']);
  assert.deepEqual(asked, []);

  const end = async (verb: Parameters<typeof exampleOf>[0]): Promise<Operation> => {
    const { id } = (await send(verb)).json as Operation;
    return await stage.coordinator.operations.wait(id, 5000);
  };
  const checked = await end('checksum');
  assert.deepEqual(
    [checked.state, checked.result],
    ['done', { algorithm: 'sha256', checksum: 'abc' }],
  );
  assert.deepEqual(
    asked.map(({ id, again }) => [id, again]),
    [[checked.id, false]],
  );
  const failed = await end('resize');
  assert.match(failed.fault?.message ?? '', /a vm uses it: another vm/);
  const log = await stage.send('GET', '/events?filter=name%20%3D%20host.disk.operation-failed');
  assert.match(log.text, /Unable to resize the disk .*a.qcow2 of h1/);

  const going = (await send('convert')).json as Operation;
  await begun.promise;
  await stage.send('POST', `/operations/${going.id}/cancel`);
  const cancelled = await stage.coordinator.operations.wait(going.id, 5000);
  assert.equal(cancelled.state, 'cancelled');
  assert.deepEqual(stopped, [failed.id, going.id], 'what may be left of it is cleared');
});
