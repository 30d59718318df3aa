/**
 * Whether the agent is told to end because its operating system goes down. An agent that is updated or
 * restarted leaves its vms alone; with the system they would end too, so they are stopped first (HOST-49).
 */
import { execFile } from 'node:child_process';

const limitMs = 10_000;

/**
 * `stopping` is what the service manager says from the moment a shutdown has been asked for
 * (systemctl(1), is-system-running); a user's own manager says it when it ends with all it started.
 * False where there is no systemd.
 */
export function isSystemEnding(): Promise<boolean> {
  const scope = process.getuid?.() === 0 ? [] : ['--user'];
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // Its exit status is not 0 for every answer but "running".
  execFile(
    'systemctl',
    [...scope, 'is-system-running'],
    { timeout: limitMs, maxBuffer: 4096 },
    (_, answer) => resolve(answer.trim() === 'stopping'),
  );
  return promise;
}
