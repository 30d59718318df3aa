import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readXml } from '#foreign';
import { judgeTpm, judgeVariables, readCommandLine, withoutDevices } from './find-kept.ts';

const uuid = '0d3c0f2e-3b55-4c7e-9a54-5d6f0c1b2a39';
const asked = { name: 'web', uuid, scope: '/system' };

const ofTpm = (backend: string, scope = '/system') =>
  judgeTpm(readXml(`<domain><devices><tpm>${backend}</tpm></devices></domain>`), {
    ...asked,
    scope,
  });

const ofUefi = (os: string) => judgeVariables(readXml(`<domain><os>${os}</os></domain>`), 'web');

function refuses(judged: ReturnType<typeof judgeTpm>, code: string, text: RegExp): void {
  assert.ok(typeof judged === 'object');
  assert.equal(judged.reasons.length, 1);
  const [{ code: given, text: said, remedy } = assert.fail()] = judged.reasons;
  assert.equal(given, code);
  assert.match(said, text);
  assert.ok(remedy !== undefined && remedy.length > 0);
}

void test('the contents of a TPM are where libvirt has them, or where the definition says', () => {
  const folder = `/var/lib/libvirt/swtpm/${uuid}/tpm2`;
  const emulator = (inner = '') => `<backend type='emulator' version='2.0'>${inner}</backend>`;
  assert.equal(ofTpm(emulator()), `${folder}/tpm2-00.permall`);
  const named = emulator("<source type='dir' path='/srv/tpm'/>");
  for (const scope of ['/system', '/session'])
    assert.equal(ofTpm(named, scope), '/srv/tpm/tpm2-00.permall');
  assert.equal(judgeTpm(readXml('<domain><devices/></domain>'), asked), undefined);
});

void test('a TPM whose contents do not come along is refused by what it is, with what to do', () => {
  const secret = `<backend type='emulator' version='2.0'><encryption secret='${uuid}'/></backend>`;
  const one = "<backend type='emulator' version='2.0'/>";
  refuses(ofTpm(secret), 'tpm-state', new RegExp(`encrypted with the secret ${uuid}`));
  refuses(ofTpm("<backend type='passthrough'/>"), 'tpm-state', /of the kind passthrough/);
  refuses(ofTpm("<backend type='external'/>"), 'tpm-state', /of the kind external/);
  refuses(ofTpm("<backend type='emulator' version='1.2'/>"), 'tpm-state', /version 1\.2/);
  refuses(ofTpm(one, '/session'), 'tpm-state', /does not tell/);
  const file = one.replace('/>', "><source type='file' path='/srv/t'/></backend>");
  refuses(ofTpm(file), 'tpm-state', /does not tell/);
  const two = readXml(`<domain><devices><tpm>${one}</tpm><tpm>${one}</tpm></devices></domain>`);
  refuses(judgeTpm(two, asked), 'tpm-state', /more than one/);
});

void test('UEFI whose variables do not come along is refused by what it is', () => {
  const pflash = "<loader type='pflash'>/c</loader>";
  assert.equal(ofUefi('<type>hvm</type>'), undefined);
  assert.deepEqual(ofUefi(`${pflash}<nvram>/v</nvram>`)?.reasons, []);
  assert.deepEqual(ofUefi(`${pflash}<nvram type='file'><source file='/v'/></nvram>`)?.reasons, []);
  const code = 'firmware-variables';
  refuses(ofUefi("<loader type='pflash' stateless='yes'>/c</loader>"), code, /no variables/);
  refuses(ofUefi(`${pflash}<nvram type='network'/>`), code, /no raw file: network/);
  refuses(ofUefi(`${pflash}<nvram format='qcow2'>/v</nvram>`), code, /no raw file: qcow2/);
  refuses(ofUefi("<loader type='rom'>/own.fd</loader>"), 'firmware-other', /\/own\.fd/);
});

void test('which firmware libvirt chooses is read from its command line, and from nothing that is like one', () => {
  const flash = (number: number, filename: string): string =>
    `-blockdev '{"driver":"file","filename":"${filename}","node-name":"libvirt-pflash${number}-storage","auto-read-only":true}'`;
  const both = `LC_ALL=C qemu -name guest=web ${flash(0, '/code.fd')} ${flash(1, '/vars.fd')}`;
  const read = { code: '/code.fd', variables: '/vars.fd' };
  assert.deepEqual(readCommandLine(both), { ...read, secureBoot: false });
  const secured = `${both} -global driver=cfi.pflash01,property=secure,value=on`;
  assert.deepEqual(readCommandLine(secured), { ...read, secureBoot: true });
  for (const text of ['', flash(0, '/c'), both.replace('/vars.fd', 'v'), both.replaceAll('{', '')])
    assert.equal(readCommandLine(text), undefined);
});

void test('nothing but what chooses the firmware is asked about, so that no device has to be there', () => {
  const domain = `<domain type='qemu'><name>web</name><metadata><x/></metadata><memory>1</memory>
<os firmware='efi'/><features><smm state='on'/></features><devices><emulator>/q</emulator><interface type='user'/>
<graphics type='vnc' passwd='sesame'/></devices><seclabel type='none'/></domain>`;
  const kept = readXml(withoutDevices(domain));
  const names = ['name', 'memory', 'os', 'features', 'devices'];
  assert.deepEqual(
    kept.children.map(({ name }) => name),
    names,
  );
  assert.deepEqual(
    kept.children.at(-1)?.children.map(({ name }) => name),
    ['emulator'],
  );
  assert.doesNotMatch(withoutDevices(domain), /sesame/);
});
