/**
 * The readable page of the API: one HTML document out of the route table, the fault table and the event
 * catalogue, without scripts or anything from elsewhere. Its one style sheet is allowed by its hash.
 */
import { createHash } from 'node:crypto';
import { faultCodes } from '#lib';
import { buildOpenApi, eventCatalogue, routes, type Route } from '#api';

export interface Page {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

const style = `
:root { color-scheme: light dark; --line: #8884; --dim: color-mix(in srgb, currentColor 65%, transparent); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 0.25rem; } p { margin: 0.25rem 0; }
code, pre { font: 0.875rem/1.4 ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.2rem 0.75rem 0.2rem 0; border-top: 1px solid var(--line); }
th { font-weight: 600; } .dim { color: var(--dim); } nav a { margin-right: 1rem; }
.method { display: inline-block; min-width: 4rem; font-weight: 600; }
details { margin: 0.25rem 0; } summary { cursor: pointer; }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid var(--line); border-radius: 4px; }
`;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description?: string;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function describeRight(right: Route['right']): string {
  if (right === 'public') return 'open to everybody';
  if (right === 'self') return 'takes a proof of identity';
  if (right === 'agent') return "takes a host's certificate";
  return `takes the right <code>${right}</code>`;
}

/** Schemas as the document has them, with references left as names. */
function describeSchema(schema: unknown): string {
  return `<pre>${escape(JSON.stringify(schema, undefined, 2))}</pre>`;
}

function describeRoute(name: string, route: Route, operation: Record<string, unknown>): string {
  const parameters = (operation['parameters'] as readonly Parameter[]).map(
    (parameter) =>
      `<tr><td><code>${escape(parameter.name)}</code></td><td>${parameter.in}${
        parameter.required ? ', needed' : ''
      }</td><td>${escape(parameter.description ?? '')}</td></tr>`,
  );
  const body = operation['requestBody'] as
    { readonly content: Record<string, { readonly schema: unknown }> } | undefined;
  const answers: Readonly<Record<Route['answer'], string>> = {
    now: 'answers at once',
    operation: 'begins an operation (202)',
    events: 'server-sent events',
    bytes: route.mediaType ?? 'bytes',
    websocket: 'WebSocket',
  };
  return `<section id="${name}"><h3>${escape(route.summary)}</h3>
<p><code><span class="method">${route.method}</span>/api/v1${escape(route.path)}</code></p>
<p class="dim">${name} · ${describeRight(route.right)} · ${answers[route.answer]}${
    route.conditional ? ' · takes If-Match' : ''
  }${route.upload === undefined ? '' : ` · takes at most ${route.upload.maxBytes} bytes`}</p>
${parameters.length === 0 ? '' : `<table>${parameters.join('')}</table>`}
${
  body === undefined || route.upload !== undefined
    ? ''
    : `<details><summary>Body</summary>${describeSchema(body.content['application/json']?.schema)}</details>`
}</section>`;
}

/** The whole page; made once. */
export function buildApiPage(version: string): Page {
  const document = buildOpenApi(version) as {
    readonly paths: Record<string, Record<string, Record<string, unknown>>>;
    readonly components: { readonly schemas: Record<string, unknown> };
  };
  const groups = new Map<string, string[]>();
  for (const [name, entry] of Object.entries(routes)) {
    const route: Route = entry;
    const operation = document.paths[route.path]?.[route.method.toLowerCase()] ?? {
      parameters: [],
    };
    const list = groups.get(route.group) ?? [];
    list.push(describeRoute(name, route, operation));
    groups.set(route.group, list);
  }
  const faults = Object.entries(faultCodes).map(
    ([code, { status, retry, meaning }]) =>
      `<tr id="fault-${code}"><td><code>${code}</code></td><td>${status}</td><td>${meaning}${
        retry ? '; the same request may succeed later' : ''
      }</td></tr>`,
  );
  const events = Object.entries(eventCatalogue).map(
    ([name, event]) =>
      `<tr id="event-${name}"><td><code>${name}</code></td><td>${event.type}</td><td>${escape(
        event.message,
      )}</td></tr>`,
  );
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      `<details id="schema-${name}"><summary><code>${name}</code></summary>${describeSchema(schema)}</details>`,
  );
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Gantry API</title><style>${style}</style></head><body>
<h1>Gantry API ${escape(version)}</h1>
<p>Everything that console and command line do is done with these routes. For programs:
<a href="/api/v1/openapi.json">OpenAPI 3.1</a>. Lists take filter, sort, fields, limit and cursor;
changes take If-Match, Idempotency-Key and dryRun; faults are problem details (RFC 9457).</p>
<nav>${[...groups.keys()].map((group) => `<a href="#group-${group}">${group}</a>`).join('')}
<a href="#faults">faults</a><a href="#events">events</a><a href="#schemas">schemas</a></nav>
${[...groups].map(([group, list]) => `<h2 id="group-${group}">${group}</h2>${list.join('\n')}`).join('\n')}
<h2 id="faults">Faults</h2><table><tr><th>code</th><th>status</th><th>meaning</th></tr>${faults.join('')}</table>
<h2 id="events">Events</h2><table><tr><th>name</th><th>type</th><th>message</th></tr>${events.join('')}</table>
<h2 id="schemas">Schemas</h2>${schemas.join('\n')}
</body></html>`;
  const hash = createHash('sha256').update(style).digest('base64');
  return {
    html,
    contentSecurityPolicy: `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  };
}
