/**
 * Which installation a command is about, and where it keeps its things.
 *
 *            root               another user                      --data DIR
 *   data     /var/lib/gantry    $XDG_DATA_HOME/gantry             DIR
 *   config   /etc/gantry        $XDG_CONFIG_HOME/gantry           DIR/config
 *   runtime  /run/gantry        $XDG_RUNTIME_DIR/gantry           DIR/run, or a short path where sockets would not fit
 */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Fault } from '#lib';

export interface Installation {
  readonly data: string;
  readonly config: string;
  readonly runtime: string;
  /** Where --data or GANTRY_DATA said so; undefined for the default one. */
  readonly named: string | undefined;
  readonly server: string | undefined;
  readonly token: string | undefined;
}

export const defaultListen = '127.0.0.1:7443';

// sun_path holds 108 bytes; the longest socket name below runtime takes about 60 of them.
const maxRuntimeLength = 46;

export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly uid: number;
  readonly home: string;
}

export function surroundings(): Surroundings {
  return { environment: process.env, uid: process.getuid?.() ?? 0, home: homedir() };
}

/**
 * `data` and `server` as given on the command line; the environment counts where they are not.
 * Errors: `invalid` for an empty `data`, which would be the present folder.
 */
export function findInstallation(
  given: { readonly data?: string | undefined; readonly server?: string | undefined },
  { environment, uid, home }: Surroundings,
): Installation {
  if (given.data === '')
    throw new Fault('invalid', '--data names no folder', { hint: 'for example: --data /srv/lab' });
  const named = given.data ?? nonEmpty(environment['GANTRY_DATA']);
  const server = given.server ?? nonEmpty(environment['GANTRY_SERVER']);
  const token = nonEmpty(environment['GANTRY_TOKEN']);
  if (named !== undefined) {
    const data = resolve(named);
    return {
      data,
      config: join(data, 'config'),
      runtime: runtimeFor(data, environment, uid),
      named: data,
      server,
      token,
    };
  }
  if (uid === 0)
    return {
      data: '/var/lib/gantry',
      config: '/etc/gantry',
      runtime: '/run/gantry',
      named: undefined,
      server,
      token,
    };
  const data = join(nonEmpty(environment['XDG_DATA_HOME']) ?? join(home, '.local/share'), 'gantry');
  const config = join(nonEmpty(environment['XDG_CONFIG_HOME']) ?? join(home, '.config'), 'gantry');
  const runtimeHome = nonEmpty(environment['XDG_RUNTIME_DIR']);
  const runtime =
    runtimeHome === undefined ? shortRuntime(data, environment, uid) : join(runtimeHome, 'gantry');
  return { data, config, runtime, named: undefined, server, token };
}

function runtimeFor(data: string, environment: NodeJS.ProcessEnv, uid: number): string {
  const inside = join(data, 'run');
  return Buffer.byteLength(inside) <= maxRuntimeLength
    ? inside
    : shortRuntime(data, environment, uid);
}

function shortRuntime(data: string, environment: NodeJS.ProcessEnv, uid: number): string {
  const name = `gantry-${createHash('sha256').update(data).digest('hex').slice(0, 10)}`;
  if (uid === 0) return join('/run', name);
  return join(nonEmpty(environment['XDG_RUNTIME_DIR']) ?? `/tmp/gantry-${uid}`, name);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
