/** PEM: DER as text between two lines (RFC 7468, strict form for writing, standard form for reading). */
import { Fault } from '../fault.ts';

export function encodePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** The bytes of the one block with this label. `what` is for the fault. Errors: `invalid`. */
export function decodePem(label: string, text: string, what: string): Buffer {
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from + begin.length);
  const body = text.slice(from + begin.length, to).replaceAll(/[\r\n]/g, '');
  if (from < 0 || to < 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(body)) {
    throw new Fault('invalid', `${what} is not PEM with the label ${label}`);
  }
  return Buffer.from(body, 'base64');
}
