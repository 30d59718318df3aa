import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeCsv } from './csv.ts';

test('cells with commas, quotes and lines are quoted, and absent ones are empty', () => {
  assert.equal(
    writeCsv([
      ['a', 'b'],
      ['x,y', 'say "hi"'],
      [1.5, null],
      [true, 'two\nlines'],
    ]),
    'a,b\r\n"x,y","say ""hi"""\r\n1.5,\r\ntrue,"two\nlines"\r\n',
  );
});

test('a text that a spreadsheet would run as a formula stays a text, and numbers stay numbers', () => {
  assert.equal(writeCsv([['=1+1', '@cmd', '-x', -5]]), "'=1+1,'@cmd,'-x,-5\r\n");
});
