/** Where one begins: who has rights on the whole installation at its status, everybody else at what is theirs. */
import { Navigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useSession } from '../console.ts';

export function Landing(): ReactNode {
  const state = useSession();
  if (state.kind !== 'in') return null;
  return <Navigate to={state.session.verbs.length === 0 ? '/self-service' : '/status'} replace />;
}
