/** The random course of snapshots.test.ts, longer, with a disk that is served, and another one each night; GANTRY_SNAPSHOT_SEED runs it again. */
process.env['GANTRY_SNAPSHOT_SEED'] ??= String(Date.now());
process.env['GANTRY_SNAPSHOT_STEPS'] ??= '250';
process.env['GANTRY_SNAPSHOT_SERVED'] = 'yes';
await import('./snapshots.test.ts');
