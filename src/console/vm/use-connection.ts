/**
 * One console's connection, kept: it is made again by itself after the network, the coordinator or the vm
 * was away, with pauses that grow to three seconds, and at once when the vm is there again. A connection over a network
 * that went away may be dead without a word: what the browser tells of its network is a close, too.
 *
 *   connecting --open--> connected --close, offline, online--> disconnected --pause--> connecting
 */
import { useCallback, useEffect, useState } from 'react';
import type { Vm } from '#api';
import { useConsole } from '../console.ts';

export type ConnectionState = 'connecting' | 'connected' | 'disconnected';

const firstPauseMs = 300;
const longestPauseMs = 3000;
const networkChanges = ['offline', 'online'] as const;

export interface Connection {
  readonly state: ConnectionState;
  /** A new one is to be opened for each; undefined while there is nothing to connect to. */
  readonly attempt: number | undefined;
  readonly onOpen: () => void;
  readonly onClose: () => void;
}

export function useConnection(vm: Vm, available: boolean): Connection {
  const { queries } = useConsole();
  const [state, setState] = useState<ConnectionState>('connecting');
  const [attempt, setAttempt] = useState(0);
  const [pauseMs, setPauseMs] = useState(firstPauseMs);
  // With the vm there again it begins at once; what was closed with it is not waited for.
  useEffect(() => setState(available ? 'connecting' : 'disconnected'), [available]);
  useEffect(() => {
    if (state !== 'disconnected' || !available) return undefined;
    const timer = setTimeout(() => {
      setState('connecting');
      setAttempt((before) => before + 1);
      setPauseMs((before) => Math.min(2 * before, longestPauseMs));
    }, pauseMs);
    return () => clearTimeout(timer);
  }, [state, available, pauseMs]);
  useEffect(() => {
    const renew = (): void => {
      setPauseMs(firstPauseMs);
      setState('disconnected');
    };
    for (const change of networkChanges) addEventListener(change, renew);
    return () => {
      for (const change of networkChanges) removeEventListener(change, renew);
    };
  }, []);
  const onOpen = useCallback(() => {
    setState('connected');
    setPauseMs(firstPauseMs);
  }, []);
  const onClose = useCallback(() => {
    setState('disconnected');
    // The answer tells why: the session has ended, the right was taken, the vm is off.
    void queries.invalidateQueries({ queryKey: ['vm.actions', vm.id] });
  }, [queries, vm.id]);
  return { state, attempt: available ? attempt : undefined, onOpen, onClose };
}
