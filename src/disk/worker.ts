/** Starts a thread of the room. It keeps no process alive that has nothing to do, but for as long as its owner says so. */
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import type { Worker } from 'node:worker_threads';

/** What a thread begins with where its program has a compile cache; else it takes 15 MB for Node.js's type stripper. */
const first = `
  const { workerData } = require('node:worker_threads');
  require('node:module').enableCompileCache(workerData.folder);
  import(workerData.script);
`;
/** Small generations: a thread holds nothing but what passes through. */
const resourceLimits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 };

export function startWorker(name: string, script: URL): Worker {
  // most programs that open disks never need one: they do not wait for what stands behind this module
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const options = { name, resourceLimits };
  const cache = getCompileCacheDir();
  if (cache === undefined) return new Worker(script, options);
  const data = { folder: dirname(cache), script: script.href };
  return new Worker(first, { ...options, eval: true, workerData: data });
}
