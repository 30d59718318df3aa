/**
 * Who is at a console, as its own connection tells: the session after each change, what is news to whoever sits
 * here, and whether the connection was ended for good.
 */
import { useCallback, useState } from 'react';
import {
  consoleCloseCodes,
  consoleMessageSchema,
  type ConsoleMessage,
  type ConsoleNotice,
  type ConsoleParticipant,
} from '#api';
import { useConsole } from '../../console.ts';
import { useVmText, type VmText } from '../words/vm-words.ts';
import type { Join } from './console-socket.ts';

export interface Presence {
  /** Of the last connection; undefined before it was told. */
  readonly message: ConsoleMessage | undefined;
  readonly me: ConsoleParticipant | undefined;
  /** Kept out by somebody's exclusive mode. */
  readonly waits: boolean;
  /** Why the connection was ended that is not to be made again by itself. */
  readonly ended: string | undefined;
  readonly join: Join;
  /** Joins anew. */
  readonly setJoin: (join: Join) => void;
  /** To be called with each connection, before anybody else listens to it. */
  readonly follow: (socket: WebSocket) => void;
}

export const sharedJoin: Join = { exclusive: false, whenHeld: 'wait' };

const forGood: readonly number[] = Object.values(consoleCloseCodes);

export function usePresence(): Presence {
  const { notices } = useConsole();
  const text = useVmText();
  const [message, setMessage] = useState<ConsoleMessage | undefined>(undefined);
  const [ended, setEnded] = useState<string | undefined>(undefined);
  const [join, setJoin] = useState<Join>(sharedJoin);
  const follow = useCallback(
    (socket: WebSocket) => {
      socket.addEventListener('message', (event) => {
        if (typeof event.data !== 'string') return;
        // Bytes alone are the console's.
        event.stopImmediatePropagation();
        const told = consoleMessageSchema.parse(JSON.parse(event.data));
        setMessage(told);
        const news = told.notice === null ? undefined : writeNews(text, told, told.notice);
        if (news !== undefined) notices.tell(news);
      });
      socket.addEventListener('close', ({ code, reason }) => {
        if (forGood.includes(code)) setEnded(reason);
      });
    },
    [notices, text],
  );
  const joinAgain = useCallback((wanted: Join) => {
    setEnded(undefined);
    setJoin(wanted);
  }, []);
  const session = message?.session;
  return {
    message,
    me: session?.participants.find(({ id }) => id === message?.you),
    waits: session?.waiting.some(({ id }) => id === message?.you) === true,
    ended,
    join,
    setJoin: joinAgain,
    follow,
  };
}

/** Undefined for what one has done oneself. */
function writeNews(
  text: VmText,
  { you, session }: ConsoleMessage,
  { kind, person, by, seconds }: ConsoleNotice,
): string | undefined {
  const me = [...session.participants, ...session.waiting].find(({ id }) => id === you);
  if (me === undefined || by === me.person) return undefined;
  const values = { person, by, seconds: seconds ?? 0 };
  return text(`notice.${kind}`, values);
}
