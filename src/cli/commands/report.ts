/** Reports: lists of all vms under one question, for people and, as csv or json, for programs. */
import type { Vm } from '#api';
import { command, type Command } from '../command.ts';
import { collect, listOptions, listQuery } from '../lists.ts';
import type { Column } from '../output/table.ts';
import { writeList } from '../output/render.ts';

/** GA-20: what is installed in each guest, beside what its host ships. */
const additionsColumns: readonly Column<Vm>[] = [
  { title: 'NAME', value: (vm) => vm.name },
  { title: 'HOST', value: (vm) => vm.host },
  { title: 'STATE', value: (vm) => vm.state },
  { title: 'ADDITIONS', value: (vm) => vm.status.additions.state },
  { title: 'VERSION', value: (vm) => vm.status.additions.version ?? '-' },
  { title: 'SHIPPED', value: (vm) => vm.status.additionsShipped ?? '-' },
  { title: 'AGENT', value: (vm) => vm.status.additions.agentVersion ?? '-' },
  { title: 'GUEST', value: (vm) => vm.status.guest?.osName ?? '-', wide: true },
  { title: 'ID', value: (vm) => vm.id, wide: true },
];

export const reportCommands: readonly Command[] = [
  command({
    name: 'report additions',
    summary: 'the guest additions of every vm, and the version that its host ships',
    options: listOptions,
    examples: [
      'gantry report additions',
      'gantry report additions --filter "status.additions.state = outdated" -o csv',
    ],
    async run(run) {
      const vms = await collect(run, 'vm.list', listQuery(run.options));
      writeList(run.out, run.format, additionsColumns, vms, 'no vms');
    },
  }),
];
