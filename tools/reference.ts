/** The manual's reference pages, out of the tables they describe. `npm run gen` writes them; a test holds them current. */
import { z } from 'zod';
import {
  builtInRoles,
  eventCatalogue,
  routes,
  verbs,
  vmActionFacts,
  vmActions,
  vmStateFacts,
  vmStates,
  vmDefinitionSchema,
  guestCatalogue,
  type Route,
  type VmAction,
} from '#api';
import { commands } from '../src/cli/commands/mod.ts';
import { commandHelp, nouns } from '../src/cli/help.ts';

const generated = '<!-- made by npm run gen; change the table it is made from instead -->\n';

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
}

function statesPage(): string {
  const actions = Object.keys(vmActions) as VmAction[];
  return `${generated}# States and actions of a vm

Numbers are stable, for scripts; 0 to 9 are those of Virtual Server 2005.

${table(
  ['number', 'state', 'sign', 'lasts', 'process exists'],
  vmStates.map((state) => [
    String(vmStateFacts[state].number),
    state,
    vmStateFacts[state].glyph,
    vmStateFacts[state].stable ? 'yes' : 'no',
    vmStateFacts[state].live ? 'yes' : 'no',
  ]),
)}

${table(
  ['action', 'what it does', 'allowed in', 'leads to', 'right'],
  actions.map((action) => {
    const facts = vmActionFacts(action);
    return [
      `\`${action}\``,
      facts.meaning,
      facts.from.join(', '),
      facts.to ?? '',
      `\`${facts.right}\``,
    ];
  }),
)}
`;
}

function typesOf(facts: (typeof eventCatalogue)[keyof typeof eventCatalogue]): string {
  if (!('typeWhere' in facts)) return facts.type;
  const { attribute, value, type } = facts.typeWhere;
  return `${facts.type}; ${type} where ${attribute} is ${value}`;
}

function eventsPage(): string {
  return `${generated}# Events

${table(
  ['event', 'number', 'category', 'type', 'about', 'message', 'attributes'],
  Object.entries(eventCatalogue).map(([name, facts]) => [
    `\`${name}\``,
    String(facts.number),
    facts.category,
    typesOf(facts),
    facts.target,
    facts.message,
    Object.entries(facts.attributes)
      .map(([key, meaning]) => `\`${key}\`: ${meaning}`)
      .join('; '),
  ]),
)}
`;
}

function rightsPage(): string {
  return `${generated}# Rights and roles

${table(
  ['right', 'allows to'],
  Object.entries(verbs).map(([verb, meaning]) => [`\`${verb}\``, meaning]),
)}

${table(
  ['role', 'meaning', 'rights'],
  Object.entries(builtInRoles).map(([name, role]) => [
    `\`${name}\``,
    role.meaning,
    role.verbs.map((verb) => `\`${verb}\``).join(' '),
  ]),
)}
`;
}

function apiPage(): string {
  const rows = Object.entries(routes).map(([name, entry]) => {
    const route: Route = entry;
    return {
      group: route.group,
      cells: [
        `\`${route.method} ${route.path}\``,
        route.summary,
        `\`${name}\``,
        route.right === 'public' || route.right === 'self' ? route.right : `\`${route.right}\``,
        route.answer,
      ],
    };
  });
  const groups = [...new Set(rows.map((row) => row.group))];
  return `${generated}# The API

Below \`/api/v1\`; the whole of it with all schemas is OpenAPI 3.1 at \`/api/v1/openapi.json\`, a readable page at \`/api\`.
\`public\` needs no identity, \`self\` only an identity.

${groups
  .map(
    (group) =>
      `## ${group}\n\n${table(
        ['route', 'what it does', 'name', 'right', 'answer'],
        rows.filter((row) => row.group === group).map((row) => row.cells),
      )}`,
  )
  .join('\n\n')}
`;
}

function cliPage(): string {
  const visible = commands.filter((command) => !command.name.startsWith('__'));
  const nounOf = (name: string): string => (name.includes(' ') ? (name.split(' ')[0] ?? '') : '');
  const parts = Object.entries(nouns).map(([noun, meaning]) => {
    const own = visible.filter((command) => nounOf(command.name) === noun);
    return `## ${noun === '' ? meaning : `${noun}: ${meaning}`}\n\n${own.map((command) => `### gantry ${command.name}\n\n\`\`\`text\n${withoutCommon(commandHelp(command, 0)).join('\n')}\n\`\`\``).join('\n\n')}`;
  });
  const [first] = visible;
  return `${generated}# The command line

Every command takes:

\`\`\`text
${first === undefined ? '' : common(commandHelp(first, 0)).join('\n')}
\`\`\`

${parts.join('\n\n')}
`;
}

function common(lines: readonly string[]): readonly string[] {
  const from = lines.indexOf('common options:');
  return lines.slice(from + 1, lines.indexOf('examples:') - 1);
}

function withoutCommon(lines: readonly string[]): readonly string[] {
  const from = lines.indexOf('common options:');
  return [...lines.slice(0, from), ...lines.slice(lines.indexOf('examples:'))];
}

interface Node {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly allOf?: readonly Node[];
  readonly $ref?: string;
}

function shape(node: Node): string {
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  const inner = node.anyOf ?? node.oneOf;
  if (inner !== undefined) return [...new Set(inner.map(shape))].join(' or ');
  if (node.type === 'array')
    return `list of ${node.items === undefined ? 'anything' : shape(node.items)}`;
  const bounds =
    node.minimum !== undefined &&
    node.maximum !== undefined &&
    node.maximum < Number.MAX_SAFE_INTEGER
      ? ` ${node.minimum} to ${node.maximum}`
      : '';
  return `${node.type ?? 'anything'}${bounds}`;
}

/** Every setting of a vm by its path, from the schema. */
function settingsPage(): string {
  const schema = z.toJSONSchema(vmDefinitionSchema, {
    io: 'output',
    unrepresentable: 'any',
    reused: 'inline',
  }) as Node & { $defs?: Record<string, Node> };
  const rows: string[][] = [];
  const resolve = (node: Node): Node => {
    if (node.$ref === undefined) return node;
    return { ...schema.$defs?.[node.$ref.slice('#/$defs/'.length)], ...node };
  };
  const walk = (given: Node, path: string, depth: number): void => {
    const node = resolve(given);
    if (node.properties !== undefined && depth < 8) {
      for (const [name, inner] of Object.entries(node.properties))
        walk(inner, path === '' ? name : `${path}.${name}`, depth + 1);
      return;
    }
    const item = node.items === undefined ? undefined : resolve(node.items);
    rows.push([
      `\`${path}\``,
      item?.properties === undefined ? shape(node) : 'list',
      node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``,
      node.description ?? '',
    ]);
    if (item?.properties !== undefined) walk(item, `${path}[]`, depth + 1);
  };
  walk(schema, '', 0);
  return `${generated}# Settings of a vm

As \`gantry vm set NAME PATH=VALUE\` and \`gantry vm show NAME -o json\` (below \`definition\`) name them. Sizes are bytes; the command line
takes units.

${table(['path', 'value', 'default', 'meaning'], rows)}

## Guest operating systems

${table(
  ['id', 'name', 'support', 'profile', 'known problems'],
  guestCatalogue.map((guest) => [
    `\`${guest.id}\``,
    guest.name,
    guest.support,
    guest.profile,
    [...guest.incompatibilities.map(({ text }) => text), ...guest.notes].join('; '),
  ]),
)}
`;
}

/** File name below docs/manual/reference, and text. */
export function referencePages(): Readonly<Record<string, string>> {
  return {
    'cli.md': cliPage(),
    'api.md': apiPage(),
    'events.md': eventsPage(),
    'states.md': statesPage(),
    'rights.md': rightsPage(),
    'settings.md': settingsPage(),
  };
}
