/** Other people's programs as judges: a libvirtd of our own, virsh, and tshark with libvirt's dissector. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type NetConnectOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end. */
export function run(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const options = {
      env: { ...process.env, LC_ALL: 'C', ...environment },
      maxBuffer: 256 * 1024 * 1024,
      timeout: 60_000,
    };
    execFile(program, [...args], options, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, out, err: code === -1 ? `${error?.message ?? ''}\n${err}` : err });
    });
  });
}

/** Why a test must be skipped here: the first program that is missing; false when all are there. */
export async function whyNot(...programs: readonly string[]): Promise<string | false> {
  if (process.getuid?.() !== 0 && programs.includes('libvirtd')) return 'libvirtd wants root here';
  for (const program of programs) {
    if ((await findProgram(program)) === undefined) {
      return `${program} is not installed (test/interop/libvirt/packages.txt)`;
    }
  }
  return false;
}

async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']) {
    const path = join(folder, name);
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

export interface Libvirtd extends AsyncDisposable {
  readonly socket: string;
  readonly readOnlySocket: string;
  readonly log: () => string;
}

/**
 * A libvirtd with sockets, log and process id of its own and without the drivers that touch a host:
 * what is left is its test driver, which keeps everything in memory.
 */
export async function startLibvirtd(
  settings: readonly string[] = [],
  args: readonly string[] = [],
): Promise<Libvirtd> {
  const folder = await mkdtemp(join(tmpdir(), 'lv-'));
  const sockets = join(folder, 'run');
  const drivers = join(folder, 'none');
  await mkdir(sockets);
  await mkdir(drivers);
  const config = join(folder, 'libvirtd.conf');
  const lines = [
    `unix_sock_dir = "${sockets}"`,
    'auth_unix_ro = "none"',
    'auth_unix_rw = "none"',
    'unix_sock_ro_perms = "0700"',
    'unix_sock_rw_perms = "0700"',
    'log_outputs = "3:stderr"',
    ...settings,
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  const socket = join(sockets, 'libvirt-sock');
  const program = (await findProgram('libvirtd')) ?? 'libvirtd';
  const child = spawn(program, ['-f', config, '-p', join(folder, 'pid'), ...args], {
    env: { ...process.env, LC_ALL: 'C', LIBVIRT_DRIVER_DIR: drivers },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (text: Buffer) => {
    log = (log + text.toString()).slice(-16_384);
  });
  const exited = once(child, 'exit');
  await untilListening(socket, exited, () => log);
  return {
    socket,
    readOnlySocket: `${socket}-ro`,
    log: () => log,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when both sockets of a daemon are listened on; rejects with its log when it ends before. */
export async function untilListening(
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

/** A port on 127.0.0.1 for a program that cannot choose one itself. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** virsh on one connection; every argument list is one command. */
export function virsh(uri: string, ...args: readonly string[]): Promise<Ran> {
  return run('virsh', ['-q', '-c', uri, ...args]);
}
