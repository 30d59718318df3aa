/** Routes of recordings of a vm's serial ports. */
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
    summary: 'The recordings of the serial ports of a vm',
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
    summary: 'Record a serial port; everybody at it is told',
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
    summary: 'A recording as asciicast v2',
    group: 'consoles',
    right: 'vm.supervise',
    on: 'vm',
    params: recordingParams,
    answer: 'bytes',
    mediaType: 'application/x-asciicast',
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
