import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createElement } from 'react';
import { mergeProps } from './merge-props.ts';

test('later values win, nothing that is undefined does, and classes are joined', () => {
  assert.deepEqual(
    mergeProps(
      { className: 'a', id: 'one', title: 'kept' },
      { className: undefined, id: 'two', title: undefined },
      { className: 'b' },
      null,
      undefined,
    ),
    { className: 'a b', id: 'two', title: 'kept' },
  );
});

test('what a feature draws is around what the next one does', () => {
  const inner = createElement('b');
  const { children } = mergeProps({ children: createElement('i') }, { children: inner });
  assert.deepEqual(children, createElement('i', {}, inner));
  assert.deepEqual(mergeProps({ children: inner }, { children: undefined }).children, inner);
});
