/** Shows the page to whoever is signed in, else the way in. A session that ended is renewed over the page. */
import { Bullseye, ModalBody, ModalHeader, Spinner } from '@patternfly/react-core';
import { Suspense, useEffect, useRef, type ReactNode } from 'react';
import { useConsole, useSession, useWords } from '../console.ts';
import { SignInForm } from './SignInForm.tsx';
import { Threshold } from './Threshold.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { lazyPart } from '../parts/lazy-part.ts';

// Needed once in the life of an account.
const ChoosePassword = lazyPart(async () => (await import('./ChoosePassword.tsx')).ChoosePassword);
const SetUpSecondFactor = lazyPart(
  async () => (await import('./SetUpSecondFactor.tsx')).SetUpSecondFactor,
);

export function SessionGate({ children }: { readonly children: ReactNode }): ReactNode {
  const state = useSession();
  const words = useWords();
  const { queries } = useConsole();
  const user = state.kind === 'in' ? state.session.user : undefined;
  // What one person has read is not shown to the next.
  useEffect(() => () => queries.clear(), [queries, user]);
  const waiting = (
    <Bullseye>
      <Spinner aria-label={words.text('loading')} />
    </Bullseye>
  );
  if (state.kind === 'unknown') return waiting;
  if (state.kind === 'out')
    return (
      <Threshold title={words.text('signIn')}>
        <SignInForm user="" fault={state.fault} linkCode={state.linkCode} />
      </Threshold>
    );
  if (state.session.passwordNeeded)
    return (
      <Threshold title={words.text('choosePassword')}>
        <Suspense fallback={waiting}>
          <ChoosePassword user={state.session.user} />
        </Suspense>
      </Threshold>
    );
  if (state.session.secondFactor === 'needed')
    return (
      <Threshold title={words.text('secondFactor')}>
        <Suspense fallback={waiting}>
          <SetUpSecondFactor />
        </Suspense>
      </Threshold>
    );
  return (
    <>
      {children}
      {state.ended && (
        <Dialog isOpen variant="small" aria-labelledby="again" aria-describedby="again-body">
          <ModalHeader
            labelId="again"
            title={words.text('signIn')}
            description={words.text('sessionEnded')}
          />
          <ModalBody id="again-body">
            <StaysReachable />
            <SignInForm user={state.session.user} fault={undefined} />
          </ModalBody>
        </Dialog>
      )}
    </>
  );
}

/**
 * A dialog that is open hides what is beside it from screen readers, this one too where it opens later.
 * Nothing may hide the way back in.
 */
function StaysReachable(): ReactNode {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const backdrop = place.current?.closest('body > *');
    if (backdrop === undefined || backdrop === null) return undefined;
    const show = (): void => {
      if (backdrop.hasAttribute('aria-hidden')) backdrop.removeAttribute('aria-hidden');
    };
    const observer = new MutationObserver(show);
    observer.observe(backdrop, { attributeFilter: ['aria-hidden'] });
    show();
    return () => observer.disconnect();
  }, []);
  return <span ref={place} hidden />;
}
