/** Two guests on one network, and what is measured of the ways between them and their host. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { miB } from '#lib';
import type { SerialSession } from '../../src/agent/testing/serial-session.ts';
import { percentile } from '../measure.ts';

const blocks = 8192;
const blockBytes = 64 * 1024;
const pings = 40;
const guestPort = 5001;
const hostPort = 5002;

export interface Guest {
  readonly serial: SerialSession;
  readonly address: string;
  /** From its start to the lease. */
  readonly addressMs: number;
}

export interface Pair extends AsyncDisposable {
  readonly one: Guest;
  readonly two: Guest;
  /** Of the host, in their network. */
  readonly hostAddress: string;
  /** What a program on the host is started with. */
  readonly onHost: readonly string[];
  /** Neither uses a processor until it is resumed. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** Of one round. */
export interface Figures {
  /** TCP, MiB a second. */
  readonly between: number;
  readonly toHost: number;
  /** Echoes, median, milliseconds. */
  readonly betweenMs: number;
  readonly toHostMs: number;
}

export async function measurePair(pair: Pair): Promise<Figures> {
  const { one, two, hostAddress } = pair;
  await run(two, `nc -l -p ${guestPort} </dev/null >/dev/null & true`);
  const between = await send(one, two.address, guestPort);
  const [program, ...words] = [...pair.onHost, 'busybox', 'nc', '-l', '-p', String(hostPort)];
  const receiver = spawn(program, words, { stdio: 'ignore' });
  const received = once(receiver, 'exit');
  const toHost = await send(one, hostAddress, hostPort);
  await received;
  return {
    between,
    toHost,
    betweenMs: await echo(one, two.address),
    toHostMs: await echo(one, hostAddress),
  };
}

/** Asks again until somebody listens there. */
async function send(from: Guest, address: string, port: number): Promise<number> {
  const fill = `dd if=/dev/zero bs=${blockBytes} count=${blocks} 2>/dev/null`;
  for (;;) {
    const begin = performance.now();
    const text = await run(from, `${fill} | nc ${address} ${port}`);
    const seconds = (performance.now() - begin) / 1000;
    if (!text.includes('refused')) return (blocks * blockBytes) / miB / seconds;
  }
}

/** What it printed until its end; a prompt is no sign of that, since a long line is echoed with another one. */
async function run({ serial }: Guest, line: string): Promise<string> {
  serial.text = '';
  serial.write(`${line}; echo ended-$((1+1))\n`);
  return await serial.until(/ended-2/);
}

async function echo(from: Guest, address: string): Promise<number> {
  const text = await run(from, `ping -c ${pings} -i 0.05 ${address}`);
  const times = [...text.matchAll(/time=([\d.]+) ms/g)].map(([, time]) => Number(time));
  assert.equal(times.length, pings, text);
  return percentile(times, 0.5);
}
