/** How each family of events is subscribed to: its procedures and the member that names one object. */
import type { EventFamily } from './entry.ts';
import type { PlainProcedureName } from './table.ts';

interface FamilyFacts {
  readonly register: PlainProcedureName;
  readonly deregister: PlainProcedureName;
  /** The member of the arguments that limits a subscription to one object. */
  readonly filter: string;
}

export const eventFamilies = {
  domain: {
    register: 'CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY',
    deregister: 'CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY',
    filter: 'dom',
  },
  network: {
    register: 'CONNECT_NETWORK_EVENT_REGISTER_ANY',
    deregister: 'CONNECT_NETWORK_EVENT_DEREGISTER_ANY',
    filter: 'net',
  },
  'storage-pool': {
    register: 'CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY',
    deregister: 'CONNECT_STORAGE_POOL_EVENT_DEREGISTER_ANY',
    filter: 'pool',
  },
  'node-device': {
    register: 'CONNECT_NODE_DEVICE_EVENT_REGISTER_ANY',
    deregister: 'CONNECT_NODE_DEVICE_EVENT_DEREGISTER_ANY',
    filter: 'dev',
  },
  secret: {
    register: 'CONNECT_SECRET_EVENT_REGISTER_ANY',
    deregister: 'CONNECT_SECRET_EVENT_DEREGISTER_ANY',
    filter: 'secret',
  },
} as const satisfies Record<EventFamily, FamilyFacts>;
