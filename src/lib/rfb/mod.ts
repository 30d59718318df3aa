/** What both sides of RFB have in common. Shared by the coordinator, which lets viewers in, and the agent, which unlocks screens. */
export { readExactly } from './read-exactly.ts';
export { answerChallenge, challengeBytes, rfbVersion, securityTypes } from './security.ts';
