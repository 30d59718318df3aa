/**
 * Undoes a change that nobody has confirmed in time, whatever became of the agent that has made it. A process of its
 * own, started before the first step of the change; says `ready` when it watches. Told to end it undoes it at once.
 *
 *   node adapter-guard.ts FOLDER ID IP MILLISECONDS
 */
import { once } from 'node:events';
import { systemClock } from '#lib';
import { claimTrial, undoTrial } from './trial-files.ts';

const [folder = '', id = '', ip = '', limitMs = ''] = process.argv.slice(2);
const told = ['SIGTERM', 'SIGINT', 'SIGHUP'].map((name) => once(process, name));
// The agent that hears it may be gone.
process.stdout.on('error', () => undefined);
process.stdout.write('ready\n');
await Promise.race([systemClock.sleep(Number(limitMs)), ...told]);
if (await claimTrial(folder, id, 'undone')) await undoTrial(ip, folder, id);
process.exit();
