/** What a host needs of programs and kernel modules: what an agent tells of this one, and what it would of one that has none. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import type { Finding } from '#api';
import { findBinaries } from '#qemu';
import { diagnoseHost } from './drivers/qemu/host/diagnose.ts';
import { listPrograms } from './drivers/qemu/host/programs.ts';
import { QemuAgent, withoutQemu } from './testing/qemu-agent.ts';

test(
  'HOST-40 at start and on demand programs and kernel modules are verified, each missing one listed with the function lost and its remedy',
  { skip: withoutQemu },
  async () => {
    await using agent = await QemuAgent.start();
    const facts = agent.host.hello?.facts;
    assert.ok(facts);
    const { programs } = facts;
    const binaries = await findBinaries(process.env['PATH'] ?? '');
    const found = new Map(programs.map((one) => [one.name, one.found]));
    assert.equal(found.get('qemu-img'), binaries.qemuImg !== undefined);
    assert.equal(found.get('swtpm'), binaries.swtpm !== undefined);
    for (const device of ['/dev/kvm', '/dev/net/tun', '/dev/vhost-net'])
      assert.equal(found.get(device), existsSync(device), device);
    if (existsSync('/sys/module/bridge')) assert.equal(found.get('bridge'), true);

    const { findings } = await agent.host.call('host.diagnose', {});
    const of = (list: readonly Finding[], name: string) => list.find(({ check }) => check === name);
    for (const { name, found: isThere } of programs)
      assert.equal(of(findings, name)?.result === 'ok', isThere, name);

    const nothing = Object.fromEntries(Object.keys(binaries).map((name) => [name, undefined]));
    const listed = await listPrograms({ ...binaries, ...nothing }, undefined, 0);
    const lost = listed.map((one) => ({ ...one, found: false, version: null }));
    for (const name of ['qemu-system-x86_64', 'qemu-img', 'swtpm', 'UEFI firmware'])
      assert.equal(listed.find((one) => one.name === name)?.found, false, name);
    const bare = await diagnoseHost({
      facts: { ...facts, programs: lost },
      settings: agent.coordinator.settings,
      memory: { totalBytes: 1, freeBytes: 1 },
      volumes: [],
      limits: { enforced: true, describe: '' },
      isRoot: true,
    });
    for (const { name, use } of lost) {
      const finding = of(bare, name);
      assert.notEqual(finding?.result, 'ok', name);
      assert.equal(finding?.evidence, `not found; needed for: ${use}`);
      assert.match(String(finding.remedy), /package|kernel module/, name);
    }
  },
);
