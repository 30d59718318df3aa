/** A libvirtd of our own, with sockets, log and process id in a folder that goes with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type NetConnectOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { findProgram } from './tools.ts';

export interface Libvirtd extends AsyncDisposable {
  readonly socket: string;
  readonly readOnlySocket: string;
  readonly log: () => string;
}

export interface DaemonFolder {
  readonly path: string;
  readonly sockets: string;
  /** Where libvirtd looks for its drivers; empty at first, so that it has only those without a file. */
  readonly drivers: string;
  /** Its configuration. */
  readonly config: string;
}

/** With lines of libvirtd.conf beside those that all of them have. */
export async function makeDaemonFolder(settings: readonly string[]): Promise<DaemonFolder> {
  const path = await mkdtemp(join(tmpdir(), 'lv-'));
  const place = { path, sockets: join(path, 'run'), drivers: join(path, 'drivers') };
  await mkdir(place.sockets);
  await mkdir(place.drivers);
  const lines = [
    `unix_sock_dir = "${place.sockets}"`,
    'auth_unix_ro = "none"',
    'auth_unix_rw = "none"',
    'unix_sock_ro_perms = "0700"',
    'unix_sock_rw_perms = "0700"',
    ...settings,
  ];
  const config = join(path, 'libvirtd.conf');
  await writeFile(config, `${lines.join('\n')}\n`);
  return { ...place, config };
}

/** Starts the program, and waits until it serves; `signal` ends it. Rejects with its log when it ends before. */
export async function runDaemon(
  { path, sockets, drivers }: DaemonFolder,
  program: string,
  args: readonly string[],
  signal: NodeJS.Signals,
): Promise<Libvirtd> {
  const child = spawn(program, args, {
    env: { ...process.env, LC_ALL: 'C', LIBVIRT_DRIVER_DIR: drivers },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (text: Buffer) => {
    log = (log + text.toString()).slice(-16_384);
  });
  const exited = once(child, 'exit');
  const socket = join(sockets, 'libvirt-sock');
  await untilListening(socket, exited, () => log);
  return {
    socket,
    readOnlySocket: `${socket}-ro`,
    log: () => log,
    [Symbol.asyncDispose]: async () => {
      child.kill(signal);
      await exited;
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** Without the drivers that touch a host: what is left is its test driver, which keeps everything in memory. */
export async function startLibvirtd(
  settings: readonly string[] = [],
  args: readonly string[] = [],
): Promise<Libvirtd> {
  const folder = await makeDaemonFolder(['log_outputs = "3:stderr"', ...settings]);
  const program = (await findProgram('libvirtd')) ?? 'libvirtd';
  const own = ['-f', folder.config, '-p', join(folder.path, 'pid')];
  return await runDaemon(folder, program, [...own, ...args], 'SIGTERM');
}

/** Resolves when both sockets of a daemon are listened on; rejects with its log when it ends before. */
async function untilListening(
  socket: string,
  exited: Promise<unknown>,
  log: () => string,
): Promise<void> {
  const controller = new AbortController();
  try {
    await Promise.race([
      appears(dirname(socket), 'libvirt-sock-ro', controller.signal).then(() =>
        untilOpen({ path: `${socket}-ro` }),
      ),
      exited.then(() => Promise.reject(new Error(`libvirtd ended: ${log()}`))),
    ]);
  } finally {
    controller.abort();
  }
}

/** The read-only socket is the last of the two that libvirtd makes. */
async function appears(folder: string, name: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const watcher = watch(folder, { signal }, (_event, file) => {
    if (file === name) resolve();
  });
  watcher.on('error', () => undefined);
  const there = await access(join(folder, name)).then(
    () => true,
    () => false,
  );
  if (!there) await promise;
}

/** A socket is in its folder a moment before it is listened on, and the ports of libvirtd come after its sockets. */
export async function untilOpen(place: NetConnectOpts): Promise<void> {
  for (;;) {
    const connection = connect(place);
    const isOpen = await once(connection, 'connect').then(
      () => true,
      () => false,
    );
    connection.destroy();
    if (isOpen) return;
    await setTimeout(5);
  }
}
