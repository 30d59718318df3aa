/**
 * What libvirt's clients ask to be changed and Gantry does not let them change, or not in that way: one table of what to do instead.
 * Questions that have no answer here are not in it: clients go on without them when they are told "not supported".
 */
import { libvirtFault, type Handlers } from '#libvirt';

const adapters =
  'adapters of hosts are set by Gantry: gantry host adapters, gantry host set-adapter';
const filters = 'packet filters cannot be defined here: networks of Gantry have their own rules';
const monitor =
  'who reaches the monitor of a vm reaches its host; of libvirt hosts it is an extension: gantry vm extension';

const refusals = {
  INTERFACE_DEFINE_XML: adapters,
  INTERFACE_UNDEFINE: adapters,
  INTERFACE_CREATE: adapters,
  INTERFACE_DESTROY: adapters,
  INTERFACE_CHANGE_BEGIN: adapters,
  INTERFACE_CHANGE_COMMIT: adapters,
  INTERFACE_CHANGE_ROLLBACK: adapters,
  NWFILTER_DEFINE_XML: filters,
  NWFILTER_DEFINE_XML_FLAGS: filters,
  NWFILTER_UNDEFINE: filters,
  NWFILTER_BINDING_CREATE_XML: filters,
  NWFILTER_BINDING_DELETE: filters,
  QEMU_DOMAIN_MONITOR_COMMAND: monitor,
} as const satisfies Partial<Record<keyof Handlers, string>>;

export const refusedCalls = Object.fromEntries(
  Object.entries(refusals).map(([procedure, why]) => [
    procedure,
    (): never => {
      throw libvirtFault('OPERATION_UNSUPPORTED', why);
    },
  ]),
  // Each of them answers nothing, which is an answer of any procedure.
) as { readonly [P in keyof typeof refusals]: () => never };
