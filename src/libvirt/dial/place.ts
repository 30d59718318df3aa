/** Where a service listens on its host. */
export type Place =
  | { readonly host: string; readonly port: number }
  /** A UNIX socket. */
  | { readonly path: string };
