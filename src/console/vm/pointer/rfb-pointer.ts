/**
 * The messages of RFB (RFC 6143) by which a pointer without a place of its own is moved. QEMU knows the
 * pseudo-encoding "pointer motion change": to a client that lists it, it tells whether the guest takes places
 * (absolute) or movements (relative), and in the latter case reads the coordinates of a PointerEvent as
 * movement, with 0x7fff for none.
 */

export type PointerKind = 'absolute' | 'relative';

/** "Pointer motion change", in the list of QEMU's pseudo-encodings. */
export const pointerMotionChange = -257;

const noMovement = 0x7fff;
const headBytes = 4;

/** The bits of a mouse event (`buttons`, UI Events) and those of a PointerEvent (7.5.5). */
const buttonBits = [
  { pressed: 1, sent: 1 },
  { pressed: 4, sent: 2 },
  { pressed: 2, sent: 4 },
] as const;
const wheelUp = 8;
const wheelDown = 16;

export function isPointerEvent(message: Uint8Array): boolean {
  return message[0] === 5 && message.length === 6;
}

/** A SetEncodings message (7.5.2) with one encoding more, at its end; any other message as it is. */
export function addEncoding(message: Uint8Array, encoding: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const count = message[0] === 2 && message.length >= headBytes ? view.getUint16(2) : undefined;
  if (count === undefined || message.length !== headBytes + 4 * count) return message.slice();
  const longer = new Uint8Array(message.length + 4);
  longer.set(message);
  const end = new DataView(longer.buffer);
  end.setUint16(2, count + 1);
  end.setInt32(message.length, encoding);
  return longer;
}

/** The buttons of a mouse event, as a PointerEvent has them. */
export function buttonMask(buttons: number): number {
  return buttonBits.reduce((mask, { pressed, sent }) => mask | (buttons & pressed ? sent : 0), 0);
}

/** The button that stands for one notch of the wheel. */
export function wheelMask(deltaY: number): number {
  return deltaY < 0 ? wheelUp : wheelDown;
}

/** A PointerEvent that moves a relative pointer. Movement in pixels, right and down. */
export function moveEvent(mask: number, across: number, down: number): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(6);
  const view = new DataView(message.buffer);
  view.setUint8(0, 5);
  view.setUint8(1, mask);
  view.setUint16(2, noMovement + clamp(across));
  view.setUint16(4, noMovement + clamp(down));
  return message;
}

function clamp(movement: number): number {
  return Math.max(-noMovement, Math.min(noMovement, Math.round(movement)));
}
