/** The random course of snapshots.test.ts, longer, and another one each night; GANTRY_SNAPSHOT_SEED runs it again. */
process.env['GANTRY_SNAPSHOT_SEED'] ??= String(Date.now());
process.env['GANTRY_SNAPSHOT_STEPS'] ??= '250';
await import('./snapshots.test.ts');
