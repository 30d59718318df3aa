/**
 * One coordinator with a fleet, through its real HTTPS API: simulated vms on 100 hosts, each host with its
 * own certificate and link in the real agent program. Beside it `virsh list --all` of libvirt's test
 * driver with as many domains.
 *
 *   node bench/fleet/bench.ts [VMS ...]
 *
 * The load comes from processes of their own on the same machine and shares its processors.
 */
import { loadavg } from 'node:os';
import { newGantry } from '../../test/e2e/gantry.ts';
import { describeMachine, print, writeTable } from '../measure.ts';
import { measureFleet } from './measure-fleet.ts';
import { measureVirsh } from './virsh.ts';

const hosts = 100;
const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10_000, 50_000];

print(describeMachine());
const columns: (readonly (readonly [string, string])[])[] = [];
for (const vms of sizes) {
  await using gantry = await newGantry();
  const ours = await measureFleet(gantry, hosts, Math.ceil(vms / hosts));
  // Already now: what comes next may take minutes.
  print(writeTable(ours));
  columns.push([...ours, ...(await measureVirsh(vms))]);
}
const labels = columns[0]?.map(([label]) => label) ?? [];
print(
  `load average ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}`,
);
print(
  writeTable([
    ['', ...sizes.map((size) => `${size} vms`)],
    ...labels.map((label, row) => [label, ...columns.map((column) => column[row]?.[1] ?? '')]),
  ]),
);
