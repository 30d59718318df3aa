/** `gantry identify`: what a file is, whatever it is called. */
import { formatBytes } from '#lib';
import type { FileIdentity } from '#identify';
import { command } from '../command.ts';
import { writeThing } from '../output/render.ts';
import { plain } from '../output/writer.ts';

type Row = readonly [string, string];

export function identityRows(found: FileIdentity): readonly Row[] {
  const { path, title, format, version, sizeBytes, details, uses } = found;
  const rows: Row[] = [
    ['file', path],
    ['is', title],
    ['format', version === null ? format : `${format}, version ${version}`],
    ['size', formatBytes(sizeBytes)],
    ...details.map((text): Row => ['more', text]),
    ...uses.map(({ what, how }): Row => [what, how]),
    ...(uses.length === 0 ? [['use', 'nothing is done with it'] satisfies Row] : []),
  ];
  return rows.map(([label, value]) => [label, plain(value)]);
}

export const identifyCommands = [
  command({
    name: 'disk identify',
    summary:
      'what a file of any kind is, by its content: format, version, what can be done with it',
    args: [{ name: 'files', meaning: 'files of this machine', rest: true, completes: 'file' }],
    examples: ['gantry disk identify download.bin', 'gantry disk identify *.img -o json'],
    async run(run) {
      const { identifyFile } = await import('#identify');
      const found: FileIdentity[] = [];
      for (const path of run.args) {
        run.signal.throwIfAborted();
        found.push(await identifyFile(path));
      }
      const rows = found.flatMap((one, index) => [
        ...(index === 0 ? [] : [['', ''] as const]),
        ...identityRows(one),
      ]);
      writeThing(run.out, run.format, found.length === 1 ? found[0] : found, rows);
    },
  }),
];
