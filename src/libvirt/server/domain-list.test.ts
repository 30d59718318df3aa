import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeOf } from '../procedures/table.ts';
import { headerBytes } from '../wire/frame.ts';
import { XdrWriter } from '../wire/xdr.ts';
import { encodeDomainList, encodeHandle } from './domain-list.ts';

void test('a list of handles that are encoded once is the one that the codec writes', () => {
  const domains = ['a', 'web', 'länger'].map((name, index) => ({
    name,
    uuid: `6695eb01-f6a4-8304-79aa-97f2502e193${index}`,
    id: index === 0 ? -1 : index,
  }));
  for (const some of [domains, []]) {
    const writer = new XdrWriter(headerBytes, 1e6);
    const { write, lasting } = encodeDomainList(some.map(encodeHandle));
    write(writer);
    const plain = new XdrWriter(headerBytes, 1e6);
    routeOf('CONNECT_LIST_ALL_DOMAINS').ret.write(plain, { domains: some, ret: some.length });
    const [written, wanted] = [writer, plain].map((one) => one.finish().subarray(headerBytes));
    assert.equal(written?.toString('hex'), wanted?.toString('hex'));
    assert.equal(lasting?.sizeBytes, wanted?.length);
  }
});
