/** Events of screens and serial ports: who was there, and what they did with each other. */
import type { EventFacts } from './facts.ts';

const console = { category: 'Console', target: 'vm' } as const;
const channel = { channel: 'screen, serial1 or serial2' } as const;
const participant = { person: 'whose connection it is', address: 'where that person is' } as const;

export const consoleEvents = {
  'console.opened': {
    number: 5012,
    ...console,
    type: 'information',
    message: '{channel} of {target} was opened: {access}',
    attributes: { ...channel, access: 'control or view-only' },
  },
  'console.closed': {
    number: 5013,
    ...console,
    type: 'information',
    message: '{channel} of {target} was closed after {durationMs} ms',
    attributes: { ...channel, durationMs: 'how long it was open' },
  },
  'console.refused': {
    number: 5014,
    ...console,
    type: 'warning',
    message: '{channel} of {target} was refused: {reason}',
    attributes: { ...channel, reason: 'why' },
  },
  'console.access-changed': {
    number: 5015,
    ...console,
    type: 'information',
    message: '{person} is now {access} at {channel} of {target}',
    attributes: { ...channel, ...participant, access: 'control or view-only' },
  },
  'console.handed-over': {
    number: 5016,
    ...console,
    type: 'information',
    message: 'Keyboard and mouse at {channel} of {target} were handed over to {person}',
    attributes: { ...channel, ...participant, durationMs: 'how long the giver was connected' },
  },
  'console.taken-back': {
    number: 5017,
    ...console,
    type: 'information',
    message: 'Keyboard and mouse at {channel} of {target} were taken back from {person}',
    attributes: { ...channel, ...participant, durationMs: 'how long they were lent' },
  },
  'console.taken-over': {
    number: 5018,
    ...console,
    type: 'warning',
    message: '{channel} of {target} was taken over from {person}',
    attributes: { ...channel, ...participant, durationMs: 'how long the holder was connected' },
  },
  'console.ended': {
    number: 5019,
    ...console,
    type: 'warning',
    message: 'The connection of {person} to {channel} of {target} was ended',
    attributes: { ...channel, ...participant, durationMs: 'how long it was open' },
  },
  'console.link-created': {
    number: 5020,
    ...console,
    type: 'information',
    message: 'A link to the screen of {target} was made, good until {expiresAt}: {label}',
    attributes: { label: 'for whom or what', expiresAt: 'when it ends' },
  },
  'console.link-revoked': {
    number: 5021,
    ...console,
    type: 'information',
    message: 'The link to the screen of {target} was revoked: {label}',
    attributes: { label: 'for whom or what', expiresAt: 'when it would have ended' },
  },
  'console.recording-started': {
    number: 5022,
    ...console,
    type: 'information',
    message: 'The recording of {channel} of {target} has begun',
    attributes: channel,
  },
  'console.recording-ended': {
    number: 5023,
    ...console,
    type: 'information',
    message: 'The recording of {channel} of {target} has ended after {durationMs} ms: {why}',
    attributes: {
      ...channel,
      durationMs: 'how long it ran',
      why: 'person, machine, connection, size, time, disk or coordinator',
    },
  },
} as const satisfies Record<string, EventFacts>;
