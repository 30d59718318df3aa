/** What the verbs of this folder work with. Made once, by `openAccess`. */
import type { Coordinator } from '../context.ts';
import type { Authority } from './authority/authority.ts';
import type { Rights } from './rights/rights.ts';
import type { SignInLimiter } from './sign-in/limiter.ts';
import type { Passwords } from './sign-in/passwords.ts';

export interface AccessContext {
  readonly coordinator: Coordinator;
  readonly rights: Rights;
  readonly passwords: Passwords;
  readonly limiter: SignInLimiter;
  readonly authority: Authority;
}
