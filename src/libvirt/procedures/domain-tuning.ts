/** A domain's resources: processors, memory, scheduling, NUMA, I/O threads, and their limits. */
import { read, write } from './entry.ts';
import { domain } from './handle.ts';
import { bytes, int, list, params, string, struct, uhyper, uint } from '../wire/shape.ts';

const vcpuInfo = struct({ number: uint, state: int, cpu_time: uhyper, cpu: int });

const memoryStat = struct({ tag: int, val: uhyper });

const iothreadInfo = struct({ iothread_id: uint, cpumap: bytes });

export const domainTuningProcedures = {
  DOMAIN_GET_MAX_MEMORY: read(17, { dom: domain }, { memory: uhyper }),
  DOMAIN_GET_MAX_VCPUS: read(18, { dom: domain }, { num: int }),
  DOMAIN_GET_VCPUS: read(
    20,
    { dom: domain, maxinfo: int, maplen: int },
    { info: list(vcpuInfo), cpumaps: bytes },
  ),
  DOMAIN_PIN_VCPU: write(26, { dom: domain, vcpu: uint, cpumap: bytes }, {}),
  DOMAIN_SET_MAX_MEMORY: write(30, { dom: domain, memory: uhyper }, {}),
  DOMAIN_SET_MEMORY: write(31, { dom: domain, memory: uhyper }, {}),
  DOMAIN_SET_VCPUS: write(32, { dom: domain, nvcpus: uint }, {}),
  DOMAIN_GET_SCHEDULER_TYPE: read(56, { dom: domain }, { type: string, nparams: int }),
  DOMAIN_GET_SCHEDULER_PARAMETERS: read(57, { dom: domain, nparams: int }, { params: params(16) }),
  DOMAIN_SET_SCHEDULER_PARAMETERS: write(58, { dom: domain, params: params(16) }, {}),
  DOMAIN_MEMORY_STATS: read(
    159,
    { dom: domain, maxStats: uint, flags: uint },
    { stats: list(memoryStat, 1024) },
  ),
  DOMAIN_SET_MEMORY_PARAMETERS: write(197, { dom: domain, params: params(16), flags: uint }, {}),
  DOMAIN_GET_MEMORY_PARAMETERS: read(
    198,
    { dom: domain, nparams: int, flags: uint },
    { params: params(16), nparams: int },
  ),
  DOMAIN_SET_VCPUS_FLAGS: write(199, { dom: domain, nvcpus: uint, flags: uint }, {}),
  DOMAIN_GET_VCPUS_FLAGS: read(
    200,
    { dom: domain, flags: uint },
    { num: int },
    { arg: 'flags', bits: 8 },
  ),
  DOMAIN_SET_MEMORY_FLAGS: write(204, { dom: domain, memory: uhyper, flags: uint }, {}),
  DOMAIN_SET_BLKIO_PARAMETERS: write(205, { dom: domain, params: params(16), flags: uint }, {}),
  DOMAIN_GET_BLKIO_PARAMETERS: read(
    206,
    { dom: domain, nparams: int, flags: uint },
    { params: params(16), nparams: int },
  ),
  DOMAIN_SET_SCHEDULER_PARAMETERS_FLAGS: write(
    219,
    { dom: domain, params: params(16), flags: uint },
    {},
  ),
  DOMAIN_GET_SCHEDULER_PARAMETERS_FLAGS: read(
    223,
    { dom: domain, nparams: int, flags: uint },
    { params: params(16) },
  ),
  DOMAIN_PIN_VCPU_FLAGS: write(225, { dom: domain, vcpu: uint, cpumap: bytes, flags: uint }, {}),
  DOMAIN_GET_VCPU_PIN_INFO: read(
    230,
    { dom: domain, ncpumaps: int, maplen: int, flags: uint },
    { cpumaps: bytes, num: int },
  ),
  DOMAIN_SET_NUMA_PARAMETERS: write(254, { dom: domain, params: params(16), flags: uint }, {}),
  DOMAIN_GET_NUMA_PARAMETERS: read(
    255,
    { dom: domain, nparams: int, flags: uint },
    { params: params(16), nparams: int },
  ),
  DOMAIN_GET_CPU_STATS: read(
    262,
    { dom: domain, nparams: uint, start_cpu: int, ncpus: uint, flags: uint },
    { params: params(2048), nparams: int },
  ),
  DOMAIN_PIN_EMULATOR: write(279, { dom: domain, cpumap: bytes, flags: uint }, {}),
  DOMAIN_GET_EMULATOR_PIN_INFO: read(
    280,
    { dom: domain, maplen: int, flags: uint },
    { cpumaps: bytes, ret: int },
  ),
  DOMAIN_SET_MEMORY_STATS_PERIOD: write(308, { dom: domain, period: int, flags: uint }, {}),
  DOMAIN_GET_IOTHREAD_INFO: read(
    351,
    { dom: domain, flags: uint },
    { info: list(iothreadInfo), ret: uint },
  ),
  DOMAIN_PIN_IOTHREAD: write(
    352,
    { dom: domain, iothreads_id: uint, cpumap: bytes, flags: uint },
    {},
  ),
  DOMAIN_ADD_IOTHREAD: write(355, { dom: domain, iothread_id: uint, flags: uint }, {}),
  DOMAIN_DEL_IOTHREAD: write(356, { dom: domain, iothread_id: uint, flags: uint }, {}),
  DOMAIN_GET_PERF_EVENTS: read(365, { dom: domain, flags: uint }, { params: params(64) }),
  DOMAIN_SET_PERF_EVENTS: write(366, { dom: domain, params: params(64), flags: uint }, {}),
  DOMAIN_SET_VCPU: write(384, { dom: domain, cpumap: string, state: int, flags: uint }, {}),
  DOMAIN_SET_IOTHREAD_PARAMS: write(
    402,
    { dom: domain, iothread_id: uint, params: params(64), flags: uint },
    {},
  ),
  DOMAIN_START_DIRTY_RATE_CALC: write(427, { dom: domain, seconds: int, flags: uint }, {}),
} as const;
