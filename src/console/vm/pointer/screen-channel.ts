/**
 * The connection of a screen, between noVNC and its WebSocket. noVNC knows places of the pointer only: this
 * asks QEMU to tell whether the guest takes them, and where it does not, holds back noVNC's PointerEvents
 * and sends movements between its messages, of which each is one call of `send`.
 */
import type RFB from '@novnc/novnc';
import { assert } from '#lib';
import {
  addEncoding,
  isPointerEvent,
  moveEvent,
  pointerMotionChange,
  type PointerKind,
} from './rfb-pointer.ts';

export class ScreenChannel {
  /** To be given to noVNC. */
  readonly socket: WebSocket;
  readonly #onPointer: (kind: PointerKind) => void;
  readonly #send: (message: Uint8Array<ArrayBuffer>) => void;
  // QEMU begins with it and tells only what differs.
  #pointer: PointerKind = 'relative';

  constructor(socket: WebSocket, onPointer: (kind: PointerKind) => void) {
    this.#onPointer = onPointer;
    this.socket = socket;
    this.#send = this.socket.send.bind(this.socket);
    this.socket.send = (message) => {
      assert(message instanceof Uint8Array, 'noVNC sends bytes');
      if (this.#pointer === 'relative' && isPointerEvent(message)) return;
      this.#send(addEncoding(message, pointerMotionChange));
    };
  }

  /** Hears from noVNC what QEMU tells of the pointer: as a rectangle without pixels, its x the kind. */
  follow(rfb: RFB): void {
    rfb._decoders[pointerMotionChange] = {
      decodeRect: (x) => {
        this.#pointer = x === 1 ? 'absolute' : 'relative';
        this.#onPointer(this.#pointer);
        return true;
      },
    };
  }

  /** Moves a relative pointer and presses its buttons, as a PointerEvent has them. In pixels. */
  move(buttons: number, across: number, down: number): void {
    if (this.#pointer === 'relative' && this.socket.readyState === WebSocket.OPEN)
      this.#send(moveEvent(buttons, across, down));
  }
}
