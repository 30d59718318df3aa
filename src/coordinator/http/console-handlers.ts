/** The handlers of the routes of consoles, and of what a guest is asked. No logic. */
import type { RouteName } from '#api';
import {
  type ConsoleParts,
  changeAccess,
  endParticipant,
  handOver,
  makeScreenshot,
  openConsole,
  pressKeys,
  startRecording,
  takeBack,
  typeText,
} from '../app/vm/console-vm.ts';
import { askClock } from '../app/vm/guest-clock.ts';
import { peekMemory } from '../app/vm/peek-memory.ts';
import { setGuestPassword } from '../app/vm/guest-password.ts';
import { askFreeze, beginFreeze, endFreeze, trim } from '../app/vm/guest-freeze.ts';
import { createLink, deleteLink, listLinks, openLink } from '../consoles/links.ts';
import type { Handlers } from './route-handler.ts';

type ConsoleRoute = Extract<
  RouteName,
  | 'vm.screenshot'
  | 'vm.type'
  | 'vm.keys'
  | 'vm.memory'
  | 'vm.clock.show'
  | 'vm.clock.set'
  | `vm.freeze.${string}`
  | 'vm.trim'
  | 'vm.password.set'
  | 'vm.serial.open'
  | 'vm.screen.open'
  | `vm.console.${string}`
  | `vm.recording.${string}`
  | 'console.link.open'
>;

export function consoleHandlers(parts: ConsoleParts): Pick<Handlers, ConsoleRoute> {
  const { coordinator, sessions, tickets, links, recordings } = parts;
  return {
    'vm.screenshot': ({ id, signal }) => makeScreenshot(coordinator, id, signal),
    'vm.type': ({ caller, id, body, signal }) => typeText(parts, caller, id, body, signal),
    'vm.keys': ({ caller, id, body, signal }) => pressKeys(parts, caller, id, body.keys, signal),
    'vm.clock.show': ({ id, signal }) => askClock(coordinator, id, undefined, signal),
    'vm.memory': ({ id, query, signal }) => peekMemory(coordinator, id, query, signal),
    'vm.clock.set': ({ id, body, signal }) => askClock(coordinator, id, body, signal),
    'vm.freeze.show': ({ id, signal }) => askFreeze(coordinator, id, signal),
    'vm.freeze.begin': ({ caller, id, body, signal }) =>
      beginFreeze(coordinator, caller, id, body, signal),
    'vm.freeze.end': ({ caller, id, signal }) => endFreeze(coordinator, caller, id, signal),
    'vm.trim': ({ id, body, signal }) => trim(coordinator, id, body, signal),
    'vm.password.set': ({ id, body, signal }) => setGuestPassword(coordinator, id, body, signal),
    'vm.serial.open': ({ caller, id, query, signal }) => {
      const { port, ...asked } = query;
      const console = port === 1 ? 'serial1' : 'serial2';
      return openConsole(parts, caller, id, { ...asked, console }, signal);
    },
    'vm.screen.open': ({ caller, id, query, signal }) =>
      openConsole(parts, caller, id, { ...query, console: 'screen' }, signal),
    'vm.console.list': ({ id }) => ({ items: [...sessions.list(id)] }),
    'vm.console.change': ({ caller, id, params, body }) =>
      changeAccess(sessions, caller, { ...params, vm: id }, body.access),
    'vm.console.hand-over': ({ caller, id, params }) =>
      handOver(sessions, caller, { ...params, vm: id }),
    'vm.console.take-back': ({ caller, id, params }) =>
      takeBack(sessions, caller, id, params.console),
    'vm.console.end': ({ caller, id, params, query }) =>
      endParticipant(sessions, caller, { ...params, vm: id }, query.graceSeconds),
    'vm.console.link.list': ({ id }) => ({ items: [...listLinks(links, id)] }),
    'vm.console.link.create': ({ caller, id, body }) => createLink(links, caller, id, body),
    'vm.console.link.delete': ({ caller, id, params }) =>
      deleteLink(links, caller, id, params.link),
    'console.link.open': ({ caller, body }) => openLink(links, caller, body.secret),
    'vm.recording.list': async ({ id }) => ({ items: [...(await recordings.list(id))] }),
    'vm.recording.start': ({ caller, id, body }) => startRecording(parts, caller, id, body.console),
    'vm.recording.stop': ({ id, params }) => recordings.stop(id, params.recording),
    'vm.recording.file': ({ id, params }) => recordings.read(id, params.recording),
    'vm.recording.delete': ({ id, params }) => recordings.delete(id, params.recording),
    'vm.console.ticket': ({ caller, id }) => tickets.issue(caller, id),
  };
}
