/** The sums of folders, after any order of changes, are those of a look at all vms. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { giB } from '#lib';
import { mixUse, noUse, useOf, type QuotaUse } from '#api';
import type { Charge, OperationDocument, VmDocument } from '../documents.ts';
import type { Document, DocumentKind } from '../store/store.ts';
import { DocumentMaps } from './document-maps.ts';
import { QuotaUses } from './quota-use.ts';
import { operationData, time, vmData } from './testing/documents.ts';

const folders = ['f1', 'f2'] as const;
const vms = ['a', 'b', 'c'] as const;
const operations = ['o1', 'o2', 'o3'] as const;

function vmWith(name: string, folderId: string, processors: number): VmDocument {
  const data = vmData(name, { folderId });
  const { definition } = data;
  const processor = { ...definition.hardware.processor, count: processors };
  return {
    ...data,
    definition: { ...definition, hardware: { ...definition.hardware, processor } },
  };
}

const change = fc.oneof(
  fc.record({
    what: fc.constant('vm' as const),
    id: fc.constantFrom(...vms),
    folder: fc.option(fc.constantFrom(...folders)),
    processors: fc.integer({ min: 1, max: 8 }),
  }),
  fc.record({
    what: fc.constant('operation' as const),
    id: fc.constantFrom(...operations),
    vm: fc.constantFrom(...vms),
    folder: fc.constantFrom(...folders),
    processors: fc.integer({ min: 1, max: 8 }),
    state: fc.constantFrom(
      'pending',
      'running',
      'cancelling',
      'done',
      'failed',
      'cancelled',
      'gone',
    ),
  }),
);

test('sums of folders are those of a look at all vms, after whatever changes', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const maps = new DocumentMaps();
      const uses = new QuotaUses(maps);
      let version = 0;
      const put = <T>(kind: DocumentKind, id: string, data: T | undefined): T | undefined => {
        const before = maps.get<T>(kind, id)?.data;
        version += 1;
        if (data === undefined) maps.drop(kind, id);
        else {
          const times = { createdAt: time, updatedAt: time };
          maps.put({ kind, id, version, ...times, data } as unknown as Document);
        }
        return before;
      };
      const charges = new Map<string, Charge>();
      for (const one of changes) {
        if (one.what === 'vm') {
          const { folder, id, processors } = one;
          const after = folder === null ? undefined : vmWith(id, folder, processors);
          uses.changeVm(id, put('vm', id, after), after);
          continue;
        }
        const { id, vm, folder, processors, state } = one;
        const use = { vms: 1, processors, memoryBytes: giB, diskBytes: 0 };
        const charge = { vm, folderId: folder, use };
        const after =
          state === 'gone'
            ? undefined
            : ({ ...operationData({ state }), charge } satisfies OperationDocument);
        uses.changeOperation(id, put('operation', id, after), after);
        if (['pending', 'running', 'cancelling'].includes(state)) charges.set(id, charge);
        else charges.delete(id);
      }
      for (const folder of folders) {
        let sum: QuotaUse = noUse;
        for (const vm of vms) {
          const document = maps.get<VmDocument>('vm', vm)?.data;
          const own = [...charges.values()].filter((charge) => charge.vm === vm);
          const known = uses.counted(vm);
          if (known === undefined) {
            assert.ok(document === undefined && own.length === 0);
            continue;
          }
          const places =
            document === undefined ? own.map((one) => one.folderId) : [document.folderId];
          assert.ok(places.includes(known.folderId));
          if (known.folderId !== folder) continue;
          const all = own.map(({ use }) => use);
          if (document !== undefined) all.push(useOf(document.definition));
          const most = all.reduce((one, other) => mixUse(one, other, Math.max));
          sum = mixUse(sum, most, (one, other) => one + other);
        }
        assert.deepEqual(uses.of([folder]), sum);
      }
    }),
    { numRuns: 200 },
  );
});
