/**
 * Builds the console into the folder given: `node src/console/build.ts FOLDER`. What the first page needs
 * is one chunk, screen and terminal are chunks of their own; names carry a hash of the content, so that
 * they may be kept for ever. Text files get compressed twins (`.br`, `.gz`), made once here and not per request.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { build } from 'vite';
import { leanRoutes } from './lean/routes.ts';
import { wornThemes } from './lean/themes.ts';

const home = fileURLToPath(new URL('.', import.meta.url));
const ownMergeProps = fileURLToPath(new URL('./lean/merge-props.ts', import.meta.url));
const compressible = /\.(html|js|css|svg|json)$/;

async function buildConsole(folder: string): Promise<void> {
  await build({
    root: home,
    configFile: false,
    base: '/',
    publicDir: false,
    logLevel: 'warn',
    plugins: [react(), leanRoutes],
    css: { postcss: { plugins: [wornThemes] } },
    resolve: { alias: [{ find: /^\.\/base\/merge-props$/, replacement: ownMergeProps }] },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'esnext',
      // The policy of the page allows no data: scripts or fonts.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 2000,
      rollupOptions: {
        // A schema that no page asks for is left out: reading its module does nothing else.
        treeshake: { moduleSideEffects: (id) => !/\/src\/(api|lib)\//.test(id) },
        output: { codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] } },
      },
    },
  });
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !compressible.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    writeFileSync(`${file}.br`, brotliCompressSync(bytes));
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  }
}

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: node src/console/build.ts FOLDER\n');
  process.exitCode = 2;
} else await buildConsole(resolve(folder));
