/** A machine on a network as a test sees it: a network namespace with one interface, held by a process. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
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

const server = `const [, ...ports] = process.argv;
const told = Promise.all(ports.map((port) => new Promise((done) => require('node:net')
  .createServer((socket) => socket.on('error', () => {}).on('data', (text) => socket.write(text)))
  .listen(Number(port), '::', done))));
told.then(() => console.log('listening'));`;
const talker = `const [, host, port] = process.argv;
const socket = require('node:net').connect({ host, port: Number(port) })
  .on('connect', () => console.log('connected')).on('error', () => process.exit(1));
setTimeout(() => socket.connecting && process.exit(1), 2000);
process.stdin.pipe(socket).pipe(process.stdout);`;
const sender = `const [, port, address, toPort, text] = process.argv;
const socket = require('node:dgram').createSocket('udp4').bind(Number(port), () => {
  socket.setBroadcast(true);
  socket.send(text, Number(toPort), address, () => socket.close());
});`;
const client = `const [, host, port, localPort] = process.argv;
require('node:net').connect({ host, port: Number(port), ...(localPort && { localPort: Number(localPort) }) })
  .on('connect', () => process.exit(0)).on('error', () => process.exit(1));
setTimeout(() => process.exit(1), 400);`;

type Script = ChildProcessByStdio<Writable, Readable, null>;

/** A connection that is kept. */
export class Talk implements Disposable {
  readonly #child: Script;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;

  constructor(child: Script) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  async answer(): Promise<string> {
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('the connection has ended');
    return value;
  }

  async ask(text: string): Promise<string> {
    this.#child.stdin.write(`${text}\n`);
    return await this.answer();
  }

  [Symbol.dispose](): void {
    this.#lines.close();
    this.#child.kill('SIGKILL');
  }
}

let counter = 0;

export class NetGuest implements Disposable {
  readonly pid: number;
  readonly #holder: ChildProcess;
  readonly #children = new Set<ChildProcess>();
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

  /** From the next cable on. */
  speakIpv6(): void {
    this.run('busybox', 'sysctl', '-w', 'net.ipv6.conf.default.disable_ipv6=0');
  }

  /** What the program says; throws where it fails. */
  run(program: string, ...args: readonly string[]): string {
    return must('nsenter', `--net=/proc/${this.pid}/ns/net`, '--', program, ...args);
  }

  /** What the program says, whether it fails or not. */
  says(program: string, ...args: readonly string[]): string {
    const call = [`--net=/proc/${this.pid}/ns/net`, '--', program, ...args];
    return spawnSync('nsenter', call, { encoding: 'utf8' }).stdout;
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

  /** Which of the addresses answer, all asked at once. */
  async reached(addresses: readonly string[]): Promise<readonly string[]> {
    const ping = async (address: string): Promise<string[]> => {
      const words = ['busybox', 'ping', '-c', '1', '-W', '1', address];
      const child = spawn('nsenter', [`--net=/proc/${this.pid}/ns/net`, '--', ...words]);
      const [code] = (await once(child, 'exit')) as [number];
      return code === 0 ? [address] : [];
    };
    return (await Promise.all(addresses.map(ping))).flat();
  }

  /** Answers on these TCP ports until the guest goes. */
  async serve(...ports: readonly number[]): Promise<void> {
    const child = this.#spawn(server, ...ports.map(String));
    await once(child.stdout, 'data');
  }

  /** Whether a TCP connection comes about. */
  connects(address: string, port: number): boolean {
    return this.succeeds(process.execPath, '-e', client, address, String(port));
  }

  /** A TCP connection to a guest that serves, which says what it is told. Errors: it does not come about. */
  async talk(address: string, port: number): Promise<Talk> {
    const child = this.#spawn(talker, address, String(port));
    const talk = new Talk(child);
    assert.equal(await talk.answer(), 'connected');
    return talk;
  }

  /** One datagram from this port, as a broadcast where the address is one. */
  async sendFrom(port: number, address: string, toPort: number, text: string): Promise<void> {
    const child = this.#spawn(sender, String(port), address, String(toPort), text);
    child.stdout.resume();
    await once(child, 'close');
  }

  /** Runs a script of Node in the guest until it ends or the guest goes. */
  #spawn(script: string, ...args: readonly string[]): Script {
    const inside = [`--net=/proc/${this.pid}/ns/net`, '--', process.execPath, '-e', script];
    const child = spawn('nsenter', [...inside, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return child;
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
    const child = this.#spawn(flood, address, String(datagrams), text);
    child.stdout.resume();
    await once(child, 'close');
  }

  /** Its namespace goes with its holder, and both ends of its cable with that. */
  [Symbol.dispose](): void {
    for (const child of [this.#holder, ...this.#children]) child.kill('SIGKILL');
    if (this.#folder !== undefined) void rm(this.#folder, { recursive: true, force: true });
  }
}
