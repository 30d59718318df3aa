/** Test material: one plain value of any shape, and the leaves of a value in the order of the wire. */
import { unreachable } from '#lib';
import type { Shape, TypedParam } from '../wire/shape.ts';

export interface SampleOptions {
  readonly optional: 'absent' | 'there';
  readonly listLength: number;
}

/** Values in which every member differs from its neighbours, so that none can stand for another. */
export function sampleOf(shape: Shape, options: SampleOptions, counter = { next: 1 }): unknown {
  const take = (): number => {
    counter.next += 1;
    return counter.next;
  };
  switch (shape.kind) {
    case 'int':
      return -take();
    case 'uint':
      return 0xffff_0000 + take();
    case 'u8':
      return take() & 0xff;
    case 'u16':
      return take() & 0xffff;
    case 'double':
      return take() + 0.5;
    case 'hyper':
      return -(2n ** 40n) - BigInt(take());
    case 'uhyper':
      return 2n ** 63n + BigInt(take());
    case 'string':
      return `text${take()}`;
    case 'text':
      return 't';
    case 'uuid':
      return `00000000-1111-4222-8333-${String(take()).padStart(12, '0')}`;
    case 'bytes':
    case 'chars':
      return Buffer.from([take() & 0x7f, 7, 9]);
    case 'optional':
      return options.optional === 'absent' ? null : sampleOf(shape.of, options, counter);
    case 'list': {
      const length = Math.min(options.listLength, shape.maxLength);
      return Array.from({ length }, () => sampleOf(shape.of, options, counter));
    }
    case 'struct':
      return Object.fromEntries(
        Object.entries(shape.fields).map(([name, field]) => [
          name,
          sampleOf(field, options, counter),
        ]),
      );
    case 'typed-param':
      return sampleParam(take());
    default:
      return unreachable(shape);
  }
}

function sampleParam(count: number): TypedParam {
  const field = `param${count}`;
  switch (count % 7) {
    case 0:
      return { field, type: 'int', value: -count };
    case 1:
      return { field, type: 'uint', value: count };
    case 2:
      return { field, type: 'hyper', value: -BigInt(count) };
    case 3:
      return { field, type: 'uhyper', value: BigInt(count) };
    case 4:
      return { field, type: 'double', value: count + 0.5 };
    case 5:
      return { field, type: 'bool', value: true };
    default:
      return { field, type: 'string', value: `value${count}` };
  }
}
