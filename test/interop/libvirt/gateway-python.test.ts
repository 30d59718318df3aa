/** The whole fleet for a program on libvirt-python, with the event loop that such programs use; Ansible's modules are among them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { run, wantsPackage, whyNot } from './tools.ts';

const python = '/usr/bin/python3';
const bindings = await run(python, ['-c', 'import libvirt']);
const skip = (await whyNot('virsh')) || (bindings.code !== 0 && wantsPackage('python3-libvirt'));

const script = `
import faulthandler, json, libvirt, sys, threading
# Where it stands, should it hang.
faulthandler.dump_traceback_later(50, exit=True)
libvirt.virEventRegisterDefaultImpl()
libvirt.virEventAddTimeout(50, lambda *a: None, None)
def loop():
    while True: libvirt.virEventRunDefaultImpl()
threading.Thread(target=loop, daemon=True).start()
libvirt.registerErrorHandler(lambda *a: None, None)
out = {}
conn = libvirt.open(sys.argv[1])
conn.setKeepAlive(5, 3)
seen, enough = [], threading.Event()
def on_event(conn, dom, event, detail, opaque):
    if dom.name() != 'py': return
    seen.append(event)
    if event == libvirt.VIR_DOMAIN_EVENT_UNDEFINED: enough.set()
conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, on_event, None)
out['type'] = conn.getType()
out['names'] = sorted(d.name() for d in conn.listAllDomains())
dom = conn.defineXML('''<domain type='qemu'><name>py</name><memory unit='MiB'>128</memory><vcpu>2</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>''')
out['defined'] = [dom.isActive(), dom.info()[1], dom.maxVcpus(), dom.isPersistent()]
dom.create()
out['running'] = [dom.state()[0], conn.lookupByUUIDString(dom.UUIDString()).ID() > 0]
stats = {d.name(): s for d, s in conn.getAllDomainStats()}
out['stats'] = [sorted(stats) == sorted(out['names'] + ['py']), stats['py']['state.state'], stats['py']['vcpu.current'], 'cpu.time' in stats['py']]
dom.suspend(); dom.resume(); dom.destroy()
try: dom.destroy()
except libvirt.libvirtError as e: out['error'] = e.get_error_code()
dom.setMemoryFlags(64 * 1024, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
out['memory'] = dom.info()[2]
dom.undefine()
enough.wait(20)
out['events'] = [e for e in seen if e != libvirt.VIR_DOMAIN_EVENT_DEFINED]
out['empty'] = [len(conn.listAllStoragePools()), len(conn.listAllSecrets()), len(conn.listAllInterfaces()), len(conn.listAllNWFilters())]
out['devices'] = [(d.name(), d.parent(), d.listCaps()) for d in conn.listAllDevices()]
try: conn.suspendForDuration(0, 60)
except libvirt.libvirtError as e: out['unsupported'] = e.get_error_code()
print(json.dumps(out))
`;

void test(
  'FED-41 a program on language bindings lists, defines, controls, reads figures and hears events, without change',
  { skip },
  async () => {
    await using stage = await Stage.open();
    await stage.addHost('h1', 2);
    const address = `gantry+unix:///all?socket=${join(stage.folder, 'run/libvirt-sock')}`;
    const names = [...stage.coordinator.inventory.documents('vm')]
      .map(({ id }) => stage.coordinator.inventory.vm(id)?.name ?? '')
      .toSorted();
    const { out, err, code } = await run(python, ['-c', script, address]);
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(out), {
      type: 'Gantry',
      names,
      defined: [0, 131_072, 2, 1],
      running: [1, true],
      stats: [true, 1, 2, true],
      error: 55,
      memory: 65_536,
      // Started, suspended, resumed, stopped, undefined.
      events: [2, 3, 4, 5, 1],
      empty: [0, 0, 0, 0],
      devices: [['computer', null, ['system']]],
      unsupported: 3,
    });
  },
);
