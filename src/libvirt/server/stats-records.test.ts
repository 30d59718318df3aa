import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeOf } from '../procedures/table.ts';
import { intParam, stringParam, uhyperParam } from '../wire/typed-param.ts';
import { headerBytes } from '../wire/frame.ts';
import { XdrWriter } from '../wire/xdr.ts';
import { encodeStats, encodeStatsRecord, layStats } from './stats-records.ts';

void test('records that are encoded once and counted anew are those that the codec writes', () => {
  const counters = [0, 1, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER];
  const domains = ['a', 'web', 'länger'].map((name, index) => ({
    name,
    uuid: `6695eb01-f6a4-8304-79aa-97f2502e193${index}`,
    id: index === 0 ? -1 : index,
  }));
  const paramsOf = (name: string, values: readonly number[]) => [
    intParam('state.state', 1),
    stringParam('block.0.path', `/vms/${name}`),
    uhyperParam('block.0.capacity', 1024),
    ...values.map((value, index) => uhyperParam(`count.${index}`, value)),
  ];
  const records = domains.map((dom) =>
    encodeStatsRecord(
      dom,
      paramsOf(
        dom.name,
        counters.map(() => 0),
      ),
      (field) => field.startsWith('count.'),
    ),
  );
  const layout = layStats(records);
  const plain = (values: readonly number[]): string => {
    const writer = new XdrWriter(headerBytes, 1e6);
    const retStats = domains.map((dom) => ({ dom, params: paramsOf(dom.name, values) }));
    routeOf('CONNECT_GET_ALL_DOMAIN_STATS').ret.write(writer, { retStats });
    return writer.finish().subarray(headerBytes).toString('hex');
  };
  const writer = new XdrWriter(headerBytes, 1e6);
  encodeStats(layout, (_, now) => now.set(counters)).write(writer);
  const written = writer.finish();
  assert.equal(written.subarray(headerBytes).toString('hex'), plain(counters));
  assert.equal(layout.sizeBytes, written.length - headerBytes);
  // Where they stand already, with other counters.
  const later = counters.toReversed();
  const { lasting } = encodeStats(layout, (_, now) => now.set(later));
  lasting?.patch(new XdrWriter(headerBytes, 1e6, written));
  assert.equal(written.subarray(headerBytes).toString('hex'), plain(later));
});
