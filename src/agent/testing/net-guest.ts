/** A machine on a network as a test sees it: a network namespace with one interface, held by a process. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#lib';

/** Calls in a row, each a program and its arguments; throws with what was said. */
export function must(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

const flood = `const [, address, datagrams, text] = process.argv;
const socket = require('node:dgram').createSocket('udp4');
const body = Buffer.concat([Buffer.from(text), Buffer.alloc(1000 - text.length)]);
let answered = 0;
socket.connect(9, address, () => {
  for (let sent = 0; sent < Number(datagrams); sent += 1)
    socket.send(body, () => { answered += 1; if (answered === Number(datagrams)) socket.close(); });
});`;

let counter = 0;

export class NetGuest implements Disposable {
  readonly pid: number;
  readonly #holder: ChildProcess;
  #folder: string | undefined;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
    this.pid = holder.pid ?? 0;
  }

  static async make(): Promise<NetGuest> {
    const holder = spawn('unshare', ['--net', '--', 'sleep', '1000'], { stdio: 'ignore' });
    await once(holder, 'spawn');
    const guest = new NetGuest(holder);
    const ours = readlinkSync('/proc/self/ns/net');
    while (readlinkSync(`/proc/${guest.pid}/ns/net`) === ours) await systemClock.sleep(2);
    guest.run('ip', 'link', 'set', 'dev', 'lo', 'up');
    // What interfaces say of themselves would be counted as traffic.
    guest.run('busybox', 'sysctl', '-w', 'net.ipv6.conf.default.disable_ipv6=1');
    return guest;
  }

  /** Its cable, with this MAC address where one is given; the other end is in the bridge, or loose. */
  plug(bridge: string | undefined, mac?: string): string {
    counter += 1;
    const near = `tg${counter}`;
    const peer = ['peer', 'name', 'eth0', 'netns', String(this.pid)];
    must('ip', 'link', 'add', 'name', near, 'type', 'veth', ...peer);
    if (mac !== undefined) this.run('ip', 'link', 'set', 'dev', 'eth0', 'address', mac);
    must(
      'ip',
      'link',
      'set',
      'dev',
      near,
      ...(bridge === undefined ? [] : ['master', bridge]),
      'up',
    );
    this.run('ip', 'link', 'set', 'dev', 'eth0', 'up');
    return near;
  }

  /** What the program says; throws where it fails. */
  run(program: string, ...args: readonly string[]): string {
    return must('nsenter', `--net=/proc/${this.pid}/ns/net`, '--', program, ...args);
  }

  succeeds(program: string, ...args: readonly string[]): boolean {
    try {
      this.run(program, ...args);
      return true;
    } catch {
      return false;
    }
  }

  reaches(address: string): boolean {
    return this.succeeds('busybox', 'ping', '-c', '1', '-W', '1', address);
  }

  /** Asks for an address as a guest does; answers what the server told, by the names of udhcpc. */
  async askAddress(...options: readonly string[]): Promise<Readonly<Record<string, string>>> {
    this.#folder ??= await mkdtemp(join(tmpdir(), 'gn-'));
    const script = join(this.#folder, 'told');
    writeFileSync(
      script,
      '#!/bin/sh\n[ "$1" = bound ] || exit 0\nenv\nip addr replace $ip/$mask dev $interface\n[ -z "$router" ] || ip route replace default via $router\n',
      { mode: 0o755 },
    );
    const call = ['udhcpc', '-i', 'eth0', '-f', '-n', '-q', '-t', '10', '-T', '1', '-s', script];
    const said = this.run('busybox', ...call, ...options);
    return Object.fromEntries(
      said.split('\n').flatMap((line) => {
        const at = line.indexOf('=');
        return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
      }),
    );
  }

  /** Frames that have arrived at its interface. */
  received(): number {
    return this.#arrived().packets;
  }

  receivedBytes(): number {
    return this.#arrived().bytes;
  }

  #arrived(): { readonly packets: number; readonly bytes: number } {
    const [link] = JSON.parse(this.run('ip', '-json', '-stats', 'link', 'show', 'dev', 'eth0')) as [
      { stats64: { rx: { packets: number; bytes: number } } },
    ];
    return link.stats64.rx;
  }

  /** Sends so many datagrams of 1000 bytes as fast as it can, each with the text at its beginning. */
  async flood(address: string, datagrams: number, text = ''): Promise<void> {
    const inside = [`--net=/proc/${this.pid}/ns/net`, '--', process.execPath, '-e', flood];
    const child = spawn('nsenter', [...inside, address, String(datagrams), text], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await once(child, 'close');
  }

  /** Its namespace goes with its holder, and both ends of its cable with that. */
  [Symbol.dispose](): void {
    this.#holder.kill('SIGKILL');
    if (this.#folder !== undefined) void rm(this.#folder, { recursive: true, force: true });
  }
}
