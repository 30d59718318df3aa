/**
 * The authorization matrix, out of the route table: every route, asked for by everybody, about their own,
 * a foreign and a missing thing. Only whether they get through is looked at: a refusal is 401, 403 or 404.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  builtInRoles,
  routes,
  topFolderId,
  type Route,
  type RouteName,
  type VmDefinition,
} from '#api';
import {
  FakeAgent,
  makeDefinition,
  makeRecord,
  makeReport,
  neverAnswers,
} from '../testing/fake-agent.ts';
import { Stage, type Answer } from '../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
const tokens = new Map<string, string>();
const ids = new Map<string, string>();
const roles = Object.keys(builtInRoles);
const missing = '3f8a2c5e-9b1d-4e7a-8c6f-2d4b6a8e0c1f';

before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  await agent.connect([
    makeRecord(makeDefinition('own'), 1),
    makeRecord(makeDefinition('foreign'), 1),
  ]);
  for (const folder of ['own', 'foreign']) {
    const made = await stage.send('POST', '/folders', { body: { name: folder } });
    ids.set(`folder ${folder}`, (made.json as { id: string }).id);
    const moved = await stage.send('POST', `/vms/${folder}/move`, {
      body: { folder: `/${folder}` },
    });
    assert.equal(moved.status, 200, moved.text);
    ids.set(`vm ${folder}`, stage.vm(folder)?.id ?? '');
  }
  for (const role of roles) {
    tokens.set(
      role,
      await stage.addUser(`u-${role}`, [{ role, objectKind: 'folder', object: '/own' }]),
    );
    tokens.set(`all-${role}`, await stage.addUser(`a-${role}`, [{ role }]));
  }
  tokens.set('nobody', await stage.addUser('nobody'));
  tokens.set(
    'denied',
    await stage.addUser('denied', [
      { role: 'administrator' },
      { role: 'administrator', objectKind: 'folder', object: '/own', deny: true },
    ]),
  );
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

/** What gets a request past authorization without doing anything: a body or query that is wrong. */
async function ask(
  name: RouteName,
  token: string | null,
  thing: { readonly kind: string; readonly id: string } | undefined,
): Promise<Answer> {
  const route: Route = routes[name];
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, key: string) => {
    if (key === thing?.kind) return thing.id;
    if (key === 'slot') return '3';
    if (key === 'console') return 'screen';
    if (key === 'name') return 'share';
    if (key === 'action') return name === 'host.bulk' ? 'turn-on-all' : 'start';
    if (key === 'place') return 'sata0:5';
    if (key === 'extension') return 'domain-xml';
    return missing;
  });
  return await stage.send(route.method, `${path}?not-a-query=1`, { token });
}

/** Past authorization: refused for what was asked, not for who asked or about what. */
function isThrough({ status, json }: Answer): boolean {
  assert.ok(status < 500, JSON.stringify(json));
  return status !== 401 && status !== 403 && status !== 404;
}

const all = Object.keys(routes) as RouteName[];
const about = (kind: 'vm' | 'folder'): readonly RouteName[] =>
  all.filter((name) => (routes[name] as Route).on === kind);

describe('SEC-21 without a proof', () => {
  test('only what is public is open', async () => {
    for (const name of all) {
      const route: Route = routes[name];
      const answer = await ask(name, null, undefined);
      if (route.right === 'public') assert.notEqual(answer.status, 401, name);
      else assert.equal(answer.status, 401, `${name}: ${answer.text}`);
    }
  });
});

for (const role of roles) {
  const { verbs } = builtInRoles[role] ?? { verbs: [] };
  for (const kind of ['vm', 'folder'] as const) {
    test(`SEC-38 ${role} on a folder: every route about a ${kind} is open there exactly by the role's rights`, async () => {
      for (const name of about(kind)) {
        const { right } = routes[name] as Route;
        const token = tokens.get(role) ?? '';
        const answer = await ask(name, token, { kind, id: ids.get(`${kind} own`) ?? '' });
        const may = right === 'self' || (verbs as readonly string[]).includes(right);
        assert.equal(isThrough(answer), may, `${name}: ${answer.text}`);
        const sees = (verbs as readonly string[]).includes(`${kind}.view`);
        if (!may) assert.equal(answer.status, sees ? 403 : 404, `${name}: ${answer.text}`);
      }
    });

    test(`SEC-38 ${role} on a folder: a foreign ${kind} is answered exactly like a missing one`, async () => {
      for (const name of about(kind)) {
        const token = tokens.get(role) ?? '';
        const foreignId = ids.get(`${kind} foreign`) ?? '';
        const foreign = await ask(name, token, { kind, id: foreignId });
        const none = await ask(name, token, { kind, id: missing });
        assert.equal(foreign.status, 404, `${name}: ${foreign.text}`);
        assert.equal(none.status, 404, name);
        const shape = (answer: Answer, id: string): unknown => {
          const { correlationId: _id, log: _log, ...rest } = answer.json as Record<string, unknown>;
          return JSON.parse(JSON.stringify(rest).replaceAll(id, 'ID'));
        };
        assert.deepEqual(shape(foreign, foreignId), shape(none, missing), name);
      }
    });
  }

  test(`${role} on the installation: every other route is open exactly by the role's rights`, async () => {
    for (const name of all) {
      const { on, right, anywhere } = routes[name] as Route;
      if (on !== undefined || right === 'public' || right === 'self' || right === 'agent') continue;
      const answer = await ask(name, tokens.get(`all-${role}`) ?? '', undefined);
      const may = (verbs as readonly string[]).includes(right);
      // A list shows what may be seen, which can be nothing.
      const list = anywhere === true && (routes[name] as Route).method === 'GET';
      assert.equal(isThrough(answer), may || list, `${name}: ${answer.text}`);
      if (!may && !list) assert.equal(answer.status, 403, name);
    }
  });
}

test('SEC-38 a denial wins over a grant above it', async () => {
  const token = tokens.get('denied') ?? '';
  assert.equal((await stage.send('GET', '/vms/own', { token })).status, 404);
  assert.equal((await stage.send('GET', '/vms/foreign', { token })).status, 200);
});

test('lists hold what may be seen and nothing else', async () => {
  const names = async (path: string, token: string): Promise<readonly string[]> => {
    const { status, json, text } = await stage.send('GET', path, { token });
    assert.equal(status, 200, text);
    return (json as { items: { name: string }[] }).items.map(({ name }) => name).sort();
  };
  const of = (role: string): string => tokens.get(role) ?? '';
  assert.deepEqual(await names('/vms', of('use')), ['own']);
  assert.deepEqual(await names('/vms', of('all-auditor')), ['foreign', 'own']);
  assert.deepEqual(await names('/vms', of('denied')), ['foreign']);
  assert.deepEqual(await names('/vms', of('nobody')), []);
  assert.deepEqual(await names('/folders', of('use')), ['own']);
  assert.deepEqual(await names('/hosts', of('use')), []);
});

test('EVT-56 events hold what may be seen and nothing else', async () => {
  const targets = async (token: string): Promise<ReadonlySet<string>> => {
    const { json } = await stage.send('GET', '/events?limit=1000', { token });
    const { items } = json as { items: { target: { kind: string; name: string } }[] };
    return new Set(items.map(({ target }) => `${target.kind} ${target.name}`));
  };
  const own = await targets(tokens.get('use') ?? '');
  assert.ok(own.has('vm own'));
  for (const target of own) assert.match(target, /^(vm own|folder \/own)$/);
  assert.deepEqual(await targets(tokens.get('nobody') ?? ''), new Set());
  const auditor = await targets(tokens.get('all-auditor') ?? '');
  assert.ok(auditor.has('vm foreign') && auditor.has('host h1'));
});

test('an operation is seen by who began it and by who has the right to, and by nobody else', async () => {
  agent.handlers['host.probe'] = neverAnswers;
  const begun = await stage.send('POST', '/hosts/h1/probe');
  assert.equal(begun.status, 202, begun.text);
  const { id } = begun.json as { id: string };
  const status = async (role: string): Promise<number> =>
    (await stage.send('GET', `/operations/${id}`, { token: tokens.get(role) ?? '' })).status;
  assert.equal((await stage.send('GET', `/operations/${id}`)).status, 200);
  assert.equal(await status('all-auditor'), 200);
  assert.equal(await status('nobody'), 404);
  assert.equal(await status('use'), 404);
  const cancel = await stage.send('POST', `/operations/${id}/cancel`, {
    token: tokens.get('all-auditor') ?? '',
  });
  assert.equal(cancel.status, 403, cancel.text);
  assert.equal((await stage.send('POST', `/operations/${id}/cancel`)).status, 200);
});

test('a vm is created only where the caller may: the folder counts, and the host', async () => {
  const create = (role: string, folder: string): Promise<Answer> =>
    stage.send('POST', '/vms?dryRun=true', {
      token: tokens.get(role) ?? '',
      body: { name: 'new', folder },
    });
  agent.handlers['machine.plan'] = () => ({ ok: true, reasons: [], warnings: [] });
  assert.equal((await create('all-create', '/')).status, 200);
  const own = await create('create', '/own');
  assert.equal(own.status, 200, own.text);
  assert.equal((await create('create', '/foreign')).status, 404);
  assert.equal((await create('create', topFolderId)).status, 404);
  assert.equal((await create('use', '/own')).status, 403);
});

test('moving a vm takes the right to create in the new folder', async () => {
  const token = await stage.addUser('mover', [
    { role: 'administrator', objectKind: 'folder', object: '/own' },
    { role: 'auditor', objectKind: 'folder', object: '/foreign' },
  ]);
  const move = await stage.send('POST', '/vms/own/move', { token, body: { folder: '/foreign' } });
  assert.equal(move.status, 403, move.text);
});

test('SEC-34 who may reconfigure but not handle disks changes no disks by a patch either', async () => {
  const made = await stage.send('POST', '/roles', {
    body: { name: 'settings-only', verbs: ['vm.view', 'vm.settings'] },
  });
  assert.equal(made.status, 200, made.text);
  const token = await stage.addUser('tuner', [{ role: 'settings-only' }]);
  const disk = { bus: 'virtio', position: 0, file: '/etc/shadow', format: 'raw', sizeBytes: 1 };
  const patch = (body: unknown): Promise<Answer> =>
    stage.send('PATCH', '/vms/own?dryRun=true', { token, body });
  assert.equal((await patch({ description: 'x' })).status, 200);
  const refused = await patch({ hardware: { disks: [disk] } });
  assert.equal(refused.status, 403, refused.text);
  assert.match(refused.text, /vm\.disks/);
});

test('API-38 a script takes a right of its own beside that to reconfigure, and hosts are told whether any may run', async () => {
  const made = await stage.send('POST', '/roles', {
    body: { name: 'scripting', verbs: ['vm.view', 'vm.settings', 'vm.scripts'] },
  });
  assert.equal(made.status, 200, made.text);
  await stage.send('POST', '/roles', {
    body: { name: 'clone-all', verbs: ['vm.view', 'vm.clone', 'vm.create', 'folder.view'] },
  });
  const tuner = await stage.addUser('no-scripts', [{ role: 'vm-administrator' }]);
  const author = await stage.addUser('author', [{ role: 'scripting' }]);
  const scripts = [{ event: 'vm.state.powered-on', file: '/usr/local/bin/on' }];
  const patch = (token: string, body: unknown): Promise<Answer> =>
    stage.send('PATCH', '/vms/own?dryRun=true', { token, body });
  const refused = await patch(tuner, { settings: { scripts } });
  assert.equal(refused.status, 403, refused.text);
  assert.match(refused.text, /vm\.scripts/);
  assert.equal((await patch(author, { settings: { scripts } })).status, 200);
  const create = { name: 'scripted', definition: { settings: { scripts } } };
  const creator = await stage.addUser('maker', [{ role: 'create' }]);
  const fresh = await stage.send('POST', '/vms?dryRun=true', { token: creator, body: create });
  assert.equal(fresh.status, 403, fresh.text);
  assert.match(fresh.text, /vm\.scripts/);
  // What is there already is no concern of who changes something else, but for the account that it runs under.
  agent.handlers['host.configure'] = () => ({});
  agent.handlers['machine.configure'] = ({ definition }: { definition: VmDefinition }) => ({
    report: makeReport(definition),
  });
  const done = await stage.act('PATCH', '/vms/own', { settings: { scripts } });
  assert.equal(done.state, 'done');
  assert.equal((await patch(tuner, { description: 'x' })).status, 200);
  assert.equal((await patch(tuner, { settings: { runAs: 'ada' } })).status, 403);
  const cloner = await stage.addUser('cloner', [{ role: 'clone-all' }]);
  const copied = await stage.send('POST', '/vms/own/clone?dryRun=true', {
    token: cloner,
    body: { name: 'copy' },
  });
  assert.match(copied.text, /vm\.scripts/);
  await stage.send('POST', '/roles', {
    body: { name: 'host-tuning', verbs: ['host.view', 'host.settings'] },
  });
  const keeper = await stage.addUser('keeper', [{ role: 'host-tuning' }]);
  const onHost = { scripts: [{ event: 'host.stopped', file: '/usr/local/bin/off' }] };
  const patchHost = (settings: object, token?: string): Promise<Answer> =>
    stage.send('PATCH', '/hosts/h1', { ...(token && { token }), body: { settings } });
  const barred = await patchHost(onHost, keeper);
  assert.equal(barred.status, 403, barred.text);
  assert.match(barred.text, /host\.scripts/);
  assert.equal((await patchHost(onHost)).status, 200);
  assert.equal((await patchHost({ maxRunningVms: 7 }, keeper)).status, 200);
  assert.equal((await patchHost({ runAs: 'ada' }, keeper)).status, 403);
  assert.equal((await patchHost({ scripts: [] }, keeper)).status, 403);
  for (const eventScripts of [true, false]) {
    const set = await stage.send('PATCH', '/installation', { body: { eventScripts } });
    assert.equal(set.status, 200, set.text);
    assert.deepEqual(agent.calls('host.configure').at(-1)?.params, {
      settings: stage.host('h1')?.settings,
      eventScripts,
      thumbnails: true,
    });
  }
});
