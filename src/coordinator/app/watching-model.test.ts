/** The whole model, read once and then kept true by what a listener is told, while everything in it changes. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Folder, Host, Image, Network, Page, Team, Vm } from '#api';
import { makeReport } from '../testing/fake-agent.ts';
import { WatchRoom } from '../testing/watch-room.ts';

const room = await WatchRoom.open();
const { stage, agent, web, listen } = room;
after(() => room[Symbol.asyncDispose]());

/** What the copy keeps of a thing: names, states, and the ids by which it belongs to others. */
const kept = {
  vm: (vm: Vm) => {
    const { id, uuid, name, hostId, folderId, folder, state } = vm;
    return { id, uuid, name, hostId, folderId, folder, state };
  },
  host: ({ id, name, driver, status }: Host) => ({ id, name, driver, status }),
  folder: ({ id, path, parentId }: Folder) => ({ id, path, parentId }),
  team: ({ id, name, members }: Team) => ({ id, name, members: members.map(({ vm }) => vm) }),
  network: ({ id, name, adapters }: Network) => ({ id, name, adapters }),
  image: ({ id, name, hostId }: Image) => ({ id, name, hostId }),
} as const;
type Kind = keyof typeof kept;
const kinds = Object.keys(kept) as readonly Kind[];
type Model = Map<string, object>;

const keep = (kind: Kind, resource: unknown): object =>
  (kept[kind] as (resource: unknown) => object)(resource);

/** Everything, kind by kind and page by page. */
async function readModel(): Promise<Model> {
  const model: Model = new Map();
  for (const kind of kinds)
    for (let cursor: string | null = ''; cursor !== null;) {
      const more = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { json } = await stage.send('GET', `/${kind}s?limit=2${more}`);
      const { items, nextCursor } = json as Page<{ readonly id: string }>;
      for (const item of items) model.set(`${kind} ${item.id}`, keep(kind, item));
      cursor = nextCursor;
    }
  return model;
}

async function send(method: string, path: string, body?: object): Promise<string> {
  const { status, json, text } = await stage.send(method, path, body && { body });
  assert.ok(status < 300, `${method} ${path}: ${text}`);
  return (json as { readonly id: string } | undefined)?.id ?? '';
}

test('GRP-73 the model is read as a whole, and a listener that writes what it is told into its copy has it true: vms, hosts, folders, teams, networks', async () => {
  await using listener = await listen(`/watch?kinds=${kinds.join()}`);
  await listener.until(({ event }) => event === 'ready');
  const copy = await readModel();
  const before = new Map(copy);
  const lab = await send('POST', '/folders', { name: 'lab' });
  await send('POST', '/folders', { name: 'blue', parent: '/lab' });
  await send('POST', '/vms/web-1/move', { folder: '/lab/blue' });
  await send('PATCH', `/folders/${lab}`, { name: 'works' });
  await stage.act('POST', '/vms', { name: 'made', host: 'sim', start: true });
  await stage.act('POST', '/vms', { name: 'gone', host: 'sim' });
  await stage.act('DELETE', '/vms/gone');
  const network = await send('POST', '/networks', { name: 'inside', type: 'internal' });
  await stage.act('POST', '/vms/made/adapters', { attachment: { kind: 'network', network } });
  await send('PATCH', `/networks/${network}`, { name: 'within' });
  const team = await send('POST', '/teams', { name: 'pair', members: [{ vm: web.id }] });
  await send('PATCH', `/teams/${team}`, { name: 'couple', members: [{ vm: 'made' }] });
  await send('DELETE', `/teams/${await send('POST', '/teams', { name: 'short' })}`);
  await send('PATCH', '/hosts/sim', { name: 'simulated' });
  const renamed = await stage.act('PATCH', '/vms/made', { name: 'made-anew' });
  assert.equal(renamed.state, 'done', JSON.stringify(renamed.fault));
  agent.send({ type: 'reports', reports: [makeReport(web, { state: 'running' })] });
  await stage.until(() => stage.vm('web-1')?.state === 'running', 'it runs');
  const last = await send('POST', '/folders', { name: 'last' });
  await listener.until(({ data }) => (data as { readonly id?: string }).id === last);
  for (const { event, data } of listener.heard) {
    assert.notEqual(event, 'reset');
    const { kind, id, resource } = data as { kind: Kind; id: string; resource: unknown };
    if (event === 'changed') copy.set(`${kind} ${id}`, keep(kind, resource));
    else if (event === 'deleted') copy.delete(`${kind} ${id}`);
  }
  const now = await readModel();
  assert.equal(now.size, before.size + 6, 'three folders, a vm, a network and a team');
  const sorted = (model: Model): unknown => [...model].sort(([a], [b]) => a.localeCompare(b));
  assert.deepEqual(sorted(copy), sorted(now));
});
