/** The door of this folder. */
export { Access, type AccessOptions } from './access.ts';
export type { AccessHandlers, AccessRoute } from './handlers.ts';
export { certificateEvent } from './join/join.ts';
export { grantEvent } from './users/grants.ts';
export { readAddress, type Arrival } from './request/authenticate.ts';
export { installationSettings } from './sign-in/sessions.ts';
export { SignInLimiter } from './sign-in/limiter.ts';
export { Refusal, requireRight } from './rights/authorize.ts';
export { createSystemCaller } from './rights/rights.ts';
