/** Events of networks. */
import { none, change, type EventFacts } from './facts.ts';

const network = { category: 'Network', target: 'network' } as const;

export const networkEvents = {
  'network.created': {
    number: 4001,
    ...network,
    type: 'information',
    message: 'Network {target} was created',
    attributes: { type: 'internal, host-only, nat or bridged' },
  },
  'network.deleted': {
    number: 4002,
    ...network,
    type: 'information',
    message: 'Network {target} was deleted',
    attributes: none,
  },
  'network.setting.changed': {
    number: 4003,
    category: 'Setting Change',
    target: 'network',
    type: 'information',
    message: 'The setting {path} of network {target} was changed from {oldValue} to {newValue}',
    attributes: change,
  },
  'network.failed': {
    number: 4004,
    ...network,
    type: 'error',
    typeWhere: { attribute: 'state', value: 'degraded', type: 'warning' },
    message: 'Network {target} is {state} on host {host}: {reason}',
    attributes: { host: 'name of the host', state: 'degraded or down', reason: 'why' },
  },
  'network.restored': {
    number: 4005,
    ...network,
    type: 'information',
    message: 'Network {target} is ready again on host {host}',
    attributes: { host: 'name of the host' },
  },
  'network.service-moved': {
    number: 4006,
    ...network,
    type: 'information',
    message: 'The service of network {target} moved from host {from} to host {to}',
    attributes: { from: 'name of the host that served', to: 'name of the host that serves' },
  },
  'network.environment-mixed': {
    number: 4007,
    ...network,
    type: 'warning',
    message: 'Network {target}, tagged {environment}, has adapters of vms tagged {other}: {count}',
    attributes: {
      environment: 'test or production',
      other: 'the other one',
      count: 'how many adapters',
    },
  },
  'network.mended': {
    number: 4008,
    ...network,
    type: 'warning',
    message: 'Network {target} was mended on host {host}: {what}',
    attributes: {
      host: 'name of the host',
      network: 'its id',
      what: 'what somebody had taken away or changed; for the same thing once a minute, with how often',
    },
  },
} as const satisfies Record<string, EventFacts>;
