/** Two guests on one network, and what is measured of the ways between them and their host. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { miB } from '#lib';
import type { SerialSession } from '../../src/agent/testing/serial-session.ts';
import { percentile } from '../measure.ts';

const sentBytes = 128 * miB;
const pings = 40;
const port = 5001;

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
}

/** Of one round. */
export interface Figures {
  /** TCP, MiB a second. */
  readonly between: number;
  readonly toHost: number;
  /** Echoes, median, milliseconds. */
  readonly betweenMs: number;
  readonly toHostMs: number;
  /** From a start to the lease. */
  readonly addressMs: number;
}

export async function measurePair(pair: Pair): Promise<Figures> {
  const { one, two, hostAddress } = pair;
  const url = `http://${two.address}:${port}/sent`;
  await run(
    two,
    `mkdir -p /tmp/w; truncate -s ${sentBytes} /tmp/w/sent; netstat -ltn | grep -q :${port} || httpd -p ${port} -h /tmp/w`,
  );
  return {
    between: await timed(() => fetchInside(one, url)),
    toHost: await timed(() => fetchOnHost(pair, url)),
    betweenMs: await echo(one, two.address),
    toHostMs: await echo(one, hostAddress),
    addressMs: (one.addressMs + two.addressMs) / 2,
  };
}

/** MiB a second. */
async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return sentBytes / miB / ((performance.now() - begin) / 1000);
}

async function fetchInside(guest: Guest, url: string): Promise<void> {
  const text = await run(guest, `wget -q -O /dev/null ${url} && echo all-$((40+2))`);
  assert.ok(text.includes('all-42'), text);
}

async function fetchOnHost({ onHost }: Pair, url: string): Promise<void> {
  const fetch = ['busybox', 'wget', '-q', '-O', '/dev/null', url];
  const [program = '', ...words] = [...onHost, ...fetch];
  const [code] = (await once(spawn(program, words, { stdio: 'ignore' }), 'exit')) as [number];
  assert.equal(code, 0);
}

/** What it printed until its end; a prompt is no sign of that, since a long line is echoed with another one. */
async function run({ serial }: Guest, line: string): Promise<string> {
  serial.text = '';
  serial.write(`${line}; echo ended-$((1+1))\n`);
  return await serial.until(/ended-2/);
}

async function echo(from: Guest, address: string): Promise<number> {
  // Told at the end: a line for each echo would wake whoever carries the serial port between guest and bench.
  const call = `ping -c ${pings} -i 0.05 ${address}`;
  const text = await run(from, `${call} >/tmp/echoes; cat /tmp/echoes`);
  const times = [...text.matchAll(/time=([\d.]+) ms/g)].map(([, time]) => Number(time));
  assert.equal(times.length, pings, text);
  return percentile(times, 0.5);
}
