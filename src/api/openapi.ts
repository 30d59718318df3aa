/** OpenAPI 3.1 out of the route table and the schemas (API-05). */
import { z } from 'zod';
import { assert, faultCodes } from '#lib';
import { dryRunSchema } from './dry-run.ts';
import { sessionCookie } from './access.ts';
import { operationSchema } from './operation.ts';
import { problemSchema } from './problem.ts';
import { uploadMediaType, type Route } from './routes/route.ts';
import { routes } from './routes/mod.ts';

type Json = Record<string, unknown>;

/** The one schema without a name of its own that is recursive is any JSON value. */
function componentName(definition: string): string {
  return definition === '__schema0' ? 'Json' : definition;
}

/** Collects named schemas as components while it converts. */
class Components {
  readonly schemas: Record<string, unknown> = {};

  /** JSON Schema 2020-12; a schema with an id becomes a reference to a component. */
  of(schema: z.ZodType, io: 'input' | 'output'): Json {
    const made = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
    }) as Json & { $defs?: Record<string, Json>; $schema?: string; id?: string; $id?: string };
    const { $defs, $schema: _schema, ...rest } = made;
    for (const [name, definition] of Object.entries($defs ?? {}))
      this.#keep(componentName(name), definition, io);
    return this.#point(rest, io);
  }

  #name(id: string, io: 'input' | 'output'): string {
    return io === 'input' ? `${id}Input` : id;
  }

  #keep(id: string, definition: Json, io: 'input' | 'output'): void {
    const name = this.#name(id, io);
    const made = this.#point(definition, io);
    const known = this.schemas[name];
    assert(
      known === undefined || JSON.stringify(known) === JSON.stringify(made),
      `two schemas are called ${name} in the API's document`,
    );
    this.schemas[name] = made;
  }

  /** Local references (#/$defs/X) become references to components; ids of JSON Schema go. */
  #point(value: Json, io: 'input' | 'output'): Json {
    const walk = (node: unknown): unknown => {
      if (Array.isArray(node)) return node.map(walk);
      if (typeof node !== 'object' || node === null) return node;
      const out: Json = {};
      for (const [key, inner] of Object.entries(node)) {
        if (key === 'id' && typeof inner === 'string') continue;
        if (key === '$ref' && typeof inner === 'string' && inner.startsWith('#/$defs/')) {
          out[key] =
            `#/components/schemas/${this.#name(componentName(inner.slice('#/$defs/'.length)), io)}`;
        } else out[key] = walk(inner);
      }
      return out;
    };
    return walk(value) as Json;
  }
}

function parameters(route: Route, components: Components): Json[] {
  const list: Json[] = [];
  for (const [place, schema] of [
    ['path', route.params],
    ['query', route.query],
  ] as const) {
    if (schema === undefined) continue;
    const made = components.of(z.strictObject(schema.shape), 'input') as {
      properties?: Record<string, Json>;
      required?: string[];
    };
    for (const [name, property] of Object.entries(made.properties ?? {})) {
      list.push({
        name,
        in: place,
        required: place === 'path' || (made.required?.includes(name) ?? false),
        ...(typeof property['description'] === 'string'
          ? { description: property['description'] }
          : {}),
        schema: property,
      });
    }
  }
  if (route.conditional)
    list.push({
      name: 'If-Match',
      in: 'header',
      required: false,
      description: 'the version that was read, as an entity tag',
      schema: { type: 'string' },
    });
  if (route.ranges)
    for (const [name, description] of [
      ['Range', 'one range of bytes (RFC 9110 14.2)'],
      ['If-Range', 'entity tag of the content that the range is of'],
    ])
      list.push({ name, in: 'header', required: false, description, schema: { type: 'string' } });
  if (route.method !== 'GET' && route.upload === undefined)
    list.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'a repeated request with the same key has one effect',
      schema: { type: 'string', maxLength: 128 },
    });
  return list;
}

function responses(route: Route, components: Components): Json {
  const problem = {
    description: 'a fault',
    content: { 'application/problem+json': { schema: components.of(problemSchema, 'output') } },
  };
  const json = (schema: z.ZodType): Json => ({
    'application/json': { schema: components.of(schema, 'output') },
  });
  switch (route.answer) {
    case 'now':
      return route.response === undefined
        ? { '204': { description: 'done' }, default: problem }
        : { '200': { description: 'the answer', content: json(route.response) }, default: problem };
    case 'operation':
      return {
        ...(route.query !== undefined && 'dryRun' in route.query.shape
          ? {
              '200': { description: 'with dryRun: what would happen', content: json(dryRunSchema) },
            }
          : {}),
        '202': {
          description: 'work has begun; Location names the operation',
          content: json(operationSchema),
        },
        default: problem,
      };
    case 'events':
      return {
        '200': {
          description: 'server-sent events',
          content: { 'text/event-stream': { schema: { type: 'string' } } },
        },
        default: problem,
      };
    case 'bytes':
      return {
        '200': {
          description: 'the bytes',
          content: { [route.mediaType ?? 'application/octet-stream']: { schema: {} } },
        },
        ...(route.ranges
          ? {
              '206': { description: 'the range that was asked for' },
              '416': { description: 'the content ends before the range' },
            }
          : {}),
        default: problem,
      };
    case 'websocket':
      return { '101': { description: 'a WebSocket (RFC 6455)' }, default: problem };
  }
}

function describeRight(right: Route['right']): Json {
  if (right === 'public' || right === 'self') return {};
  if (right === 'agent') return { description: "Takes a host's certificate." };
  return { description: `Takes the right \`${right}\`.` };
}

/** The whole document. Deterministic: the same table gives the same text. */
export function buildOpenApi(version: string): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const [name, entry] of Object.entries(routes)) {
    const route: Route = entry;
    const item = (paths[route.path] ??= {});
    item[route.method.toLowerCase()] = {
      operationId: name,
      summary: route.summary,
      tags: [route.group],
      ...(route.right === 'public' ? { security: [] } : {}),
      ...describeRight(route.right),
      parameters: parameters(route, components),
      ...(route.body === undefined
        ? {}
        : {
            requestBody: {
              required: true,
              content: { 'application/json': { schema: components.of(route.body, 'input') } },
            },
          }),
      ...(route.upload === undefined
        ? {}
        : {
            requestBody: {
              required: true,
              description: `at most ${route.upload.maxBytes} bytes`,
              content: { [uploadMediaType]: { schema: {} } },
            },
          }),
      responses: responses(route, components),
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Gantry',
      version,
      description: `One control plane for every virtual machine. Faults: ${Object.keys(faultCodes).join(', ')}.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: sessionCookie },
      },
    },
  };
}
