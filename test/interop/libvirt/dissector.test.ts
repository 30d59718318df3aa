/**
 * Every kind of frame that we write, read by the dissector that libvirt's authors generate from their
 * own description of the protocol: same procedure, same members, same values, in the same order.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { unreachable } from '#lib';
import { libvirtFault, messageNames, messages, procedureNames, procedures } from '#libvirt';
import { keepaliveFrame, ping, pong } from '../../../src/libvirt/link/keepalive.ts';
import {
  abortFrame,
  dataFrame,
  endFrame,
  failFrame,
  finishFrame,
  holeFrame,
} from '../../../src/libvirt/link/stream-frame.ts';
import { messageRouteOf, routeOf } from '../../../src/libvirt/procedures/table.ts';
import { sampleOf, type SampleOptions } from '../../../src/libvirt/testing/sample.ts';
import type { Codec } from '../../../src/libvirt/wire/codec.ts';
import {
  encodeFrame,
  frameTypes,
  programs,
  type ProgramName,
} from '../../../src/libvirt/wire/frame.ts';
import { remoteFromFault } from '../../../src/libvirt/wire/remote-error.ts';
import {
  struct,
  type Fields,
  type Shape,
  type TypedParam,
} from '../../../src/libvirt/wire/shape.ts';
import { dissectArguments, makeCapture } from './pcap.ts';
import { run, wantsPackage, whyNot } from './tools.ts';

const noTshark = await whyNot('tshark');
const noDissector =
  noTshark === false &&
  !(await run('tshark', ['-G', 'protocols'])).out.includes('libvirt') &&
  wantsPackage('libvirt-wireshark');
const skip = noTshark || noDissector;

interface Expected {
  readonly frame: Buffer;
  readonly title: string;
  readonly lines: readonly string[];
}

/** What says nothing of ours; deeper lines of the same names belong to payloads. */
const headerLine = /^ {4}(length|version|serial):/;

/** Four members of each frame's header, then the leaves of the payload, one line each. */
async function dissect(frames: readonly Buffer[]): Promise<readonly (readonly string[])[]> {
  const folder = await mkdtemp(join(tmpdir(), 'lv-'));
  try {
    const path = join(folder, 'c.pcap');
    await writeFile(path, makeCapture(frames));
    const { out } = await run('tshark', ['-r', path, ...dissectArguments]);
    return out
      .split(/^Libvirt\n/m)
      .slice(1)
      .map((block) =>
        block
          .split('\n')
          .filter((line) => /^ +\w+: ?(?!:)/.test(line) && !headerLine.test(line))
          .map((line) => line.trim()),
      );
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The leaves of a value as the dissector prints them. */
function* leaves(name: string, shape: Shape, value: unknown): Generator<string> {
  switch (shape.kind) {
    case 'optional':
      if (value !== null) yield* leaves(name, shape.of, value);
      else yield shape.of.kind === 'string' ? `${name}: : (null)` : `${name}: (null)`;
      break;
    case 'list':
      for (const one of value as readonly unknown[]) yield* leaves(name, shape.of, one);
      break;
    case 'struct':
      for (const [member, field] of Object.entries(shape.fields)) {
        yield* leaves(member, field, (value as Readonly<Record<string, unknown>>)[member]);
      }
      break;
    case 'typed-param':
      yield* paramLeaves(value as TypedParam);
      break;
    case 'uuid':
      yield `${name}: ${String(value).replaceAll('-', '')}`;
      break;
    case 'bytes': {
      const bytes = value as Buffer;
      const wire = Buffer.alloc(4 + Math.ceil(bytes.length / 4) * 4);
      wire.writeUInt32BE(bytes.length);
      bytes.copy(wire, 4);
      yield `${name}: ${wire.toString('hex')}`;
      break;
    }
    case 'chars':
      for (const byte of value as Buffer) yield `${name}: ${byte}`;
      break;
    case 'text': {
      const codes = [...Buffer.from(`${String(value)}\0`)];
      while (shape.form === 'fixed' && codes.length < shape.maxLength) codes.push(0);
      for (const code of codes) yield `${name}: ${code}`;
      break;
    }
    case 'int':
      // The dissector takes every member called "type" for unsigned.
      yield `${name}: ${name === 'type' ? Number(value) >>> 0 : Number(value)}`;
      break;
    case 'uint':
    case 'u8':
    case 'u16':
    case 'hyper':
    case 'uhyper':
    case 'double':
    case 'string':
      yield `${name}: ${String(value)}`;
      break;
    default:
      unreachable(shape);
  }
}

const paramNames = {
  int: 'i',
  uint: 'ui',
  hyper: 'l',
  uhyper: 'ul',
  double: 'd',
  bool: 'b',
  string: 's',
};

function* paramLeaves(param: TypedParam): Generator<string> {
  yield `field: ${param.field}`;
  yield `${paramNames[param.type]}: ${param.type === 'bool' ? Number(param.value) : param.value}`;
}

/** The dissector takes every member called "type" for a number, also where it is a string. */
function hasTextualType(shape: Shape): boolean {
  if (shape.kind === 'list' || shape.kind === 'optional') return hasTextualType(shape.of);
  if (shape.kind !== 'struct') return false;
  return Object.entries(shape.fields).some(([name, field]) => {
    const inner = field.kind === 'optional' ? field.of : field;
    return (name === 'type' && inner.kind === 'string') || hasTextualType(field);
  });
}

/** Of the kinds of authentication the dissector knows three numbers, and shows no others. */
function isEnumeration(kind: Kind): boolean {
  return kind.name === 'AUTH_LIST' && kind.type === frameTypes.reply;
}

interface Kind {
  readonly name: string;
  readonly program: ProgramName;
  readonly number: number;
  readonly type: number;
  readonly fields: Fields;
  readonly codec: Codec<unknown>;
}

const programTitles = { remote: 'REMOTE', qemu: 'QEMU', lxc: 'LXC', keepalive: 'KEEPALIVE' };
const typeTitles = ['CALL', 'REPLY', 'MESSAGE', 'STREAM', '', '', 'STREAM_HOLE'];

function expected(kind: Kind, options: SampleOptions): Expected {
  const { program, number, type } = kind;
  const shape = struct(kind.fields);
  const value = sampleOf(shape, options);
  const header = {
    program: programs[program],
    version: 1,
    procedure: number,
    serial: 1,
    status: 0,
  };
  const bare = kind.name.replace(/^(QEMU|LXC)_/, '');
  const wire = programs[program]
    .toString(16)
    .padStart(8, '0')
    .replace(/^0+(?=.{5})/, '');
  return {
    frame: encodeFrame({ ...header, type }, kind.codec, value),
    title: `${kind.name} ${typeTitles[type]}`,
    lines: [
      `program: ${programTitles[program]} (0x${wire.padStart(8, '0')})`,
      `procedure: ${bare} (${number})`,
      `type: ${typeTitles[type]} (${type})`,
      'status: OK (0)',
      ...leaves('', shape, value),
    ],
  };
}

const kinds: readonly Kind[] = [
  ...procedureNames.flatMap((name): Kind[] => {
    const { program, number, args, ret } = procedures[name];
    const route = routeOf(name);
    return [
      { name, program, number, type: 0, fields: args, codec: route.args },
      { name, program, number, type: 1, fields: ret, codec: route.ret },
    ];
  }),
  ...messageNames.map((name): Kind => {
    const { program, number, fields } = messages[name];
    return { name, program, number, type: 2, fields, codec: messageRouteOf(name).fields };
  }),
];

void test('the dissector reads all calls, replies and messages as written', { skip }, async () => {
  const readable = kinds.filter(
    (kind) => !hasTextualType(struct(kind.fields)) && !isEnumeration(kind),
  );
  assert.equal(kinds.length - readable.length, 8, 'frames that the dissector cannot read');
  const wanted: Expected[] = [];
  for (const optional of ['there', 'absent'] as const) {
    for (const listLength of [0, 2]) {
      wanted.push(...readable.map((kind) => expected(kind, { optional, listLength })));
    }
  }
  const seen = await dissect(wanted.map(({ frame }) => frame));
  assert.equal(seen.length, wanted.length);
  for (const [index, { title, lines }] of wanted.entries()) {
    assert.deepEqual(seen[index], lines, title);
  }
});

interface Case {
  readonly frame: Buffer;
  readonly lines: readonly string[];
}

const id = { program: programs.remote, procedure: 211, serial: 4 };

function streamCase(frame: Buffer, type: string, status: string, ...leaves: string[]): Case {
  const head = ['program: REMOTE (0x20008086)', 'procedure: DOMAIN_SCREENSHOT (211)'];
  return { frame, lines: [...head, `type: ${type}`, `status: ${status}`, ...leaves] };
}

function keepaliveCase(procedure: typeof ping | typeof pong, title: string): Case {
  const lines = ['program: KEEPALIVE (0x6b656570)', `procedure: ${title} (${procedure})`];
  return {
    frame: keepaliveFrame(procedure),
    lines: [...lines, 'type: MESSAGE (2)', 'status: OK (0)'],
  };
}

void test('the dissector reads streams, errors and keepalive as written', { skip }, async () => {
  // It counts the header twice in data frames: of shorter ones it shows nothing.
  const data = dataFrame(id, Buffer.alloc(128, 0xa7));
  const error = remoteFromFault(libvirtFault('NO_DOMAIN', 'not here'), 'DOMAIN_SCREENSHOT');
  const errorText =
    'code: 42|domain: 13|message: not here|level: 2|dom: (null)|str1: not here|' +
    'str2: : (null)|str3: : (null)|int1: -1|int2: -1|net: (null)';
  const hole = ['length: 1099511627776', 'flags: 0'];
  const cases: readonly Case[] = [
    streamCase(endFrame(id), 'STREAM (3)', 'CONTINUE (2)'),
    streamCase(finishFrame(id), 'STREAM (3)', 'OK (0)'),
    streamCase(abortFrame(id), 'STREAM (3)', 'ERROR (1)'),
    streamCase(holeFrame(id, 2n ** 40n), 'STREAM_HOLE (6)', 'CONTINUE (2)', ...hole),
    streamCase(failFrame(id, error), 'STREAM (3)', 'ERROR (1)', ...errorText.split('|')),
    keepaliveCase(ping, 'PING'),
    keepaliveCase(pong, 'PONG'),
  ];
  const seen = await dissect([data, ...cases.map(({ frame }) => frame)]);
  assert.match(seen[0]?.[4] ?? '', /^stream: (a7){36}/);
  for (const [index, { lines }] of cases.entries()) assert.deepEqual(seen[index + 1], lines);
});
