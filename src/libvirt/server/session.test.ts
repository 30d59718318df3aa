import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFault, isFault, type Fault } from '#lib';
import { Client } from '../client/client.ts';
import { decodeWhole } from '../wire/codec.ts';
import { callFrame, makeSocketPair, RawPeer, type SocketPair } from '../testing/socket-pair.ts';
import { Fleet, screenshotOf } from '../testing/fleet.ts';
import { accessOf } from '../procedures/entry.ts';
import { messageRouteOf, procedureNames, procedures, routeOf } from '../procedures/table.ts';
import { encodeRawFrame, frameStatus, frameTypes, programs, type Frame } from '../wire/frame.ts';
import { libvirtFacts, remoteErrorCodec, type RemoteError } from '../wire/remote-error.ts';
import { abortFrame } from '../link/stream-frame.ts';
import { Session, type SessionOptions } from './session.ts';

interface Served extends AsyncDisposable {
  readonly pair: SocketPair;
  readonly fleet: Fleet;
  readonly session: Session;
  readonly faults: Fault[];
}

async function serve(
  options: Partial<SessionOptions> = {},
  access: 'read' | 'write' = 'write',
): Promise<Served> {
  const pair = await makeSocketPair();
  const fleet = new Fleet(['alpha', 'beta']);
  const faults: Fault[] = [];
  const session = new Session(
    pair.near,
    { transport: 'unix', address: 'test', access },
    { open: fleet.open, onFault: (_procedure, fault) => faults.push(fault), ...options },
  );
  return { pair, fleet, session, faults, [Symbol.asyncDispose]: pair[Symbol.asyncDispose] };
}

async function openClient(served: Served, flags = 0): Promise<Client> {
  const client = new Client(served.pair.far, { peer: 'session' });
  await client.call('CONNECT_OPEN', { name: 'fleet:///all', flags });
  return client;
}

function errorOf(frame: Frame | undefined): RemoteError {
  assert.equal(frame?.status, frameStatus.error);
  return decodeWhole(remoteErrorCodec, frame.payload, 'error');
}

const alpha = { name: 'alpha', uuid: '00000000-0000-4000-8000-000000000000', id: -1 };

void test('calls reach their handlers and faults go out with the number that fits', async () => {
  await using served = await serve();
  const client = await openClient(served);
  assert.deepEqual(await client.call('CONNECT_GET_TYPE', {}), { type: 'FLEET' });
  await client.call('DOMAIN_CREATE', { dom: alpha });
  const numberOf = async (call: Promise<unknown>): Promise<string | undefined> => {
    const error: unknown = await call.catch((error: unknown) => error);
    assert.ok(isFault(error));
    return libvirtFacts(error)?.name;
  };
  const absent = { ...alpha, uuid: '00000000-0000-4000-8000-00000000ffff' };
  assert.equal(await numberOf(client.call('DOMAIN_GET_INFO', { dom: absent })), 'NO_DOMAIN');
  assert.equal(await numberOf(client.call('DOMAIN_CREATE', { dom: alpha })), 'OPERATION_INVALID');
  const pool = client.call('STORAGE_POOL_LOOKUP_BY_NAME', { name: 'x' });
  assert.equal(await numberOf(pool), 'NO_STORAGE_POOL');
  assert.equal(await numberOf(client.call('DOMAIN_RESET', { dom: alpha, flags: 0 })), 'NO_SUPPORT');
});

void test('what a handler knows is answered while the call is being read, refusals too', async () => {
  await using served = await serve();
  const { near, far } = served.pair;
  const peer = new RawPeer(far);
  await peer.call('CONNECT_OPEN', { name: null, flags: 0 });
  for (const [dom, status] of [
    [alpha, frameStatus.ok],
    [{ ...alpha, uuid: '00000000-0000-4000-8000-00000000ffff' }, frameStatus.error],
  ] as const) {
    const before = near.bytesWritten;
    near.emit('data', callFrame('DOMAIN_GET_INFO', { dom }));
    assert.ok(near.bytesWritten > before);
    assert.equal((await peer.next())?.status, status);
  }
});

void test('what a bug says stays on this side', async () => {
  const handlers = {
    CONNECT_GET_HOSTNAME: (): never => {
      throw new TypeError('secret of the server');
    },
  };
  await using served = await serve({ open: () => ({ handlers }) });
  const client = await openClient(served);
  const error: unknown = await client.call('CONNECT_GET_HOSTNAME', {}).catch((e: unknown) => e);
  assert.ok(isFault(error, 'internal'));
  assert.doesNotMatch(describeFault(error), /secret/);
  assert.match(describeFault(served.faults[0]), /secret/);
});

void test('before CONNECT_OPEN nothing but connecting is answered', async () => {
  await using served = await serve();
  const peer = new RawPeer(served.pair.far);
  assert.equal(errorOf(await peer.call('CONNECT_GET_TYPE', {})).code, 6);
  assert.equal((await peer.call('AUTH_LIST', {}))?.status, frameStatus.ok);
  assert.equal((await peer.call('CONNECT_OPEN', { name: null, flags: 0 }))?.status, 0);
  assert.equal(errorOf(await peer.call('CONNECT_OPEN', { name: null, flags: 0 })).code, 6);
  assert.equal((await peer.call('CONNECT_GET_TYPE', {}))?.status, frameStatus.ok);
  assert.deepEqual(served.fleet.calls, ['CONNECT_GET_TYPE']);
});

void test('a read-only connection reaches no handler that writes, by its flag or by its socket', async () => {
  const writers = procedureNames.filter((name) => procedures[name].access === 'write');
  assert.ok(writers.length > 190);
  for (const [flags, access] of [
    [1, 'write'],
    [0, 'read'],
  ] as const) {
    await using served = await serve({}, access);
    const peer = new RawPeer(served.pair.far);
    await peer.call('CONNECT_OPEN', { name: null, flags });
    for (const name of ['DOMAIN_CREATE', 'DOMAIN_DESTROY', 'DOMAIN_OPEN_CONSOLE'] as const) {
      const args = { dom: alpha, dev_name: null, flags: 0 };
      assert.equal(errorOf(await peer.call(name, args)).code, 29);
    }
    const secure = { dom: alpha, flags: 1 };
    assert.equal(errorOf(await peer.call('DOMAIN_GET_XML_DESC', secure)).code, 29);
    const plain = await peer.call('DOMAIN_GET_XML_DESC', { dom: alpha, flags: 0 });
    assert.equal(plain?.status, frameStatus.ok);
    assert.deepEqual(served.fleet.calls, ['DOMAIN_GET_XML_DESC']);
  }
  assert.equal(accessOf(routeOf('DOMAIN_INTERFACE_ADDRESSES').entry, { source: 1 }), 'write');
  assert.equal(accessOf(routeOf('DOMAIN_INTERFACE_ADDRESSES').entry, { source: 0 }), 'read');
});

void test('unknown programs and procedures get libvirt’s own answer, and the connection lives', async () => {
  await using served = await serve();
  const peer = new RawPeer(served.pair.far);
  await peer.call('CONNECT_OPEN', { name: null, flags: 0 });
  const header = { version: 1, type: 0, serial: 5, status: 0 };
  for (const [program, procedure, text] of [
    [programs.remote, 9999, /unknown procedure: 9999/],
    [programs.remote, -1, /unknown procedure/],
    [0x1234, 1, /Cannot find program/],
  ] as const) {
    peer.socket.write(encodeRawFrame({ ...header, program, procedure }));
    const error = errorOf(await peer.next());
    assert.deepEqual([error.code, error.domain], [39, 7]);
    assert.match(error.message ?? '', text);
  }
  assert.equal((await peer.call('CONNECT_GET_TYPE', {}))?.status, frameStatus.ok);
});

void test('malformed arguments are refused one by one, hostile frames end the connection', async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    await using served = await serve();
    const peer = new RawPeer(served.pair.far);
    await peer.call('CONNECT_OPEN', { name: null, flags: 0 });
    const route = routeOf(procedureNames[(seed * 13) % procedureNames.length] ?? 'CONNECT_OPEN');
    const noise = Buffer.from(
      Array.from({ length: 48 }, (_, at) => (seed * 37 + at * seed) & 0xff),
    );
    const type = seed % 8;
    peer.socket.write(
      encodeRawFrame(
        {
          program: route.program,
          version: 1,
          procedure: route.entry.number,
          type,
          serial: seed,
          status: 0,
        },
        noise,
      ),
    );
    peer.socket.end(callFrame('CONNECT_GET_TYPE', {}, 1).subarray(0, seed % 28));
    const fault = await served.session.closed;
    assert.ok(isFault(fault), `type ${type}`);
  }
});

void test('a client that never opens is hung up on', async () => {
  await using served = await serve({ openTimeoutMs: 30 });
  assert.ok(isFault(await served.session.closed, 'timeout'));
});

void test('a flood of calls from a client that does not read is slowed down, in bounded memory', async () => {
  let running = 0;
  let most = 0;
  const handlers = {
    DOMAIN_GET_XML_DESC: async (): Promise<{ xml: string }> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      return { xml: 'x'.repeat(100_000) };
    },
  };
  await using served = await serve({ open: () => ({ handlers }), stallMs: 400 });
  const { far, near } = served.pair;
  const peer = new RawPeer(far);
  await peer.call('CONNECT_OPEN', { name: null, flags: 0 });
  far.pause();
  const call = callFrame('DOMAIN_GET_XML_DESC', { dom: alpha, flags: 0 });
  for (let count = 0; count < 20_000; count += 1) far.write(call);
  let pending = 0;
  const timer = setInterval(() => {
    pending = Math.max(pending, near.writableLength);
  }, 5);
  const fault = await served.session.closed;
  clearInterval(timer);
  assert.ok(isFault(fault, 'timeout'), String(fault));
  assert.ok(most <= 32, `${most} calls at once`);
  assert.ok(pending > 0 && pending < 40_000_000, `${pending} bytes waited`);
});

void test('events go to the subscriptions that they concern, with their callback ids', async () => {
  await using served = await serve();
  const client = await openClient(served);
  const all = await client.subscribe('DOMAIN_EVENT_CALLBACK_LIFECYCLE');
  const beta = { name: 'beta', uuid: '00000000-0000-4000-8000-000000000001', id: -1 };
  const one = await client.subscribe('DOMAIN_EVENT_CALLBACK_LIFECYCLE', { object: beta });
  const reboots = await client.subscribe('DOMAIN_EVENT_CALLBACK_REBOOT');
  await client.call('DOMAIN_CREATE', { dom: alpha });
  await client.call('DOMAIN_CREATE', { dom: beta });
  await one.close();
  await client.call('DOMAIN_DESTROY', { dom: beta });
  await Promise.all([all.close(), reboots.close()]);
  const seen = async (
    events: AsyncIterable<{ msg: { dom: { name: string } } }>,
  ): Promise<string[]> => {
    const out: string[] = [];
    for await (const { msg } of events) out.push(msg.dom.name);
    return out;
  };
  assert.deepEqual(await seen(all), ['alpha', 'beta', 'beta']);
  assert.deepEqual(await seen(one), ['beta']);
  assert.deepEqual(await seen(reboots), []);
  const wrong = client.call('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', {
    eventID: 99,
    dom: null,
  });
  await assert.rejects(wrong, (error) => isFault(error, 'invalid'));
});

void test('a download arrives whole, is confirmed, and the next one too', async () => {
  await using served = await serve();
  const client = await openClient(served);
  for (const name of ['alpha', 'beta']) {
    const dom = { ...alpha, uuid: alpha.uuid.replace(/0$/, name === 'alpha' ? '0' : '1'), name };
    const { ret, stream } = await client.open('DOMAIN_SCREENSHOT', { dom, screen: 0, flags: 0 });
    assert.equal(ret.mime, 'image/png');
    const pieces: Buffer[] = [];
    for await (const part of stream.parts()) if (part.kind === 'data') pieces.push(part.bytes);
    await stream.finish();
    assert.ok(Buffer.concat(pieces).equals(screenshotOf(name)));
  }
});

void test('an upload with a hole arrives whole and is stored when finish returns', async () => {
  await using served = await serve();
  const client = await openClient(served);
  const vol = { pool: 'pool', name: 'v', key: '/pool/v' };
  const args = { vol, offset: 0n, length: 0n, flags: 1 };
  const { stream } = await client.open('STORAGE_VOL_UPLOAD', args);
  const bytes = Buffer.alloc(700_000, 'ab');
  await stream.write(bytes);
  await stream.writeHole(4096n);
  await stream.write(Buffer.from('end'));
  await stream.finish();
  const expected = Buffer.concat([bytes, Buffer.alloc(4096), Buffer.from('end')]);
  assert.ok(served.fleet.volumes.get('v')?.equals(expected));
});

void test('a console goes both ways until the client finishes', async () => {
  await using served = await serve();
  const client = await openClient(served);
  const { stream } = await client.open('DOMAIN_OPEN_CONSOLE', {
    dom: alpha,
    dev_name: null,
    flags: 0,
  });
  const read = async (length: number): Promise<string> => {
    let text = '';
    while (text.length < length) {
      const part = await stream.next();
      assert.equal(part?.kind, 'data');
      if (part?.kind === 'data') text += part.bytes.toString();
    }
    return text;
  };
  assert.equal(await read(13), 'alpha login: ');
  await stream.write(Buffer.from('root\n'));
  assert.equal(await read(5), 'ROOT\n');
  await stream.finish();
  assert.deepEqual(served.faults, []);
});

void test('a stream that is aborted stops its handler, and the connection goes on', async () => {
  const { promise: stopped, resolve } = Promise.withResolvers<unknown>();
  const handlers = {
    CONNECT_GET_TYPE: () => ({ type: 'T' }),
    DOMAIN_SCREENSHOT: () => ({
      ret: { mime: null },
      run: async (stream: { write(bytes: Buffer): Promise<void> }): Promise<void> => {
        try {
          for (;;) await stream.write(Buffer.alloc(60_000));
        } catch (error) {
          resolve(error);
          throw error;
        }
      },
    }),
  };
  await using served = await serve({ open: () => ({ handlers }) });
  const client = await openClient(served);
  {
    await using stream = (
      await client.open('DOMAIN_SCREENSHOT', { dom: alpha, screen: 0, flags: 0 })
    ).stream;
    await stream.next();
  }
  assert.ok(isFault(await stopped, 'cancelled'));
  assert.deepEqual(await client.call('CONNECT_GET_TYPE', {}), { type: 'T' });
});

void test('a stream that fails at the server fails its reader with the server’s reason', async () => {
  const handlers = {
    DOMAIN_SCREENSHOT: () => ({
      ret: { mime: null },
      run: async (stream: { write(bytes: Buffer): Promise<void> }): Promise<void> => {
        await stream.write(Buffer.from('some'));
        throw new TypeError('a bug');
      },
    }),
  };
  await using served = await serve({ open: () => ({ handlers }) });
  const client = await openClient(served);
  const { stream } = await client.open('DOMAIN_SCREENSHOT', { dom: alpha, screen: 0, flags: 0 });
  await assert.rejects(
    async () => {
      for (;;) await stream.next();
    },
    (error) => isFault(error, 'internal'),
  );
  await assert.rejects(stream.finish(), (error) => isFault(error, 'internal'));
});

void test('a reader that rests holds the sender back, in bounded memory on both sides', async () => {
  let sent = 0;
  const handlers = {
    DOMAIN_SCREENSHOT: () => ({
      ret: { mime: null },
      run: async (stream: { write(bytes: Buffer): Promise<void> }): Promise<void> => {
        for (; sent < 40_000_000; sent += 100_000) await stream.write(Buffer.alloc(100_000));
      },
    }),
  };
  await using served = await serve({ open: () => ({ handlers }) });
  const client = await openClient(served);
  const { stream } = await client.open('DOMAIN_SCREENSHOT', { dom: alpha, screen: 0, flags: 0 });
  await stream.next();
  let before = -1;
  while (before !== sent) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  assert.ok(sent < 8_000_000, `${sent} bytes were sent to a reader that rests`);
  let read = 100_000;
  for await (const part of stream.parts()) if (part.kind === 'data') read += part.bytes.length;
  await stream.finish();
  assert.equal(read, 40_000_000);
});

void test('calls that wait behind long ones are bounded, and the client is slowed down', async () => {
  const { promise: release, resolve } = Promise.withResolvers<void>();
  let answered = 0;
  const handlers = {
    DOMAIN_GET_XML_DESC: async (): Promise<{ xml: string }> => {
      await release;
      answered += 1;
      return { xml: '' };
    },
  };
  const callLimits = { running: 4, waiting: 8 };
  await using served = await serve({ open: () => ({ handlers }), callLimits });
  const { far } = served.pair;
  const peer = new RawPeer(far);
  await peer.call('CONNECT_OPEN', { name: null, flags: 0 });
  const long = { ...alpha, name: 'x'.repeat(60_000) };
  const call = callFrame('DOMAIN_GET_XML_DESC', { dom: long, flags: 0 });
  for (let count = 0; count < 200; count += 1) far.write(call);
  await new Promise((done) => setTimeout(done, 50));
  assert.ok(far.writableLength > 6_000_000, `${far.writableLength} of 12 MB wait at the client`);
  resolve();
  for (let count = 0; count < 200; count += 1) await peer.next();
  assert.equal(answered, 200);
});

void test('an event of another kind or family sends no frame at all', async () => {
  await using served = await serve();
  const peer = new RawPeer(served.pair.far);
  await peer.call('CONNECT_OPEN', { name: null, flags: 0 });
  const reboot = { eventID: 1, dom: null };
  await peer.call('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', reboot);
  await peer.call('CONNECT_NETWORK_EVENT_REGISTER_ANY', { eventID: 0, net: null });
  const reply = await peer.call('DOMAIN_CREATE', { dom: alpha }, 9);
  assert.equal(reply?.serial, 9);
  assert.equal((await peer.call('CONNECT_GET_TYPE', {}, 10))?.serial, 10);
});

void test('clients from before callback ids are told each event once, in its own message, until they end it', async () => {
  await using served = await serve();
  const peer = new RawPeer(served.pair.far);
  await peer.call('CONNECT_OPEN', { name: null, flags: 0 });
  const registered = await peer.call('CONNECT_DOMAIN_EVENT_REGISTER', {});
  assert.equal(registered?.payload.toString('hex'), '00000001');
  const any = { eventID: 0 };
  assert.equal((await peer.call('CONNECT_DOMAIN_EVENT_REGISTER_ANY', any))?.payload.length, 0);
  const told = await peer.call('DOMAIN_CREATE', { dom: alpha }, 9);
  assert.ok(told);
  const message = messageRouteOf('DOMAIN_EVENT_LIFECYCLE');
  assert.deepEqual([told.type, told.procedure], [frameTypes.message, message.entry.number]);
  assert.deepEqual(decodeWhole(message.fields, told.payload, 'event'), {
    dom: { ...alpha, id: 1 },
    event: 2,
    detail: 0,
  });
  assert.equal((await peer.next())?.serial, 9, 'the answer comes behind it, and no second message');
  const ended = await peer.call('CONNECT_DOMAIN_EVENT_DEREGISTER', {}, 10);
  assert.equal(ended?.payload.toString('hex'), '00000000');
  assert.equal((await peer.call('DOMAIN_DESTROY', { dom: alpha }, 11))?.serial, 11);
  assert.equal(errorOf(await peer.call('CONNECT_DOMAIN_EVENT_DEREGISTER_ANY', any)).code, 8);
  const later = { eventID: 17 };
  assert.equal(errorOf(await peer.call('CONNECT_DOMAIN_EVENT_REGISTER_ANY', later)).code, 8);
});

void test('an abort is confirmed, so that the client’s comes to an end', async () => {
  await using served = await serve();
  const peer = new RawPeer(served.pair.far);
  await peer.call('CONNECT_OPEN', { name: null, flags: 0 });
  const open = await peer.call('DOMAIN_OPEN_CONSOLE', { dom: alpha, dev_name: null, flags: 0 }, 3);
  assert.equal(open?.status, frameStatus.ok);
  const id = { program: programs.remote, procedure: open.procedure, serial: 3 };
  peer.socket.write(abortFrame(id));
  let frame = await peer.next();
  while (frame?.status === frameStatus.continue) frame = await peer.next();
  assert.deepEqual([frame?.serial, frame?.type, frame?.status], [3, 3, frameStatus.ok]);
});

void test('before the login nothing is answered but the login, and open TCP is offered no PLAIN', async () => {
  const sasl = { checkPassword: async (): Promise<boolean> => true };
  await using pair = await makeSocketPair();
  const peer = new RawPeer(pair.far);
  const session = new Session(
    pair.near,
    { transport: 'tcp', address: 'test', access: 'write' },
    { open: new Fleet([]).open, sasl },
  );
  assert.equal(errorOf(await peer.call('CONNECT_OPEN', { name: null, flags: 0 })).code, 45);
  assert.equal(errorOf(await peer.call('CONNECT_SUPPORTS_FEATURE', { feature: 10 })).code, 45);
  assert.equal(errorOf(await peer.call('CONNECT_GET_TYPE', {})).code, 6);
  const offer = await peer.call('AUTH_SASL_INIT', {});
  assert.equal(offer?.payload.toString('hex'), '00000000', 'no mechanism');
  const plain = { mech: 'PLAIN', nil: 0, data: Buffer.from('\0ann\0pencil') };
  assert.equal(errorOf(await peer.call('AUTH_SASL_START', plain)).code, 45);
  session.end();
});
