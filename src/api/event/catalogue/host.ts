/** Events of hosts and their agents. */
import { none, change, status, type EventFacts } from './facts.ts';

const host = { category: 'Host', target: 'host' } as const;

export const hostEvents = {
  'host.network-service-failed': {
    number: 2001,
    category: 'Network',
    target: 'host',
    type: 'critical',
    message: 'The networks of {target} cannot be served: {reason}',
    attributes: { reason: 'what of the host cannot be used' },
  },
  'host.joined': {
    number: 2002,
    ...host,
    type: 'information',
    message: 'Host {target} joined',
    attributes: { driver: 'its driver' },
  },
  'host.removed': {
    number: 2003,
    ...host,
    type: 'information',
    message: 'Host {target} was removed',
    attributes: none,
  },
  'host.renamed': {
    number: 2004,
    ...host,
    type: 'information',
    message: 'Host {oldName} is now called {target}',
    attributes: { oldName: 'name before' },
  },
  'host.started': {
    number: 2005,
    ...host,
    type: 'information',
    message: 'The virtualization service of {target} started',
    attributes: none,
  },
  'host.stopped': {
    number: 2006,
    ...host,
    type: 'information',
    message: 'The virtualization service of {target} stopped',
    attributes: { cause: 'why' },
  },
  'host.agent.status-changed': {
    number: 2007,
    ...host,
    type: 'warning',
    typeWhere: { attribute: 'newStatus', value: 'ready', type: 'information' },
    message: 'Host {target} is {newStatus} (was {oldStatus}): {cause}',
    attributes: status,
  },
  'host.setting.changed': {
    number: 2008,
    category: 'Setting Change',
    target: 'host',
    type: 'information',
    message: 'The setting {path} of {target} was changed from {oldValue} to {newValue}',
    attributes: change,
  },
  'host.low-resources': {
    number: 2009,
    ...host,
    type: 'critical',
    message: 'Host {target} is critically low on {resource}: {evidence}',
    attributes: { resource: 'memory, disk, processes or file handles', evidence: 'the figures' },
  },
  'host.installation-corrupt': {
    number: 2010,
    ...host,
    type: 'critical',
    message: 'The installation of {target} is damaged: {parts}',
    attributes: { parts: 'affected parts' },
  },
  'host.adapter-changed': {
    number: 2011,
    category: 'Network',
    target: 'host',
    type: 'information',
    message: 'The adapter {adapter} of {target} is used as {use}',
    attributes: { adapter: 'its name', use: 'what it is for' },
  },
  'host.adapter-undone': {
    number: 2012,
    category: 'Network',
    target: 'host',
    type: 'warning',
    message: 'The adapter {adapter} of {target} is used as before: {reason}',
    attributes: { adapter: 'its name', reason: 'why' },
  },
} as const satisfies Record<string, EventFacts>;
