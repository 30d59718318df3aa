/** What a host in memory answers the same whatever happened to it before. */
import { Fault } from '#lib';
import type { LinkMethod, LinkParams, LinkResult } from '#api';
import { facts, freeDrive } from './fake-agent.ts';
import { foreignMachine } from './foreign-machine.ts';

const emptyUpload = {
  file: '/vms/a.raw',
  sizeBytes: 0,
  packing: 'none',
  receivedBytes: 0,
  contentBytes: 0,
  state: 'open',
  begunAt: '2026-01-01T00:00:00.000Z',
  idleAt: '2026-01-02T00:00:00.000Z',
} as const;

export const memoryAnswers = {
  'host.configure': () => ({}),
  'host.watch': () => ({}),
  'viewers.listen': () => ({ failed: [] }),
  'host.account': () => ({ ok: true, reasons: [], warnings: [] }),
  'host.diagnose': () => ({ findings: [] }),
  'host.probe': () => ({ facts }),
  'host.devices': () => ({ devices: [], complete: true }),
  'host.disks': () => ({ disks: [], complete: true }),
  'host.import-sources': () => ({ sources: [], complete: true }),
  'host.media': () => ({ files: [], drives: [], complete: true, inserted: [] }),
  'host.disk': ({ file }) => {
    throw new Fault('not-found', `there is no disk ${file}`);
  },
  'host.identify': ({ file }) => {
    throw new Fault('not-found', `there is no file ${file}`);
  },
  'host.disk.files': () => ({ fileSystems: [], readOnly: null, folder: null }),
  'host.disk.file.send': () => ({ kind: 'file', sizeBytes: 0 }),
  'host.disk.file.take': () => ({}),
  'host.file.look': ({ source }) => {
    throw new Fault('not-found', `there is no file ${JSON.stringify(source)}`);
  },
  'host.file.send': () => ({}),
  'host.upload.begin': ({ id, file, sizeBytes, packing }) => ({
    upload: { ...emptyUpload, id, file, sizeBytes, packing },
  }),
  'host.upload.list': () => ({ uploads: [] }),
  'host.upload.take': ({ id, offset, sizeBytes }) => ({
    upload: { ...emptyUpload, id, receivedBytes: offset + sizeBytes },
  }),
  'host.upload.stop': () => ({}),
  'host.disk.plan': () => ({ files: [] }),
  'host.disk.work': () => ({ answer: {} }),
  'host.disk.stop': () => ({}),
  'host.drive': ({ device: path }) => ({ ...freeDrive, path }),
  'host.extension': () => ({ output: '' }),
  'machine.extension': () => ({ output: '' }),
  'host.ask': () => ({ ret: '' }),
  'machine.ask': () => ({ ret: '' }),
  'machine.pace': () => ({}),
  'machine.memory': () => ({ bytes: '' }),
  'machine.plan': () => ({ ok: true, reasons: [], warnings: [] }),
  'machine.read-foreign': ({ file }) => ({ machine: foreignMachine(file) }),
  'machine.check': () => ({ ok: true, reasons: [], warnings: [] }),
  'machine.disk.inspect': () => ({
    sizeBytes: 1024,
    fileBytes: 1024,
    backing: null,
    system: false,
  }),
  'network.ports': () => ({ ports: [] }),
  'network.release': () => ({}),
  'host.adapters': () => ({ adapters: [] }),
  'host.adapter.set': () => ({ trial: null }),
  'host.adapter.confirm': () => ({}),
  'machine.hardware': () => ({ running: false, accelerator: 'tcg', devices: [] }),
  'machine.screenshot': () => ({ png: '' }),
  'machine.type': () => ({}),
  'machine.keys': () => ({}),
  'machine.clock': () => ({ timeMs: 0 }),
  'machine.freeze': () => ({ state: 'thawed', fileSystems: null, untilMs: null }),
  'machine.password': () => ({}),
  'machine.trim': () => ({ fileSystems: [] }),
  'stream.open': () => ({}),
  'image.inspect': ({ file, format, imageKind }) => ({
    path: file,
    format: format ?? 'raw',
    imageKind: imageKind ?? 'disk',
    sizeBytes: 1,
    fileBytes: 1,
    sha256: null,
  }),
} satisfies { readonly [M in LinkMethod]?: (params: LinkParams<M>) => LinkResult<M> };
