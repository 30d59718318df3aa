/** `<iotune>` of a `<disk>`: its limits as somebody wants them. Where nothing is said there are none. */
import { diskLimitsSchema, limitsSaid, type DiskLimits } from '#api';
import { find, iotuneRates, iotuneWords, limitsOfIotune, textOf, type XmlNode } from '#foreign';
import { libvirtFault } from '#libvirt';
import { countOf, type Lost } from './xml-words.ts';

/** Errors: XML_ERROR, INVALID_ARG. Limits that disks share by `group_name` are refused with all else that a vm has not. */
export function readIotune(disk: XmlNode, lost: Lost): DiskLimits | undefined {
  const iotune = find(disk, 'iotune');
  lost.others(iotune, 'disk iotune', iotuneWords);
  const told = new Map(
    (iotune?.children ?? [])
      .filter(({ name }) => iotuneWords.includes(name))
      .map((node) => [node.name, countOf(textOf(node), `iotune/${node.name}`) ?? 0]),
  );
  return requireLimits(told);
}

/** Errors: INVALID_ARG in libvirt's words for what it is about. */
export function requireLimits(told: ReadonlyMap<string, number>): DiskLimits | undefined {
  for (const word of Object.values(iotuneRates))
    for (const more of [`${word}_max`, `${word}_max_length`])
      if ((told.get(more) ?? 0) > 0 && (told.get(word) ?? 0) === 0)
        throw invalid(`${more} is of a burst above ${word}, which is not set`);
  const parsed = diskLimitsSchema.safeParse(limitsOfIotune(told));
  if (parsed.success) return limitsSaid(parsed.data);
  const [issue] = parsed.error.issues;
  throw invalid(`${issue?.path.join('.') ?? 'iotune'}: ${issue?.message ?? 'is no limit'}`);
}

function invalid(text: string): Error {
  return libvirtFault('INVALID_ARG', `invalid argument: ${text}`);
}
