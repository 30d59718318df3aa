/**
 * The messages of `watch.open` (server-sent events; the name of the message is the SSE event name, the
 * id is the number of the commit). A listener keeps its own copy of the resources:
 *
 *   ready     it has been told of everything up to `seq`; sent once after the catching up
 *   changed   the resource as it is now
 *   deleted   it is gone, or may not be seen any more
 *   sampled   what passes of a vm or host (only with `samples=true`); has no id of its own
 *   open      its person asks, from elsewhere, to see this here (only with `opens=true`); to one listener of theirs
 *   settings  those of the installation have changed, whatever kinds are watched: what one may see of them is asked for;
 *             it tells what everybody may know of them
 *   reset     what was missed cannot be told (too long ago, or rights changed): read the lists again
 */
import { z } from 'zod';
import { hostLoadSchema } from './host.ts';
import { idSchema, kinds } from './ids.ts';
import { vmStandingSchema, vmStateSchema } from './vm/state-schema.ts';
import { vmStatusSchema } from './vm/vm.ts';

/**
 * Kinds of resources that can be watched. A team is told when it is changed itself; the states of its members
 * are told with its vms.
 */
export const watchedKinds = [
  'vm',
  'host',
  'folder',
  'image',
  'team',
  'network',
  'operation',
] as const;
export type WatchedKind = (typeof watchedKinds)[number];

/** How many vms and hosts a listener may name as those whose samples it wants: as many ids as a URL holds. */
export const maxSampledThings = 200;

export const openWishSchema = z.strictObject({ kind: z.literal('vm'), id: idSchema });
/** What a console is asked to open. */
export type OpenWish = z.infer<typeof openWishSchema>;

export const watchMessageSchemas = {
  ready: z.strictObject({ seq: z.number().int().min(0) }),
  changed: z.strictObject({ kind: z.enum(kinds), id: z.string(), resource: z.unknown() }),
  deleted: z.strictObject({ kind: z.enum(kinds), id: z.string() }),
  sampled: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('vm'),
      id: z.string(),
      state: vmStateSchema,
      standing: vmStandingSchema,
      status: vmStatusSchema,
    }),
    z.strictObject({ kind: z.literal('host'), id: z.string(), load: hostLoadSchema.nullable() }),
  ]),
  open: openWishSchema,
  settings: z.strictObject({
    tls: z.boolean().meta({ description: 'whether nothing is served without TLS' }),
  }),
  reset: z.strictObject({ reason: z.string() }),
} as const;

export type WatchMessageName = keyof typeof watchMessageSchemas;
export type WatchMessage = {
  readonly [N in WatchMessageName]: {
    readonly event: N;
    readonly data: z.infer<(typeof watchMessageSchemas)[N]>;
  };
}[WatchMessageName];
