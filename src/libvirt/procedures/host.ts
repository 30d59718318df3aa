/** The host itself: what it is, what it can do, its processors and memory. */
import { read, write } from './entry.ts';
import {
  bytes,
  fixedText,
  int,
  list,
  nullableString,
  params,
  string,
  struct,
  text,
  uhyper,
  uint,
} from '../wire/shape.ts';

const nodeGetCpuStats = struct({ field: string, value: uhyper });

const nodeGetMemoryStats = struct({ field: string, value: uhyper });

export const hostProcedures = {
  CONNECT_GET_TYPE: read(3, {}, { type: string }),
  CONNECT_GET_VERSION: read(4, {}, { hv_ver: uhyper }),
  CONNECT_GET_MAX_VCPUS: read(5, { type: nullableString }, { max_vcpus: int }),
  NODE_GET_INFO: read(
    6,
    {},
    {
      model: fixedText(32),
      memory: uhyper,
      cpus: int,
      mhz: int,
      nodes: int,
      sockets: int,
      cores: int,
      threads: int,
    },
  ),
  CONNECT_GET_CAPABILITIES: read(7, {}, { capabilities: string }),
  CONNECT_GET_HOSTNAME: read(59, {}, { hostname: string }),
  NODE_GET_CELLS_FREE_MEMORY: read(
    101,
    { startCell: int, maxcells: int },
    { cells: list(uhyper, 1024) },
  ),
  NODE_GET_FREE_MEMORY: read(102, {}, { freeMem: uhyper }),
  NODE_GET_SECURITY_MODEL: read(122, {}, { model: text(257), doi: text(257) }),
  CONNECT_DOMAIN_XML_FROM_NATIVE: write(
    135,
    { nativeFormat: string, nativeConfig: string, flags: uint },
    { domainXml: string },
  ),
  CONNECT_DOMAIN_XML_TO_NATIVE: write(
    136,
    { nativeFormat: string, domainXml: string, flags: uint },
    { nativeConfig: string },
  ),
  CONNECT_IS_SECURE: read(149, {}, { secure: int }),
  CONNECT_GET_LIB_VERSION: read(157, {}, { lib_ver: uhyper }),
  CONNECT_COMPARE_CPU: read(158, { xml: string, flags: uint }, { result: int }),
  CONNECT_BASELINE_CPU: read(162, { xmlCPUs: list(string, 256), flags: uint }, { cpu: string }),
  CONNECT_GET_SYSINFO: read(203, { flags: uint }, { sysinfo: string }),
  NODE_GET_CPU_STATS: read(
    227,
    { cpuNum: int, nparams: int, flags: uint },
    { params: list(nodeGetCpuStats, 16), nparams: int },
  ),
  NODE_GET_MEMORY_STATS: read(
    228,
    { nparams: int, cellNum: int, flags: uint },
    { params: list(nodeGetMemoryStats, 16), nparams: int },
  ),
  NODE_SUSPEND_FOR_DURATION: write(250, { target: uint, duration: uhyper, flags: uint }, {}),
  NODE_SET_MEMORY_PARAMETERS: write(288, { params: params(64), flags: uint }, {}),
  NODE_GET_MEMORY_PARAMETERS: read(
    289,
    { nparams: int, flags: uint },
    { params: params(64), nparams: int },
  ),
  NODE_GET_CPU_MAP: read(
    293,
    { need_map: int, need_online: int, flags: uint },
    { cpumap: bytes, online: uint, ret: int },
  ),
  CONNECT_GET_CPU_MODEL_NAMES: read(
    312,
    { arch: string, need_results: int, flags: uint },
    { models: list(string, 8192), ret: int },
  ),
  NODE_GET_FREE_PAGES: read(
    340,
    { pages: list(uint, 1024), startCell: int, cellCount: uint, flags: uint },
    { counts: list(uhyper, 1024) },
  ),
  CONNECT_GET_DOMAIN_CAPABILITIES: write(
    342,
    {
      emulatorbin: nullableString,
      arch: nullableString,
      machine: nullableString,
      virttype: nullableString,
      flags: uint,
    },
    { capabilities: string },
  ),
  NODE_ALLOC_PAGES: write(
    347,
    {
      pageSizes: list(uint, 1024),
      pageCounts: list(uhyper, 1024),
      startCell: int,
      cellCount: uint,
      flags: uint,
    },
    { ret: int },
  ),
  CONNECT_COMPARE_HYPERVISOR_CPU: write(
    393,
    {
      emulator: nullableString,
      arch: nullableString,
      machine: nullableString,
      virttype: nullableString,
      xmlCPU: string,
      flags: uint,
    },
    { result: int },
  ),
  CONNECT_BASELINE_HYPERVISOR_CPU: write(
    394,
    {
      emulator: nullableString,
      arch: nullableString,
      machine: nullableString,
      virttype: nullableString,
      xmlCPUs: list(string, 256),
      flags: uint,
    },
    { cpu: string },
  ),
  NODE_GET_SEV_INFO: write(
    395,
    { nparams: int, flags: uint },
    { params: params(64), nparams: int },
  ),
} as const;
