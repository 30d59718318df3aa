/** What a host has to import, as the API tells it of an agent made of bytes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ImportSource, ImportSources } from '#api';
import { FakeAgent, makeDefinition, makeRecord } from '../../testing/fake-agent.ts';
import { Stage } from '../../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
const vm = makeDefinition('web-1');
const sourceAt = (path: string): ImportSource => ({ path, kind: 'archive', sizeBytes: 4 });
before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  agent.handlers['host.configure'] = () => ({});
  await agent.connect([makeRecord(vm, 1)]);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

const list = async (token?: string): Promise<readonly string[]> => {
  const asked = token === undefined ? {} : { token };
  const { status, json } = await stage.send('GET', `/hosts/${agent.hostId}/import-sources`, asked);
  assert.equal(status, 200);
  return (json as ImportSources).sources.map(({ path }) => path);
};

test('what can be imported is told to those who may make vms, without files of vms of others', async () => {
  const folder = stage.coordinator.inventory.vm(vm.id)?.path ?? '';
  const own = `${folder}/packed.zip`;
  agent.handlers['host.import-sources'] = () => ({
    sources: [sourceAt('/srv/old/web.zip'), sourceAt(own)],
    complete: true,
  });
  assert.deepEqual(await list(), ['/srv/old/web.zip', own]);
  const looker = await stage.addUser('looker', [{ role: 'auditor' }]);
  assert.deepEqual(await list(looker), []);
  const maker = await stage.addUser('maker', [{ role: 'create' }]);
  assert.deepEqual(await list(maker), ['/srv/old/web.zip']);
});

test('where there are several hosts it must be said on which one a file is', async () => {
  await using other = await FakeAgent.join(stage, 'h2');
  other.handlers['host.configure'] = () => ({});
  await other.connect([]);
  for (const [path, file] of [
    ['/vms/import', '/srv/old/web.vmx'],
    ['/vms/import', '/srv/old/web.zip'],
    ['/vms/add', '/srv/old/vm.json'],
  ] as const) {
    const { status, json } = await stage.send('POST', path, { body: { file } });
    assert.equal(status, 400, path);
    const { detail, hint } = json as { readonly detail: string; readonly hint: string };
    assert.match(detail, new RegExp(`it must be said on which host ${file} is`));
    assert.match(hint, /--host: h1, h2/);
  }
});
