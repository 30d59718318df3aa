/** The rules of the tree as tests of the tree (STYLE.md). A new edge or package is a one-line change below, seen by a reviewer. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Who may import whom: a room and the doors it may use. The four programs never import each other. */
const doors: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  api: ['#lib'],
  disk: ['#lib'],
  foreign: ['#lib'],
  identify: ['#lib', '#disk', '#foreign'],
  qemu: ['#lib'],
  libvirt: ['#lib'],
  nbd: ['#lib'],
  images: ['#lib'],
  agent: [
    '#lib',
    '#log',
    '#x509',
    '#rfb',
    '#api',
    '#disk',
    '#foreign',
    '#identify',
    '#qemu',
    '#libvirt',
    '#nbd',
    '#images',
  ],
  coordinator: ['#lib', '#log', '#x509', '#rfb', '#api', '#foreign', '#libvirt'],
  cli: ['#lib', '#x509', '#api', '#disk', '#identify', '#nbd', '#images', '#qemu'],
  console: ['#lib', '#api'],
};

/** npm packages, the rooms that may use them, and why we have them. */
const packages: Readonly<
  Record<string, { readonly rooms: readonly string[]; readonly why: string }>
> = {
  '@node-rs/argon2': { rooms: ['coordinator'], why: 'Argon2id off the event loop; Node has none' },
  '@peculiar/x509': {
    rooms: ['lib'],
    why: 'makes certificates and requests, and reads requests; Node only reads certificates',
  },
  fastify: { rooms: ['coordinator'], why: 'HTTP server with bounded bodies and hooks' },
  pino: { rooms: ['lib'], why: 'structured log, the cheapest there is' },
  'reflect-metadata': { rooms: ['lib'], why: '@peculiar/x509 does not load without it' },
  ws: {
    rooms: ['coordinator', 'agent', 'cli'],
    why: 'WebSocket server, and a client that takes certificates',
  },
  yaml: { rooms: ['cli', 'agent'], why: 'YAML with source positions and bounded aliases' },
  zod: {
    rooms: ['api', 'coordinator', 'agent', 'cli', 'console'],
    why: 'one schema for types, validation and OpenAPI',
  },
  'fast-check': { rooms: ['tests'], why: 'property tests' },
  react: { rooms: ['console'], why: 'the pages of the console' },
  'react-dom': { rooms: ['console'], why: 'puts them into the browser' },
  '@patternfly/react-core': {
    rooms: ['console'],
    why: 'accessible parts of an administration console, dark and light',
  },
  '@patternfly/react-table': { rooms: ['console'], why: 'its tables, cards on narrow windows' },
  '@patternfly/react-icons': { rooms: ['console'], why: 'its icons' },
  '@tanstack/react-query': { rooms: ['console'], why: 'keeps what was read, for live changes' },
  '@tanstack/react-router': { rooms: ['console'], why: 'addresses with typed searches' },
  '@novnc/novnc': { rooms: ['console'], why: 'draws the screen (RFB)' },
  '@xterm/xterm': { rooms: ['console'], why: 'the terminal of the serial console' },
  '@xterm/addon-fit': { rooms: ['console'], why: 'fits the terminal to the page' },
  vite: { rooms: ['console', 'cli'], why: 'bundles the console and the programs that up starts' },
  '@vitejs/plugin-react': { rooms: ['console'], why: 'JSX for vite' },
  'axe-core': { rooms: ['tests'], why: 'finds what keeps people out (WCAG)' },
  'playwright-core': { rooms: ['tests'], why: "drives the distribution's Chromium" },
};

const tools = [
  '@types/node',
  '@types/react',
  '@types/react-dom',
  '@types/ws',
  'oxlint',
  'oxlint-tsgolint',
  'prettier',
  'typescript',
];

interface Source {
  readonly file: string;
  readonly room: string;
  readonly text: string;
  readonly test: boolean;
}

const sources: readonly Source[] = globSync('{src,test,bench,tools,images}/**/*.{ts,tsx}', {
  cwd: root,
}).map((file) => {
  const parts = file.split('/');
  return {
    file,
    room: parts[0] === 'src' ? (parts[1] ?? '') : (parts[0] ?? ''),
    text: readFileSync(join(root, file), 'utf8'),
    test:
      /\.(test|nightly)\.tsx?$/.test(file) ||
      /(^|\/)(testing|conformance)[./]/.test(file) ||
      !(file.startsWith('src/') || file.startsWith('images/')),
  };
});

function importsOf({ text }: Source): readonly string[] {
  const pattern =
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*'([^']+)'|^\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

const builtin = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

test('rooms import only the doors they may', () => {
  const wrong: string[] = [];
  for (const source of sources) {
    const allowed = doors[source.room];
    if (allowed === undefined) continue;
    for (const name of importsOf(source)) {
      const inTests =
        source.test &&
        (name === '#lib' || name === '#log' || name === '#api' || name === '#images');
      if (name.startsWith('#') && !allowed.includes(name) && !inTests)
        wrong.push(`${source.file} imports ${name}`);
      if (!name.startsWith('.')) continue;
      const target = relative(root, resolve(root, dirname(source.file), name));
      const home = source.file.startsWith('src/') ? `src/${source.room}/` : `${source.room}/`;
      if (!target.startsWith(home) && !source.test)
        wrong.push(`${source.file} reaches into ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('the commands in one file are made anew when a room changes that they may use, as the script and the builder have it', () => {
  const rooms = new Set<string>();
  const add = (room: string): void => {
    if (rooms.has(room)) return;
    rooms.add(room);
    for (const door of doors[room] ?? []) {
      const name = door.slice(1);
      if (name in doors) add(name);
    }
  };
  add('cli');
  const folders = [...rooms].filter((room) => room !== 'images').toSorted();
  const script = readFileSync(join(root, 'gantry'), 'utf8');
  assert.equal(/for room in ([\w ]+);/.exec(script)?.[1], folders.join(' '));
  assert.match(script, /find "\$@" "\$here\/images" /);
  const builder = readFileSync(join(root, 'src/cli/system/command-build.ts'), 'utf8');
  assert.equal(/'src\/\{([\w,]+)\}\/\*\*\/\*\.ts'/.exec(builder)?.[1], folders.join(','));
  assert.match(builder, /'images\/\*\*\/\*\.ts'/);
});

test('rooms use only the npm packages of the table, and the table holds no package that is not used', () => {
  const wrong: string[] = [];
  const used = new Set<string>();
  for (const source of sources) {
    for (const name of importsOf(source)) {
      if (name.startsWith('.') || name.startsWith('#') || builtin.has(name)) continue;
      const bare = name.startsWith('@')
        ? name.split('/').slice(0, 2).join('/')
        : (name.split('/')[0] ?? '');
      used.add(bare);
      const entry = packages[bare];
      if (entry === undefined) wrong.push(`${source.file} uses ${bare}, which is not in the table`);
      else if (!entry.rooms.includes(source.room) && !source.test)
        wrong.push(`${source.file} may not use ${bare}`);
    }
  }
  for (const name of Object.keys(packages))
    if (!used.has(name)) wrong.push(`${name} is in the table and nobody uses it`);
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const declared = [
    ...Object.keys(manifest['dependencies'] ?? {}),
    ...Object.keys(manifest['devDependencies'] ?? {}),
  ].sort();
  assert.deepEqual(declared, [...Object.keys(packages), ...tools].sort());
  assert.deepEqual(wrong, []);
});

test('built-in modules are named with node:', () => {
  const wrong = sources.flatMap((source) =>
    importsOf(source)
      .filter((name) => builtin.has(name) && !name.startsWith('node:'))
      .map((name) => `${source.file}: ${name}`),
  );
  assert.deepEqual(wrong, []);
});

test('only the store speaks SQL', () => {
  const wrong = sources.filter(
    (source) =>
      !source.test &&
      !source.file.startsWith('src/coordinator/store/') &&
      importsOf(source).includes('node:sqlite'),
  );
  assert.deepEqual(
    wrong.map((source) => source.file),
    [],
  );
});

test('the coordinator starts no process but its own for hypervisors of others, and disk opens no socket', () => {
  const starts = sources.filter(
    (source) =>
      source.room === 'coordinator' &&
      !source.test &&
      source.file !== 'src/coordinator/foreign/process.ts' &&
      importsOf(source).includes('node:child_process'),
  );
  const opens = sources.filter(
    (source) =>
      source.room === 'disk' &&
      !source.test &&
      importsOf(source).some((name) => /^node:(net|tls|http|https|http2|dgram)$/.test(name)),
  );
  assert.deepEqual(
    [...starts, ...opens].map((source) => source.file),
    [],
  );
});

test('files are named in kebab-case and say at their head what they are', () => {
  const wrong: string[] = [];
  for (const { file, text } of sources) {
    if (
      !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|nightly|gen|d))?\.ts$/.test(file.split('/').at(-1) ?? '') &&
      !file.endsWith('.tsx')
    )
      wrong.push(`${file}: name`);
    if (
      !text.startsWith('/*') &&
      !text.startsWith('#!') &&
      !file.includes('.test.') &&
      !file.includes('.nightly.')
    )
      wrong.push(`${file}: no head comment`);
  }
  assert.deepEqual(wrong, []);
});

test('a file past 500 lines says why at its head', () => {
  const wrong = sources.filter(
    ({ text, file }) =>
      text.split('\n').length > 500 &&
      !file.includes('.gen.') &&
      !/one file because|long because/i.test(text.slice(0, 3000)),
  );
  assert.deepEqual(
    wrong.map((source) => source.file),
    [],
  );
});

test('nothing is left for later, and no test is skipped without a reason', () => {
  const left = /\b(TODO|FIXME|XXX|HACK)\b/;
  const wrong: string[] = [];
  for (const { file, text } of sources) {
    if (file === 'test/tidy.test.ts') continue;
    for (const [index, line] of text.split('\n').entries()) {
      if (left.test(line)) wrong.push(`${file}:${index + 1}: ${line.trim()}`);
      if (
        /\b(test|it|describe)\.(only|todo)\b|\bskip: true\b|\b(test|it|describe|context)\.skip\(\)/.test(
          line,
        )
      )
        wrong.push(`${file}:${index + 1}: ${line.trim()}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('no test waits in a page by what the policy of the console refuses', () => {
  const waiting = sources.filter(
    ({ file, text }) => file.startsWith('test/e2e/') && /\.waitForFunction\(/.test(text),
  );
  assert.deepEqual(
    waiting.map(({ file }) => file),
    [],
    'untilTrue of test/e2e/browser.ts instead: page.waitForFunction fails unless true at once',
  );
});

test('no room is called common, utils, types, services or core', () => {
  const banned = new Set([
    'common',
    'utils',
    'util',
    'types',
    'services',
    'core',
    'helpers',
    'misc',
  ]);
  const wrong = sources.filter(({ file }) =>
    file.split('/').some((part) => banned.has(part.replace(/\.ts$/, ''))),
  );
  assert.deepEqual(
    wrong.map((source) => source.file),
    [],
  );
});
