/** The part of noVNC's interface that is used here (its docs/API.md); it brings no types. */
declare module '@novnc/novnc' {
  export default class RFB extends EventTarget {
    constructor(
      target: HTMLElement,
      channel: WebSocket | string | { readonly readyState: number },
      options?: { readonly shared?: boolean },
    );
    scaleViewport: boolean;
    viewOnly: boolean;
    background: string;
    /**
     * By the number of the encoding. Not of its documented interface, which has no place for another
     * encoding: where it is missing, the pointer's test fails.
     */
    readonly _decoders: Record<
      number,
      {
        readonly decodeRect: (x: number, y: number, width: number, height: number) => boolean;
      }
    >;
    disconnect(): void;
    focus(): void;
  }
}
