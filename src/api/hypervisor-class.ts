/** What kind of thing a hypervisor is. Which technique a vm runs by is another question, and its own property. */

/**
 * `bare-metal`: under all operating systems, one of which may manage it. `kernel-resident`: a part of the host's kernel. `hosted`: a
 * program of the host's operating system. `os-level`: containers, which share the host's kernel. `emulator`: a machine in software
 * alone, also one that only pretends.
 */
export const hypervisorClasses = [
  'bare-metal',
  'kernel-resident',
  'hosted',
  'os-level',
  'emulator',
] as const;
export type HypervisorClass = (typeof hypervisorClasses)[number];
