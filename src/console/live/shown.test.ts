import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { maxSampledThings } from '#api';
import { shownThings } from './shown.ts';

const vms = (count: number): { readonly id: string; readonly status: object }[] =>
  Array.from({ length: count }, (_, index) => ({ id: `vm-${index}`, status: {} }));

/** Somebody looks at it, or not. */
function keep(
  queries: QueryClient,
  queryKey: readonly unknown[],
  data: unknown,
  looked: 'seen' | 'unseen' = 'seen',
): () => void {
  queries.setQueryData(queryKey, data);
  const observer = new QueryObserver(queries, { queryKey, staleTime: Infinity });
  return looked === 'seen' ? observer.subscribe(() => undefined) : () => undefined;
}

test('what lists and pages show with its figures is named, once and in order', () => {
  const queries = new QueryClient();
  keep(queries, ['vm.list', {}], {
    items: [
      { id: 'b', status: {} },
      { id: 'a', status: {} },
    ],
  });
  keep(queries, ['vm.show', 'a'], { id: 'a', status: {} });
  keep(queries, ['host.list', {}], { items: [{ id: 'h', load: null }] });
  keep(queries, ['host.list', 'findings'], { findings: [] });
  assert.equal(shownThings(queries), 'a,b,h');
});

test('what nobody looks at, what was read without figures and other kinds are not named', () => {
  const queries = new QueryClient();
  keep(queries, ['vm.list', {}], { items: vms(2) }, 'unseen');
  keep(queries, ['host.list', { fields: 'id,name' }], { items: [{ id: 'h', name: 'h1' }] });
  keep(queries, ['image.list', {}], { items: [{ id: 'i', status: {} }] });
  keep(queries, ['vm.actions', 'a'], { id: 'a', status: {} });
  keep(queries, ['vm.show', 'gone'], undefined);
  assert.equal(shownThings(queries), '');
  const leave = keep(queries, ['vm.show', 'a'], { id: 'a', status: {} });
  assert.equal(shownThings(queries), 'a');
  leave();
  assert.equal(shownThings(queries), '');
});

test('more than can be named are not named at all', () => {
  const queries = new QueryClient();
  keep(queries, ['vm.list', {}], { items: vms(maxSampledThings) });
  assert.equal(shownThings(queries)?.split(',').length, maxSampledThings);
  keep(queries, ['host.show', 'h'], { id: 'h', load: null });
  assert.equal(shownThings(queries), undefined);
});
