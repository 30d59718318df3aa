import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routes, type Route } from '#api';
import { leanRoutes } from './routes.ts';

test('the table of the build has every route with what its client reads, and no schema', async () => {
  const source = leanRoutes.load('/somewhere/src/api/routes/mod.ts');
  assert.equal(leanRoutes.load('/somewhere/src/api/routes/vms.ts'), undefined);
  const built = (await import(`data:text/javascript,${encodeURIComponent(source ?? '')}`)) as {
    readonly routes: Readonly<Record<string, Route>>;
  };
  const all: Readonly<Record<string, Route>> = routes;
  assert.deepEqual(Object.keys(built.routes), Object.keys(all));
  for (const [name, { method, path, right, on, anywhere, answer }] of Object.entries(all)) {
    const read = built.routes[name];
    assert.deepEqual({ on, anywhere, ...read }, { method, path, right, on, anywhere, answer });
  }
});
