/** Routes of recordings of a vm's screen and serial ports. */
import { z } from 'zod';
import { referenceSchema } from '../ids.ts';
import { recordingSchema, recordingStartSchema } from '../vm/recording.ts';
import { route, type Route } from './route.ts';

const vmParams = z.strictObject({ vm: referenceSchema });
const recordingParams = z.strictObject({
  vm: referenceSchema,
  recording: z.string().min(1).max(64),
});

export const recordingsRoutes = {
  'vm.recording.list': route({
    method: 'GET',
    path: '/vms/{vm}/recordings',
    summary: 'The recordings of the screen and the serial ports of a vm',
    group: 'consoles',
    right: 'vm.view',
    on: 'vm',
    params: vmParams,
    answer: 'now',
    response: z.strictObject({ items: z.array(recordingSchema) }).meta({ id: 'Recordings' }),
  }),
  'vm.recording.start': route({
    method: 'POST',
    path: '/vms/{vm}/recordings',
    summary: 'Record the screen or a serial port; everybody at it is told',
    group: 'consoles',
    right: 'vm.supervise',
    on: 'vm',
    params: vmParams,
    body: recordingStartSchema,
    answer: 'now',
    response: recordingSchema,
  }),
  'vm.recording.stop': route({
    method: 'POST',
    path: '/vms/{vm}/recordings/{recording}/stop',
    summary: 'Stop a recording',
    group: 'consoles',
    right: 'vm.supervise',
    on: 'vm',
    params: recordingParams,
    answer: 'now',
    response: recordingSchema,
  }),
  'vm.recording.file': route({
    method: 'GET',
    path: '/vms/{vm}/recordings/{recording}/file',
    summary: 'A recording: asciicast v2 of a serial port, FBS 001.000 of the screen',
    group: 'consoles',
    right: 'vm.supervise',
    on: 'vm',
    params: recordingParams,
    answer: 'bytes',
    streamed: true,
  }),
  'vm.recording.delete': route({
    method: 'DELETE',
    path: '/vms/{vm}/recordings/{recording}',
    summary: 'Delete a recording',
    group: 'consoles',
    right: 'vm.supervise',
    on: 'vm',
    params: recordingParams,
    answer: 'now',
  }),
} as const satisfies Record<string, Route>;
