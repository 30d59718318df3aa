/** Ten minutes of chaos, another seed each night; a failing seed is named and can be given as GANTRY_SEED. */
import { test } from 'node:test';
import { runChaos } from './chaos.ts';
import { newGantry } from './gantry.ts';

void test('ten minutes of kill -9 at random moments lose nothing', async (context) => {
  const seed = Number(process.env['GANTRY_SEED'] ?? Math.floor(Date.now() / 86_400_000));
  await using gantry = await newGantry();
  await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
  const result = await runChaos(gantry, { seed, durationMs: 600_000, vms: 6 });
  context.diagnostic(JSON.stringify({ seed, ...result }));
});
