/** What an installation with networks leaves on its machine, which is a network namespace: nothing. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { systemClock } from '#lib';
import { must } from '../../src/agent/testing/net-guest.ts';
import { ownLinks, ownTables } from '../../src/agent/testing/network-place.ts';
import { isInOwnNetwork } from '../../src/agent/testing/own-network.ts';
import { findProgram } from '../../src/cli/system/processes.ts';
import { newGantry, type Gantry } from './gantry.ts';

const forwarding = '/proc/sys/net/ipv4/ip_forward';

const services = ({ data }: Gantry): readonly string[] =>
  must('ps', '-eo', 'args=')
    .split('\n')
    .filter((line) => line.includes('dnsmasq') && line.includes(data));

if (isInOwnNetwork(import.meta.filename))
  void suite('networks of an installation', () => {
    void test('uninstall takes them from the machine, also where the agent was killed', async () => {
      await using gantry = await newGantry();
      await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
      await gantry.must('vm', 'create', 'spare', '--memory', '64M', '--network', 'default');
      while (services(gantry).length === 0) await systemClock.sleep(50);
      assert.deepEqual(ownLinks().sort(), ['gbr0', 'gsvc0']);
      assert.notEqual(ownTables(), '');
      process.kill(findProgram(gantry.installation, 'agent') ?? 0, 'SIGKILL');
      await gantry.must('uninstall', '--yes');
      assert.deepEqual([ownLinks(), ownTables(), services(gantry)], [[], '', []]);
      assert.equal(readFileSync(forwarding, 'utf8').trim(), '0');
      assert.equal(existsSync(gantry.data), false);
    });
  });
