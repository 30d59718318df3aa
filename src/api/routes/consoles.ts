/** Routes of consoles: a vm's screen, keyboard and serial ports, and the people at them. */
import { z } from 'zod';
import { referenceSchema } from '../ids.ts';
import {
  consoleAccesses,
  consoleJoinQuery,
  consoleLinkCreateSchema,
  consoleLinkMadeSchema,
  consoleLinkOpenedSchema,
  consoleLinkSchema,
  consoleNames,
  consoleSessionSchema,
  consoleTicketSchema,
  graceSecondsSchema,
} from '../vm/console.ts';
import { route, type Route } from './route.ts';

const vmParams = z.strictObject({ vm: referenceSchema });
const consoleParams = z.strictObject({ vm: referenceSchema, console: z.enum(consoleNames) });
const shortId = z.string().min(1).max(64);
const participantParams = z.strictObject({
  vm: referenceSchema,
  console: z.enum(consoleNames),
  participant: shortId,
});

export const consolesRoutes = {
  'vm.screenshot': route({
    method: 'GET',
    path: '/vms/{vm}/screenshot',
    summary: 'A picture of the screen',
    group: 'vms',
    right: 'vm.console',
    on: 'vm',
    params: vmParams,
    answer: 'bytes',
    mediaType: 'image/png',
  }),
  'vm.type': route({
    method: 'POST',
    path: '/vms/{vm}/type',
    summary: 'Type text on the keyboard',
    group: 'vms',
    right: 'vm.console',
    on: 'vm',
    params: vmParams,
    body: z
      .strictObject({
        text: z.string().min(1).max(4096),
        layout: z.enum(['us', 'de']).default('us'),
      })
      .meta({ id: 'TypeText' }),
    answer: 'now',
  }),
  'vm.keys': route({
    method: 'POST',
    path: '/vms/{vm}/keys',
    summary: 'Press key combinations',
    group: 'vms',
    right: 'vm.console',
    on: 'vm',
    params: vmParams,
    body: z
      .strictObject({
        keys: z
          .array(z.string().min(1).max(64))
          .min(1)
          .max(100)
          .meta({ description: 'for example ctrl-alt-del' }),
      })
      .meta({ id: 'SendKeys' }),
    answer: 'now',
  }),
  'vm.serial.open': route({
    method: 'GET',
    path: '/vms/{vm}/serial',
    summary: 'The serial port as a WebSocket: binary frames both ways',
    group: 'vms',
    right: 'vm.console',
    on: 'vm',
    params: vmParams,
    query: z.strictObject({
      port: z.coerce.number().int().min(1).max(2).default(1),
      ...consoleJoinQuery,
    }),
    answer: 'websocket',
  }),
  'vm.screen.open': route({
    method: 'GET',
    path: '/vms/{vm}/screen',
    summary: 'The screen as a WebSocket: RFB (RFC 6143) in binary frames',
    group: 'vms',
    right: 'vm.console',
    on: 'vm',
    params: vmParams,
    query: z.strictObject(consoleJoinQuery),
    answer: 'websocket',
  }),
  'vm.console.list': route({
    method: 'GET',
    path: '/vms/{vm}/consoles',
    summary: 'Who is at the consoles of a vm; one at which nobody is, is not listed',
    group: 'consoles',
    right: 'vm.view',
    on: 'vm',
    params: vmParams,
    answer: 'now',
    response: z
      .strictObject({ items: z.array(consoleSessionSchema) })
      .meta({ id: 'ConsoleSessions' }),
  }),
  'vm.console.ticket': route({
    method: 'POST',
    path: '/vms/{vm}/console-tickets',
    summary:
      'A ticket that opens one console of a vm once, as the subprotocol gantry.ticket.TICKET of its WebSocket',
    group: 'consoles',
    right: 'vm.console',
    on: 'vm',
    params: vmParams,
    answer: 'now',
    response: consoleTicketSchema,
  }),
  'vm.console.link.list': route({
    method: 'GET',
    path: '/vms/{vm}/console-links',
    summary: 'The links by which people without an account look at the screen of a vm',
    group: 'consoles',
    right: 'vm.view',
    on: 'vm',
    params: vmParams,
    answer: 'now',
    response: z.strictObject({ items: z.array(consoleLinkSchema) }).meta({ id: 'ConsoleLinks' }),
  }),
  'vm.console.link.create': route({
    method: 'POST',
    path: '/vms/{vm}/console-links',
    summary: 'Make a link that shows the screen of a vm, and nothing else, until it expires',
    group: 'consoles',
    right: 'vm.supervise',
    on: 'vm',
    params: vmParams,
    body: consoleLinkCreateSchema,
    answer: 'now',
    response: consoleLinkMadeSchema,
  }),
  'vm.console.link.delete': route({
    method: 'DELETE',
    path: '/vms/{vm}/console-links/{link}',
    summary: 'Revoke a link; whoever looks by it is shown out',
    group: 'consoles',
    right: 'vm.supervise',
    on: 'vm',
    params: z.strictObject({ vm: referenceSchema, link: shortId }),
    answer: 'now',
  }),
  'console.link.open': route({
    method: 'POST',
    path: '/console-links/open',
    summary: 'A ticket for the screen that a link shows',
    group: 'consoles',
    right: 'public',
    body: z.strictObject({ secret: z.string().min(1).max(200) }).meta({ id: 'ConsoleLinkOpen' }),
    answer: 'now',
    response: consoleLinkOpenedSchema,
  }),
  'vm.console.change': route({
    method: 'PATCH',
    path: '/vms/{vm}/consoles/{console}/participants/{participant}',
    summary: 'Put a participant into view-only, or give them control',
    group: 'consoles',
    right: 'vm.console',
    on: 'vm',
    params: participantParams,
    body: z.strictObject({ access: z.enum(consoleAccesses) }).meta({ id: 'ConsoleChange' }),
    answer: 'now',
    response: consoleSessionSchema,
  }),
  'vm.console.hand-over': route({
    method: 'POST',
    path: '/vms/{vm}/consoles/{console}/participants/{participant}/hand-over',
    summary: 'Hand keyboard and mouse over to a participant, who has them in your place',
    group: 'consoles',
    right: 'vm.console',
    on: 'vm',
    params: participantParams,
    answer: 'now',
    response: consoleSessionSchema,
  }),
  'vm.console.take-back': route({
    method: 'POST',
    path: '/vms/{vm}/consoles/{console}/take-back',
    summary: 'Take keyboard and mouse back that you have handed over',
    group: 'consoles',
    right: 'vm.console',
    on: 'vm',
    params: consoleParams,
    answer: 'now',
    response: consoleSessionSchema,
  }),
  'vm.console.end': route({
    method: 'DELETE',
    path: '/vms/{vm}/consoles/{console}/participants/{participant}',
    summary:
      "End a participant's connection, after a warning; another's takes the right vm.supervise",
    group: 'consoles',
    right: 'vm.console',
    on: 'vm',
    params: participantParams,
    query: z.strictObject({ graceSeconds: graceSecondsSchema }),
    answer: 'now',
    response: consoleSessionSchema,
  }),
} as const satisfies Record<string, Route>;
