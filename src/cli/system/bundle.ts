/**
 * Puts programs into one file each. What a module finds beside its source (package.json, the console, a script for a guest)
 * it still finds there; only the entries, threads and processes that a program starts of itself among them, are found
 * beside the bundle. Its folder lies three below the tree's own, wherever that is.
 */
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Loaded when they are used, which is never: Fastify's checks of JSON, its requests without a network. */
const leftOutside = [
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
  'light-my-request',
];

const placesOf = (parts: readonly string[]): Plugin => ({
  name: 'places',
  enforce: 'pre',
  transform: (code, id) => {
    if (!id.startsWith(root)) return undefined;
    const source = `../../../${relative(root, id)}`;
    return code
      .replaceAll(/new URL\('([^']+\.ts)', import\.meta\.url\)/g, (whole, path: string) => {
        const file = join(dirname(id), path);
        return parts.includes(file)
          ? `new URL('${basename(file, '.ts')}.js', importMeta.url)`
          : whole;
      })
      .replaceAll('import.meta.url', `new URL('${source}', importMeta.url).href`)
      .replaceAll(
        'import.meta.dirname',
        `process.getBuiltinModule('node:path').join(importMeta.dirname, '${dirname(source)}')`,
      )
      .replaceAll('importMeta', 'import.meta');
  },
});

/** Fastify asks for HTTP/2 at its start, for servers that we do not have. */
const withoutHttp2: Plugin = {
  name: 'without-http2',
  enforce: 'pre',
  resolveId: (id) => (id === 'node:http2' ? '\0http2' : undefined),
  load: (id) => (id === '\0http2' ? 'export {};' : undefined),
};

/**
 * Modules that take milliseconds to load, of which a command may need nothing, and those of their functions that can be
 * asked for when they are called: nobody constructs them, and nothing is attached to them that a caller reads.
 */
const askedLate: Readonly<Record<string, readonly string[]>> = {
  'node:crypto': ['createHash', 'createHmac', 'randomBytes', 'randomUUID', 'timingSafeEqual'],
  'node:fs/promises': [
    'access',
    'chmod',
    'chown',
    'copyFile',
    'cp',
    'link',
    'lstat',
    'mkdir',
    'mkdtemp',
    'open',
    'opendir',
    'readdir',
    'readFile',
    'readlink',
    'realpath',
    'rename',
    'rm',
    'rmdir',
    'stat',
    'statfs',
    'symlink',
    'truncate',
    'unlink',
    'utimes',
    'writeFile',
  ],
  'node:zlib': [
    'crc32',
    'deflateSync',
    'inflateSync',
    'deflateRawSync',
    'inflateRawSync',
    'zstdCompressSync',
    'zstdDecompressSync',
  ],
};

/**
 * An import reads every export of a built-in module, and so loads what stands behind those that load when they
 * are first read: `node:http` all of undici. Asked for by name it does not.
 */
function askByName(code: string): string {
  return code.replaceAll(
    /^import \{([^}]*)\} from "(node:[\w/]+)";$/gm,
    (_whole, names: string, module: string) => {
      const wanted = names.split(',').map((name) => {
        const [theirs = '', ours = theirs] = name.trim().split(' as ');
        return { theirs, ours };
      });
      const asked = `process.getBuiltinModule("${module}")`;
      if (wanted.every(({ theirs }) => askedLate[module]?.includes(theirs)))
        return wanted
          .map(({ theirs, ours }) => `const ${ours} = (...given) => ${asked}.${theirs}(...given);`)
          .join('\n');
      return `const {${names.replaceAll(' as ', ': ')}} = ${asked};`;
    },
  );
}

/**
 * Node.js decodes a source that is not plain ASCII to two bytes a letter, and keeps it so. Without comments other
 * letters are found in literals and names alone, where they may be escaped.
 */
function escapeLetters(code: string): string {
  return code.replaceAll(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const small: Plugin = {
  name: 'small',
  generateBundle: (_options, bundle) => {
    for (const chunk of Object.values(bundle))
      if (chunk.type === 'chunk') chunk.code = escapeLetters(askByName(chunk.code));
  },
};

/**
 * The programs by their names, and what they start of themselves, by their paths in the tree. What is `apart` shares no file with
 * the programs: what two entries have in common would be a file of its own, and each takes time to load.
 */
export async function bundle(
  folder: string,
  programs: Readonly<Record<string, string>>,
  started: readonly string[],
  apart: readonly string[] = [],
): Promise<void> {
  const named = (file: string): readonly [string, string] => [basename(file, '.ts'), file];
  const parts = [...started, ...apart].map((file) => join(root, file));
  const together = [...Object.entries(programs), ...started.map(named)];
  await buildEntries(folder, together, parts, 'emptied');
  for (const file of apart) await buildEntries(folder, [named(file)], parts, 'as it is');
}

async function buildEntries(
  folder: string,
  entries: readonly (readonly [string, string])[],
  parts: readonly string[],
  before: 'emptied' | 'as it is',
): Promise<void> {
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    plugins: [placesOf(parts), withoutHttp2, small],
    // A compiled library stays where npm has put it.
    ssr: { noExternal: true, external: ['@node-rs/argon2', ...leftOutside] },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: before === 'emptied',
      target: 'esnext',
      minify: false,
      rolldownOptions: {
        input: Object.fromEntries(entries.map(([name, file]) => [name, join(root, file)])),
        output: {
          entryFileNames: '[name].js',
          chunkFileNames: '[name]-[hash].js',
          comments: false,
          // each file that a program begins with takes time to load; those of several programs have parts in common
          ...(entries.length === 1
            ? { codeSplitting: { groups: [{ name: 'begin', tags: ['$initial'] }] } }
            : {}),
        },
      },
    },
  });
}

/** The folder that a builder is given; says how it is used where there is none. */
export function givenFolder(script: string): string | undefined {
  const [folder] = process.argv.slice(2);
  if (folder !== undefined) return folder;
  process.stderr.write(`usage: node src/cli/system/${script} FOLDER\n`);
  process.exitCode = 2;
  return undefined;
}
