/**
 * How long a vm takes from "start" to running and to its login prompt: through Gantry's API, with the bare
 * QEMU given the same arguments, and with `virsh start` of the distribution's libvirt for an equivalent
 * domain. Medians over several rounds, in turn, on the same machine. What it is at is told on standard error; told
 * to end, it ends with the round and prints what it has.
 *
 *   node bench/start/bench.ts [ROUNDS]
 */
import { BareQemu } from '../bare-qemu.ts';
import { newEquippedGantry } from '../equipped.ts';
import { describeMachine, note, percentile, print, writeTable } from '../measure.ts';
import { measureBare } from './by-hand.ts';
import { prepareLibvirt } from './libvirt.ts';
import type { Taken } from './taken.ts';
import { measureGantry } from './through-gantry.ts';

const rounds = Number(process.argv[2] ?? 7);

const end = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => end.abort());

await using gantry = await newEquippedGantry();
note('the vm, once with each');
await gantry.must('vm', 'create', 'bench', '--image', 'starter', '--memory', '256M');
await gantry.must('vm', 'start', 'bench');
const bare = await BareQemu.copyOf(gantry, 'bench');
await gantry.must('vm', 'turn-off', 'bench', '--yes');
await using libvirt = await prepareLibvirt(gantry, 'bench');

const through = { gantry: [] as Taken[], 'bare qemu': [] as Taken[], 'virsh start': [] as Taken[] };
for (let round = 1; round <= rounds && !end.signal.aborted; round += 1) {
  note(`round ${round} of ${rounds}`);
  through.gantry.push(await measureGantry(gantry, 'bench'));
  through['bare qemu'].push(await measureBare(bare));
  through['virsh start'].push(await libvirt.measure());
}

const running = (list: readonly Taken[]): number =>
  percentile(
    list.map((taken) => taken.runningMs),
    0.5,
  );
const login = (list: readonly Taken[]): number =>
  percentile(
    list.map((taken) => taken.loginMs),
    0.5,
  );
const base = through['bare qemu'];
print(describeMachine());
print(
  writeTable([
    ['through', 'running, ms', 'more than bare', 'login, ms', 'more than bare'],
    ...Object.entries(through).map(([name, list]) => [
      name,
      running(list).toFixed(0),
      (running(list) - running(base)).toFixed(0),
      login(list).toFixed(0),
      (login(list) - login(base)).toFixed(0),
    ]),
  ]),
);
