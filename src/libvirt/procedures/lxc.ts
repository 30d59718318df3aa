/** The program `lxc`: what only that driver has. */
import { inProgram, write } from './entry.ts';
import { domain } from './handle.ts';
import { uint } from '../wire/shape.ts';

export const lxcProcedures = {
  LXC_DOMAIN_OPEN_NAMESPACE: inProgram('lxc', write(1, { dom: domain, flags: uint }, {})),
} as const;
