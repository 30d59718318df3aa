/** Our server's half judged by libvirt-python, with the event loop that its programs use. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LibvirtServer } from '#libvirt';
import { Fleet } from '../../../src/libvirt/testing/fleet.ts';
import { run, wantsPackage, whyNot } from './tools.ts';

const python = '/usr/bin/python3';
const bindings = await run(python, ['-c', 'import libvirt']);
const skip = (await whyNot('virsh')) || (bindings.code !== 0 && wantsPackage('python3-libvirt'));

/** What a program on libvirt does, printed as JSON. */
const script = `
import faulthandler, json, libvirt, sys, threading
# Where it stands, should it hang.
faulthandler.dump_traceback_later(30, exit=True)
libvirt.virEventRegisterDefaultImpl()
looping = threading.Event()
looping.set()
def loop():
    while looping.is_set(): libvirt.virEventRunDefaultImpl()
libvirt.virEventAddTimeout(50, lambda *a: None, None)
listener = threading.Thread(target=loop)
listener.start()
libvirt.registerErrorHandler(lambda *a: None, None)
out = {}
conn = libvirt.open(sys.argv[1])
conn.setKeepAlive(5, 3)
seen, enough = [], threading.Event()
def on_event(conn, dom, event, detail, opaque):
    seen.append([dom.name(), event])
    if len(seen) == 3: enough.set()
callback = conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, on_event, None)
out['type'], out['host'] = conn.getType(), conn.getHostname()
out['names'] = sorted(d.name() for d in conn.listAllDomains())
dom = conn.lookupByName('alpha')
dom.create(); dom.suspend(); dom.destroy()
enough.wait(10)
out['events'] = seen
conn.domainEventDeregisterAny(callback)
out['stats'] = conn.getAllDomainStats()[1][1]
out['info'] = dom.info()
try: dom.destroy()
except libvirt.libvirtError as e: out['error'] = [e.get_error_code(), e.get_error_message()]
try: conn.lookupByName('nothing')
except libvirt.libvirtError as e: out['missing'] = e.get_error_code()
try: conn.listAllNetworks()
except libvirt.libvirtError as e: out['unsupported'] = e.get_error_code()
# A blocking read loses its wake-up when the loop takes what came just before it (libvirt 9).
looping.clear(); listener.join()
stream = conn.newStream()
dom.openConsole(None, stream, 0)
got = b''
while len(got) < 13: got += stream.recv(1024)
stream.send(b'root'); got += stream.recv(1024)
stream.finish()
out['console'] = got.decode()
stream = conn.newStream()
dom.screenshot(stream, 0)
out['aborted'] = len(stream.recv(10)); stream.abort()
size = [0]
stream = conn.newStream()
dom.screenshot(stream, 0)
def sink(s, data, n): n[0] += len(data); return len(data)
stream.recvAll(sink, size); stream.finish()
out['screen'] = size[0]
ro = libvirt.openReadOnly(sys.argv[1])
try: ro.lookupByName('alpha').create()
except libvirt.libvirtError as e: out['forbidden'] = e.get_error_code()
print(json.dumps(out))
`;

void test('a libvirt-python program lists, controls, listens and streams', { skip }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lv-'));
  try {
    const fleet = new Fleet(['alpha', 'beta']);
    await using server = new LibvirtServer({ open: fleet.open });
    const path = join(folder, 's');
    await server.listenUnix({ path, access: 'write' });
    const { out, err, code } = await run(python, [
      '-c',
      script,
      `gantry+unix:///all?socket=${path}`,
    ]);
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(out), {
      type: 'FLEET',
      host: 'fleet.example',
      names: ['alpha', 'beta'],
      events: [
        ['alpha', 2],
        ['alpha', 3],
        ['alpha', 5],
      ],
      stats: { 'state.state': 5, 'cpu.time': 1_000_000_000 },
      info: [5, 1_048_576, 524_288, 2, 1_000_000_000],
      error: [55, 'domain alpha is not running'],
      missing: 42,
      unsupported: 3,
      console: 'alpha login: ROOT',
      aborted: 10,
      screen: 480_000,
      forbidden: 29,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
