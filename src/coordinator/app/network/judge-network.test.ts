/** What is refused of a network before anybody is told of it, each setting by its path. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkCreateSchema } from '#api';
import { judgeNetwork } from './judge-network.ts';
import { makeNetwork } from './make-network.ts';

const random = (count: number): Uint8Array => new Uint8Array(count);

/** Paths with what is wrong there. */
function judge(dhcp: object): readonly string[] {
  const ipv4 = { subnet: '10.31.0.0/24', dhcp };
  const parsed = networkCreateSchema.safeParse({ name: 'options', ipv4 });
  if (!parsed.success)
    return parsed.error.issues.map(({ path, message }) => `${path.join('/')}: ${message}`);
  const network = makeNetwork(parsed.data, { taken: [], vnis: new Set(), random });
  const issues = judgeNetwork(network, { others: [], hosts: [] });
  return issues.map(({ path, problem }) => `${path}: ${problem}`);
}

test('a DHCP option that is sent already, is not of its kind or would not fit is refused with what it should be', () => {
  for (const [option, path, said] of [
    [
      { code: 3, kind: 'addresses', value: '10.31.0.9' },
      'code',
      '3 is sent already, as the gateway',
    ],
    [
      { code: 53, kind: 'bytes', value: '02' },
      'code',
      '53 is sent already, as part of the protocol',
    ],
    [{ code: 42, value: 'time.test' }, 'kind', '42 is of addresses'],
    [{ code: 42, kind: 'addresses', value: '10.31.0' }, 'value', 'is not a list of addresses'],
    [{ code: 43, kind: 'bytes', value: '012' }, 'value', 'is not an even number of hexadecimal'],
    [
      { code: 43, kind: 'bytes', value: '01' },
      'value',
      'options of a vendor have a code and a length',
    ],
    [{ code: 119, value: 'a test' }, 'value', 'is not a list of domains'],
    [{ code: 252, value: 'x'.repeat(129) }, 'value', 'has 129 bytes, and at most 128 are sent'],
    [{ code: 252, value: 'one\nport=0' }, 'value', 'has characters that are not of ASCII'],
    [{ code: 255, value: 'x' }, 'code', 'Too big'],
  ] as const) {
    const [first = 'nothing', ...others] = judge({ options: [option] });
    assert.ok(first.startsWith(`ipv4/dhcp/options/0/${path}: ${said}`), first);
    assert.deepEqual(others, []);
  }
  const one = { code: 252, value: 'x' };
  assert.deepEqual(judge({ options: [one, { ...one, code: 224 }] }), []);
  assert.deepEqual(judge({ options: [one, one] }), [
    'ipv4/dhcp/options/1/code: 252 is there twice',
  ]);
});

test('times of a lease that do not follow one another are told with both', () => {
  const path = 'ipv4/dhcp';
  assert.deepEqual(judge({ leaseSeconds: 600, renewSeconds: 550 }), [
    `${path}/renewSeconds: is 550, and any server is asked after 525 already`,
  ]);
  assert.deepEqual(judge({ leaseSeconds: 600, rebindSeconds: 600 }), [
    `${path}/rebindSeconds: is 600, and the lease ends after 600`,
  ]);
  assert.deepEqual(judge({ leaseSeconds: 600, renewSeconds: 200, rebindSeconds: 300 }), []);
});

test('what vms boot is a file of a server, or a URL', () => {
  for (const boot of [
    { file: 'pxelinux.0', server: '10.31.0.5' },
    { file: 'http://10.31.0.5/a.ipxe?x=1&y=2' },
  ])
    assert.deepEqual(judge({ boot }), []);
  for (const [boot, said] of [
    [{ file: 'pxelinux.0' }, 'is the name of a file: name the server that has it, or a URL'],
    [{ file: 'http://a/b,c' }, 'is neither a file name nor an address of one'],
    [{ file: 'a b', server: '10.31.0.5' }, 'is neither a file name nor an address of one'],
  ] as const)
    assert.deepEqual(judge({ boot }), [`ipv4/dhcp/boot/file: ${said}`]);
});
