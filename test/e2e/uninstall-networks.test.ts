/** What an installation with networks leaves on its machine, which is a network namespace: nothing. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { systemClock } from '#lib';
import { must } from '../../src/agent/testing/net-guest.ts';
import { ownLinks, ownTables } from '../../src/agent/testing/network-place.ts';
import { isInOwnNetwork } from '../../src/agent/testing/own-network.ts';
import { findProgram } from '../../src/cli/system/processes.ts';
import { newGantry, type Gantry } from './gantry.ts';

const forwarding = '/proc/sys/net/ipv4/ip_forward';

const services = ({ data }: Gantry): readonly number[] =>
  must('ps', '-eo', 'pid=,args=')
    .split('\n')
    .filter((line) => line.includes('dnsmasq') && line.includes(data))
    .map((line) => Number.parseInt(line, 10));

async function carryNetwork(gantry: Gantry): Promise<void> {
  await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
  await gantry.must('vm', 'create', 'spare', '--memory', '64M', '--network', 'default');
  while (services(gantry).length === 0 || ownLinks().length < 2) await systemClock.sleep(50);
}

function assertNothingLeft(gantry: Gantry): void {
  assert.deepEqual([ownLinks(), ownTables(), services(gantry)], [[], '', []]);
  assert.equal(readFileSync(forwarding, 'utf8').trim(), '0');
  assert.equal(existsSync(gantry.data), false);
}

if (isInOwnNetwork(import.meta.filename))
  void suite('networks of an installation', () => {
    void test('uninstall takes them from the machine, also where the agent was killed', async () => {
      await using gantry = await newGantry();
      await carryNetwork(gantry);
      assert.deepEqual(ownLinks().sort(), ['gbr0', 'gsvc0']);
      assert.notEqual(ownTables(), '');
      process.kill(findProgram(gantry.installation, 'agent') ?? 0, 'SIGKILL');
      await gantry.must('uninstall', '--yes');
      assertNothingLeft(gantry);
    });

    void test('uninstall takes what one that was killed half way had left', async () => {
      await using gantry = await newGantry();
      await carryNetwork(gantry);
      process.kill(findProgram(gantry.installation, 'agent') ?? 0, 'SIGKILL');
      must('ip', 'link', 'del', 'dev', 'gbr0');
      for (const pid of services(gantry)) process.kill(pid, 'SIGKILL');
      rmSync(join(gantry.data, 'agent/networks'), { recursive: true });
      while (ownLinks().length > 0) await systemClock.sleep(50);
      assert.notEqual(ownTables(), '');
      await gantry.must('uninstall', '--yes');
      assertNothingLeft(gantry);
    });
  });
