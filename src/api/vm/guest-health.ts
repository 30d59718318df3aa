/**
 * How the guest of a running vm fares, as one word (GA-11). Its agent judges it from the start of the vm, the
 * heartbeat and what is seen of the guest's network.
 */
export const guestHealths = {
  booting: 'it has not been heard since its start, and may still take that long',
  working: 'it shows its heartbeat, or its network answers though the guest agent does not',
  'not-answering': 'it hangs: it panicked, or neither guest agent nor network answer any more',
  'without-additions': 'its time to boot is over and no guest agent has come',
  unknown: 'too little is known to tell those apart',
} as const;

export type GuestHealth = keyof typeof guestHealths;
export const guestHealthNames = Object.keys(guestHealths) as [GuestHealth, ...GuestHealth[]];
