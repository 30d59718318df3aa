/** Screen, keyboard and serial port of a vm, and the people at them. */
import type { WebSocket } from 'ws';
import { describeFault, Fault, toFault } from '#lib';
import {
  consoleCloseCodes,
  consoleProtocol,
  type ConsoleAccess,
  type ConsoleMessage,
  type ConsoleMode,
  type ConsoleName,
  type ConsoleSession,
  type Recording,
  type VmAction,
  type WhenHeld,
} from '#api';
import { tellOfConsole } from '../../consoles/events.ts';
import type { Connection, Seat } from '../../consoles/seat.ts';
import type { LinkParts } from '../../consoles/links.ts';
import type { Recordings } from '../../consoles/recordings.ts';
import type { Session } from '../../consoles/session.ts';
import type { Sessions } from '../../consoles/sessions.ts';
import type { Tickets } from '../../consoles/tickets.ts';
import type { Caller, Coordinator } from '../../context.ts';
import type { HostDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { pipeSockets, type ByteSocket } from '../../link/pipe.ts';
import { filterViewer, type ViewerFilter } from '../../link/rfb-filter.ts';
import type { StreamHub } from '../../link/streams.ts';
import { shown, vmDocument } from '../find.ts';
import { requireAction } from './judge.ts';

/** Text that a client may leave unread before it is ended. */
const maxUnreadBytes = 4 * 1024 * 1024;
/** A client that does not answer its end is not waited for. */
const closeMs = 1000;

export interface ConsoleParts {
  readonly coordinator: Coordinator;
  readonly streams: StreamHub;
  readonly sessions: Sessions;
  readonly tickets: Tickets;
  readonly links: LinkParts;
  readonly recordings: Recordings;
}

/** PNG. */
export async function makeScreenshot(
  coordinator: Coordinator,
  id: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const hostId = requireConsole(coordinator, id, 'screenshot');
  const { png } = await coordinator.links.call(hostId, 'machine.screenshot', { id }, { signal });
  return Buffer.from(png, 'base64');
}

/** Errors: those of `requireAction` and `Sessions.requireInput`. */
export async function typeText(
  { coordinator, sessions }: Pick<ConsoleParts, 'coordinator' | 'sessions'>,
  caller: Caller,
  id: string,
  what: { readonly text: string; readonly layout: 'us' | 'de' },
  signal: AbortSignal,
): Promise<void> {
  const hostId = requireConsole(coordinator, id, 'type');
  sessions.requireInput(id, caller);
  await coordinator.links.call(hostId, 'machine.type', { id, ...what }, { signal });
}

/** Errors: those of `requireAction` and `Sessions.requireInput`. */
export async function pressKeys(
  { coordinator, sessions }: Pick<ConsoleParts, 'coordinator' | 'sessions'>,
  caller: Caller,
  id: string,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const hostId = requireConsole(coordinator, id, 'type');
  sessions.requireInput(id, caller);
  await coordinator.links.call(hostId, 'machine.keys', { id, keys: [...keys] }, { signal });
}

/** The host to be asked. Errors: those of `requireAction`. */
function requireConsole({ inventory }: Coordinator, id: string, action: VmAction): string {
  requireAction(inventory, shown('vm', id, inventory.vm(id)), action);
  return vmDocument(inventory, id).data.hostId;
}

/** Exclusive where the vm, or its host for all of its vms, is set so. */
function consoleMode(inventory: Inventory, id: string, hostId: string): ConsoleMode {
  const { mode } = vmDocument(inventory, id).data.definition.settings.console;
  const host = inventory.document<HostDocument>('host', hostId)?.data;
  return host?.settings.consoleMode === 'exclusive' ? 'exclusive' : mode;
}

export interface ConsoleRequest {
  readonly console: ConsoleName;
  readonly readOnly: boolean;
  readonly exclusive: boolean;
  readonly whenHeld: WhenHeld;
  readonly graceSeconds: number;
}

/**
 * A place at the console, and a channel to the machine where it is not waited for; then answers what joins
 * them with the client's socket. Who may only look is held to it here, whatever the agent does. Errors: those
 * of `requireAction`, `Session.arrive` and `StreamHub.open`; each is an event.
 */
export async function openConsole(
  parts: ConsoleParts,
  caller: Caller,
  id: string,
  asked: ConsoleRequest,
  signal: AbortSignal,
): Promise<(client: ByteSocket) => void> {
  const { coordinator, sessions } = parts;
  const isGuest = caller.proof?.means === 'link';
  try {
    if (isGuest && asked.console !== 'screen')
      throw new Fault('forbidden', 'a link shows the screen and nothing else');
    const hostId = requireConsole(coordinator, id, actionOf(asked.console));
    const mode = consoleMode(coordinator.inventory, id, hostId);
    const { session, seat } = sessions.arrive(coordinator, id, asked.console, {
      caller,
      access: asked.readOnly ? 'view-only' : 'control',
      control: isGuest ? 'never' : 'possible',
      mode: asked.exclusive && !isGuest ? 'exclusive' : mode,
      whenHeld: asked.whenHeld,
      graceSeconds: asked.graceSeconds,
    });
    const place: Place = { parts, id, console: asked.console, session, seat };
    const leave = (): void => session.leave(seat);
    signal.addEventListener('abort', leave, { once: true });
    const agent = session.isPresent(seat) ? await openChannel(place, signal) : undefined;
    return (client) => {
      signal.removeEventListener('abort', leave);
      joinConsole(place, client, agent);
    };
  } catch (error) {
    const reason = describeFault(toFault(error)).slice(0, 500);
    tellOfConsole(coordinator, id)(caller, 'console.refused', { channel: asked.console, reason });
    throw error;
  }
}

interface Place {
  readonly parts: ConsoleParts;
  readonly id: string;
  readonly console: ConsoleName;
  readonly session: Session;
  readonly seat: Seat;
}

/** Gives up the seat where there is nothing to be seen. */
async function openChannel(place: Place, signal?: AbortSignal): Promise<WebSocket> {
  const { parts, id, console, session, seat } = place;
  try {
    const hostId = requireConsole(parts.coordinator, id, actionOf(console));
    const access = seat.visitor.control === 'never' ? 'read-only' : 'read-write';
    const agent = await parts.streams.open(hostId, id, console, access, signal);
    signal?.addEventListener('abort', () => agent.close(1001, 'the client is gone'), {
      once: true,
    });
    return agent;
  } catch (error) {
    session.leave(seat);
    throw error;
  }
}

function joinConsole(place: Place, client: ByteSocket, open: WebSocket | undefined): void {
  const { session, seat } = place;
  const input = inputOf(place);
  let agent = open;
  const begin = (channel: WebSocket): void => {
    agent = channel;
    void pipeSockets(client, channel, input.filter);
  };
  client.on('close', () => session.leave(seat));
  session.connect(seat, {
    ...connectionOf(client, seat),
    release() {
      const bytes = input.release();
      if (bytes.length > 0 && agent?.readyState === agent?.OPEN) agent?.send(bytes);
    },
  });
  if (agent !== undefined) begin(agent);
  else
    // What is typed before its turn is nobody's.
    seat.turn.promise
      .then(async () => {
        client.pause();
        try {
          begin(await openChannel(place));
        } finally {
          client.resume();
        }
      })
      .catch((error: unknown) => {
        client.close(1011, describeFault(toFault(error)).slice(0, 100));
      });
}

function inputOf({ console, session, seat }: Place): ViewerFilter {
  const mayType = (): boolean => session.mayType(seat);
  if (console === 'screen') return filterViewer(mayType);
  return { filter: (bytes) => (mayType() ? bytes : undefined), release: () => Buffer.alloc(0) };
}

function connectionOf(client: ByteSocket, seat: Seat): Pick<Connection, 'tell' | 'end'> {
  // Who else is there is nothing for somebody without an account.
  const isGuest = seat.visitor.caller.proof?.means === 'link';
  const wantsMessages = client.protocol === consoleProtocol && !isGuest;
  return {
    tell(session, notice) {
      if (!wantsMessages || client.readyState !== client.OPEN) return;
      const message: ConsoleMessage = { you: seat.id, session, notice };
      if (client.bufferedAmount > maxUnreadBytes) client.terminate();
      else client.send(JSON.stringify(message));
    },
    end(why, text) {
      client.close(consoleCloseCodes[why], text.slice(0, 100));
      setTimeout(() => client.terminate(), closeMs).unref();
    },
  };
}

function actionOf(console: ConsoleName): VmAction {
  return console === 'screen' ? 'screen' : 'serial';
}

/** Errors: those of `requireAction` and `Recordings.start`. */
export async function startRecording(
  { coordinator, recordings }: ConsoleParts,
  caller: Caller,
  id: string,
  console: ConsoleName,
): Promise<Recording> {
  requireConsole(coordinator, id, actionOf(console));
  return await recordings.start(caller, id, console);
}

export function changeAccess(
  sessions: Sessions,
  caller: Caller,
  at: ParticipantPlace,
  access: ConsoleAccess,
): ConsoleSession {
  const session = sessions.find(at.vm, at.console);
  session.setAccess(caller, at.participant, access);
  return session.show();
}

export interface ParticipantPlace {
  /** Its id. */
  readonly vm: string;
  readonly console: ConsoleName;
  readonly participant: string;
}

export function handOver(
  sessions: Sessions,
  caller: Caller,
  { vm, console, participant }: ParticipantPlace,
): ConsoleSession {
  const session = sessions.find(vm, console);
  session.handOver(caller, participant);
  return session.show();
}

export function takeBack(
  sessions: Sessions,
  caller: Caller,
  vm: string,
  console: ConsoleName,
): ConsoleSession {
  const session = sessions.find(vm, console);
  session.takeBack(caller);
  return session.show();
}

export function endParticipant(
  sessions: Sessions,
  caller: Caller,
  { vm, console, participant }: ParticipantPlace,
  graceSeconds: number,
): ConsoleSession {
  const session = sessions.find(vm, console);
  session.end(caller, participant, graceSeconds);
  return session.show();
}
