import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, faultCodes, type FaultCode } from '#lib';
import { errorCodes, errorName, type ErrorName } from './error-code.ts';
import { faultFromRemote, libvirtFacts, libvirtFault, remoteFromFault } from './remote-error.ts';

const names = Object.keys(errorCodes) as ErrorName[];

void test('every error number has one name, and a fault of that name goes out with it', () => {
  const numbers = new Set(names.map((name) => errorCodes[name].number));
  assert.equal(numbers.size, names.length);
  for (const name of names) {
    assert.equal(errorName(errorCodes[name].number), name);
    const wire = remoteFromFault(libvirtFault(name, 'text'), 'DOMAIN_CREATE');
    assert.equal(wire.code, errorCodes[name].number);
    assert.equal(wire.message, 'text');
  }
});

void test('an error of one libvirt goes out to another client as it came in', () => {
  const wire = { ...remoteFromFault(libvirtFault('NO_NWFILTER', 'gone'), 'X'), domain: 33 };
  const again = remoteFromFault(faultFromRemote(wire, 'libvirt call X'), 'Y');
  assert.deepEqual([again.code, again.domain], [62, 33]);
  assert.match(again.message ?? '', /gone/);
  const unknown = faultFromRemote({ ...wire, code: 999, message: null }, 'call');
  assert.equal(unknown.code, 'internal');
  assert.deepEqual(libvirtFacts(unknown), { number: 999, name: undefined, domain: 33 });
  assert.equal(remoteFromFault(unknown, 'Y').code, 999);
});

void test('every fault has a number, and "not found" has that of the object that was asked for', () => {
  for (const code of Object.keys(faultCodes) as FaultCode[]) {
    const wire = remoteFromFault(new Fault(code, 'm'), 'DOMAIN_CREATE');
    assert.ok(errorName(wire.code), code);
    assert.equal(wire.level, 2);
  }
  const nameOf = (procedure: string, code: FaultCode): string | undefined =>
    errorName(remoteFromFault(new Fault(code, 'm'), procedure).code);
  assert.equal(nameOf('DOMAIN_LOOKUP_BY_NAME', 'not-found'), 'NO_DOMAIN');
  assert.equal(nameOf('DOMAIN_SNAPSHOT_LOOKUP_BY_NAME', 'not-found'), 'NO_DOMAIN_SNAPSHOT');
  assert.equal(nameOf('NETWORK_LOOKUP_BY_NAME', 'not-found'), 'NO_NETWORK');
  assert.equal(nameOf('NETWORK_PORT_LOOKUP_BY_UUID', 'not-found'), 'NO_NETWORK_PORT');
  assert.equal(nameOf('STORAGE_VOL_LOOKUP_BY_KEY', 'not-found'), 'NO_STORAGE_VOL');
  assert.equal(nameOf('DOMAIN_DEFINE_XML', 'exists'), 'DOM_EXIST');
  assert.equal(nameOf('DOMAIN_CREATE', 'refused'), 'OPERATION_INVALID');
});

void test('the text that goes out is bounded, carries causes and the hint, and no NUL', () => {
  const fault = new Fault('refused', 'outer', { cause: new Error('inner\0x'), hint: 'do this' });
  assert.equal(remoteFromFault(fault, 'X').message, 'outer: innerx; do this');
  const long = remoteFromFault(new Fault('refused', 'x'.repeat(100_000)), 'X');
  assert.equal(long.message?.length, 4096);
});
