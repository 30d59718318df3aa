import { test } from 'node:test';
import { runChaos } from './chaos.ts';
import { newGantry } from './gantry.ts';

void test('VM-29 kill -9 of coordinator, agent and QEMU under load: no VM lost, stuck or started twice, no operation forgotten', async (context) => {
  await using gantry = await newGantry();
  await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
  const result = await runChaos(gantry, { seed: 20_261_121, durationMs: 12_000, vms: 4 });
  context.diagnostic(JSON.stringify(result));
});
