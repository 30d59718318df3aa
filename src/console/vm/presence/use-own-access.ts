/** Whether the person here types and points or only looks, as the session says; their wish outlives a connection. */
import { useCallback, useRef } from 'react';
import type { ConsoleAccess, Vm } from '#api';
import { useConsole } from '../../console.ts';
import { useVmText } from '../words/vm-words.ts';
import type { Presence } from './use-presence.ts';

export interface OwnAccess {
  readonly access: ConsoleAccess;
  /** Whether the next connection is to be view-only. */
  readonly isWished: () => boolean;
  readonly toggle: () => Promise<void>;
}

export function useOwnAccess(vm: Vm, { message, me }: Presence): OwnAccess {
  const { client, notices } = useConsole();
  const text = useVmText();
  const wish = useRef(false);
  const isWished = useCallback(() => wish.current, []);
  const access = me?.access ?? 'control';
  const toggle = async (): Promise<void> => {
    if (message === undefined || me === undefined) return;
    const wanted = access === 'control' ? 'view-only' : 'control';
    const params = { vm: vm.id, console: message.session.console, participant: me.id };
    try {
      await client.call('vm.console.change', { params, body: { access: wanted } });
      wish.current = wanted === 'view-only';
    } catch (error) {
      notices.fail(text('viewOnly'), error);
    }
  };
  return { access, isWished, toggle };
}
