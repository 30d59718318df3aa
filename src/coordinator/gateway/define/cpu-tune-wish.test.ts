/** Shares and limits of processors written as `<cputune>` and read again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vmResourcesSchema, type VmResources } from '#api';
import { cpuTuneOf } from '../../domain-xml/cpu-tune.ts';
import { writeXml } from '../../domain-xml/xml.ts';
import { sharePatch, type ProcessorShare } from './cpu-tune-wish.ts';
import { readDomain } from './wish.ts';

function read(cputune: string): ProcessorShare {
  return readDomain(`<domain><name>x</name><vcpu>4</vcpu>${cputune}</domain>`).share;
}

test('shares and limits come back as they were, to the last digit, and what is usual is not written', () => {
  const all: readonly Partial<VmResources>[] = [
    {},
    { cpuWeight: 1 },
    { cpuWeight: 10_000, cpuReservePercent: 20, cpuMaximumPercent: 50 },
    { cpuMaximumPercent: 1 },
    { cpuMaximumPercent: 33.333_333 },
    { cpuMaximumPercent: 99.999_999 },
  ];
  for (const one of all) {
    const resources = vmResourcesSchema.parse(one);
    const xml = cpuTuneOf(resources).map((element) => writeXml(element));
    assert.deepEqual(sharePatch(resources, read(xml.join(''))), {}, xml.join(''));
  }
  assert.deepEqual(cpuTuneOf(vmResourcesSchema.parse({ cpuReservePercent: 20 })), []);
});

test('a quota counts by its period, of one processor or of all, and the narrower of both', () => {
  const maximum = (cputune: string): number =>
    read(`<cputune>${cputune}</cputune>`).cpuMaximumPercent;
  assert.equal(maximum('<quota>50000</quota>'), 50);
  assert.equal(maximum('<period>10000</period><quota>2000</quota>'), 20);
  assert.equal(maximum('<global_quota>100000</global_quota>'), 25);
  assert.equal(maximum('<quota>50000</quota><global_quota>100000</global_quota>'), 25);
  assert.equal(maximum('<quota>-1</quota>'), 100);
  assert.equal(maximum('<period>10000</period>'), 100);
  assert.equal(maximum('<quota>400000</quota>'), 100);
});

test('what a vm cannot have of shares and limits is refused by name', () => {
  for (const [cputune, says] of [
    ['<shares>0</shares>', /shares 0: weights of vms are from 1 to 10000/],
    ['<shares>much</shares>', /cputune\/shares is no number/],
    ['<quota>999</quota>', /a quota of 999 us is less than 1 %/],
    ['<period>999</period>', /a period of 999 us is not from 1000 to 1000000/],
    ["<vcpupin vcpu='0' cpuset='1'/>", /a vm has no cputune\/vcpupin$/],
    ['<emulator_quota>5000</emulator_quota>', /a vm has no cputune\/emulator_quota$/],
  ] as const)
    assert.throws(() => read(`<cputune>${cputune}</cputune>`), says);
});
