/**
 * Puts each program into one file, in the folder given: `node src/cli/system/program-bundle.ts FOLDER`. Run as a
 * process of its own, which forgets the bundler. What it saves in memory is in bench/README.md, why it is done
 * in docs/rfd/0015.
 *
 * A program and each thread or process that it starts of itself is an entry. What a module finds beside its source
 * (package.json, the console, a script for a guest) it still finds there; only those entries are found beside the
 * bundle. The folder lies three below the tree's own, wherever that is.
 */
import { hash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const parts: readonly string[] = [
  'src/coordinator/store/sqlite/writer.ts',
  'src/coordinator/store/sqlite/reader.ts',
  'src/lib/x509/process-main.ts',
  'src/disk/packing/pack-thread.ts',
  'src/agent/foreign/foreign-main.ts',
  'src/agent/network/linux/adapters/adapter-guard.ts',
  'src/agent/drivers/qemu/served/serve-disks.ts',
].map((file) => join(root, file));

const entries: Readonly<Record<string, string>> = {
  coordinator: join(root, 'src/coordinator/main.ts'),
  agent: join(root, 'src/agent/main.ts'),
  ...Object.fromEntries(parts.map((file) => [basename(file, '.ts'), file])),
};

/** Loaded when they are used, which is never: Fastify's checks of JSON, its requests without a network. */
const leftOutside = [
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
  'light-my-request',
];

const places: Plugin = {
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
};

/** Fastify asks for HTTP/2 at its start, for servers that we do not have. */
const withoutHttp2: Plugin = {
  name: 'without-http2',
  enforce: 'pre',
  resolveId: (id) => (id === 'node:http2' ? '\0http2' : undefined),
  load: (id) => (id === '\0http2' ? 'export {};' : undefined),
};

/**
 * An import reads every export of a built-in module, and so loads what stands behind those that load when they
 * are first read: `node:http` all of undici. Asked for by name it does not.
 */
function askByName(code: string): string {
  return code.replaceAll(
    /^import \{([^}]*)\} from "(node:[\w/]+)";$/gm,
    (_whole, names: string, module: string) =>
      `const {${names.replaceAll(' as ', ': ')}} = process.getBuiltinModule("${module}");`,
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

async function bundlePrograms(folder: string): Promise<void> {
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    plugins: [places, withoutHttp2, small],
    // A compiled library stays where npm has put it.
    ssr: { noExternal: true, external: ['@node-rs/argon2', ...leftOutside] },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: true,
      target: 'esnext',
      minify: false,
      rolldownOptions: {
        input: { ...entries },
        output: {
          entryFileNames: '[name].js',
          chunkFileNames: '[name]-[hash].js',
          comments: false,
        },
      },
    },
  });
}

/** What was built, as sha256sum(1) reads it: a program looks at its start whether it is still so (HOST-43). */
function listContents(folder: string): void {
  const lines = readdirSync(folder)
    .toSorted()
    .map((name) => `${hash('sha256', readFileSync(join(folder, name)))}  ${name}\n`);
  writeFileSync(join(folder, 'contents.sha256'), lines.join(''));
}

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: node src/cli/system/program-bundle.ts FOLDER\n');
  process.exitCode = 2;
} else {
  await bundlePrograms(resolve(folder));
  listContents(resolve(folder));
}
