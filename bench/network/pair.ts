/**
 * Two guests on one network, and what is measured of the ways between them and their host. Pairs that run side by side
 * are measured in turn, a little of each at a time: what else the machine does meanwhile, all of them have alike.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { miB } from '#lib';
import type { SerialSession } from '../../src/agent/testing/serial-session.ts';
import { percentile } from '../measure.ts';

const sentBytes = 128 * miB;
const turns = 5;
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

/** Figures of each, in their order. */
export async function measureInTurn(pairs: readonly Pair[]): Promise<readonly Figures[]> {
  const taken = pairs.map((pair) => ({ pair, samples: newSamples() }));
  for (const { two } of pairs)
    await run(
      two,
      `mkdir -p /tmp/w; truncate -s ${sentBytes} /tmp/w/sent; httpd -p ${port} -h /tmp/w`,
    );
  for (let turn = 0; turn < turns; turn += 1) {
    const order = turn % 2 === 0 ? taken : taken.toReversed();
    for (const { pair, samples } of order) await takeSamples(pair, samples);
  }
  return taken.map(({ pair: { one, two }, samples }) => ({
    between: percentile(samples.between, 0.5),
    toHost: percentile(samples.toHost, 0.5),
    betweenMs: percentile(samples.betweenMs, 0.5),
    toHostMs: percentile(samples.toHostMs, 0.5),
    addressMs: (one.addressMs + two.addressMs) / 2,
  }));
}

/** Of all turns of a round, by what they are of. */
type Samples = Readonly<Record<Exclude<keyof Figures, 'addressMs'>, number[]>>;

function newSamples(): Samples {
  return { between: [], toHost: [], betweenMs: [], toHostMs: [] };
}

async function takeSamples(pair: Pair, samples: Samples): Promise<void> {
  const { one, two, hostAddress } = pair;
  const url = `http://${two.address}:${port}/sent`;
  samples.between.push(await timed(() => fetchInside(one, url)));
  samples.toHost.push(await timed(() => fetchOnHost(pair, url)));
  samples.betweenMs.push(...(await echoes(one, two.address)));
  samples.toHostMs.push(...(await echoes(one, hostAddress)));
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

/** Milliseconds of each. */
async function echoes(from: Guest, address: string): Promise<readonly number[]> {
  // Told at the end: a line for each echo would wake whoever carries the serial port between guest and bench.
  const call = `ping -c ${pings} -i 0.02 ${address}`;
  const text = await run(from, `${call} >/tmp/echoes; cat /tmp/echoes`);
  const times = [...text.matchAll(/time=([\d.]+) ms/g)].map(([, time]) => Number(time));
  assert.equal(times.length, pings, text);
  return times;
}
