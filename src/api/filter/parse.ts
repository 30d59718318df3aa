/**
 * The filter language of lists and watches, after Google's AIP-160: `state = running AND (host = h1 OR
 * tags : web) AND NOT name = old`. A bare word or quoted text matches anywhere in the thing's name and
 * text. Adjacent terms mean AND. OR binds stronger than AND, as AIP-160 has it; parentheses help.
 *
 *   filter := sequence { "AND" sequence }    sequence := choice { choice }
 *   choice := term { "OR" term }             term := ["NOT" | "-"] ( "(" filter ")" | comparison | text )
 *   comparison := path ("=" | "!=" | "<" | "<=" | ">" | ">=" | ":") value
 */
import { Fault } from '#lib';

export type Comparator = '=' | '!=' | '<' | '<=' | '>' | '>=' | ':';

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Filter[] }
  | { readonly kind: 'not'; readonly term: Filter }
  | {
      readonly kind: 'compare';
      readonly path: readonly string[];
      readonly comparator: Comparator;
      readonly value: string;
    }
  | { readonly kind: 'text'; readonly text: string };

const maxTerms = 100;
const maxDepth = 20;

interface Token {
  readonly kind: 'word' | 'text' | 'comparator' | 'open' | 'close' | 'minus';
  readonly text: string;
  readonly at: number;
}

const tokenPattern =
  /\s*(?:(\()|(\))|(!=|<=|>=|[=<>:])|"((?:[^"\\]|\\.)*)"|(-)(?=[\w("])|([^\s()=<>:!"]+))/y;

function bad(text: string, at: number, what: string): Fault {
  return new Fault('invalid', `the filter is wrong at character ${at + 1}: ${what}`, {
    hint: 'write for example: state = running AND name : web',
    facts: { filter: text.slice(0, 200), at },
  });
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const source = text.trimEnd();
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < source.length) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(source);
    if (!match) throw bad(text, at, 'a quote is not closed, or a character is out of place');
    const [, open, close, comparator, quoted, minus, word] = match;
    if (open !== undefined) tokens.push({ kind: 'open', text: open, at });
    else if (close !== undefined) tokens.push({ kind: 'close', text: close, at });
    else if (comparator !== undefined) tokens.push({ kind: 'comparator', text: comparator, at });
    else if (quoted !== undefined)
      tokens.push({ kind: 'text', text: quoted.replaceAll(/\\(.)/g, '$1'), at });
    else if (minus !== undefined) tokens.push({ kind: 'minus', text: minus, at });
    else tokens.push({ kind: 'word', text: word ?? '', at });
    if (tokens.length > maxTerms * 4) throw bad(text, at, `more than ${maxTerms} terms`);
  }
  return tokens;
}

/** Parses a filter. Errors: `invalid` naming the character. */
export function parseFilter(text: string): Filter {
  const tokens = tokenize(text);
  let next = 0;
  const peek = (): Token | undefined => tokens[next];
  const isWord = (word: string): boolean => {
    const token = peek();
    return token?.kind === 'word' && token.text === word;
  };

  function conjunction(depth: number): Filter {
    if (depth > maxDepth)
      throw bad(text, peek()?.at ?? 0, `parentheses are nested deeper than ${maxDepth}`);
    const terms = [choice(depth)];
    for (let token = peek(); token !== undefined && token.kind !== 'close'; token = peek()) {
      if (isWord('AND')) next += 1;
      terms.push(choice(depth));
    }
    return terms.length === 1 && terms[0] !== undefined ? terms[0] : { kind: 'and', terms };
  }

  function choice(depth: number): Filter {
    const terms = [term(depth)];
    while (isWord('OR')) {
      next += 1;
      terms.push(term(depth));
    }
    return terms.length === 1 && terms[0] !== undefined ? terms[0] : { kind: 'or', terms };
  }

  function term(depth: number): Filter {
    if (isWord('NOT') || peek()?.kind === 'minus') {
      next += 1;
      if (depth > maxDepth) throw bad(text, peek()?.at ?? 0, 'too many negations');
      return { kind: 'not', term: term(depth + 1) };
    }
    const token = peek();
    next += 1;
    if (token === undefined) throw bad(text, text.length, 'it ends where a term should be');
    if (token.kind === 'open') {
      const inner = conjunction(depth + 1);
      if (peek()?.kind !== 'close')
        throw bad(text, peek()?.at ?? text.length, 'a parenthesis is not closed');
      next += 1;
      return inner;
    }
    if (token.kind !== 'word' && token.kind !== 'text')
      throw bad(text, token.at, `"${token.text}" is out of place`);
    if (token.kind === 'word' && (token.text === 'AND' || token.text === 'OR'))
      throw bad(text, token.at, `${token.text} is out of place`);
    if (token.kind === 'word' && peek()?.kind === 'comparator') return comparison(token);
    return { kind: 'text', text: token.text.toLowerCase() };
  }

  function comparison(field: Token): Filter {
    const comparator = peek()?.text as Comparator;
    next += 1;
    const value = peek();
    next += 1;
    const minus = value?.kind === 'minus' ? peek() : undefined;
    if (minus !== undefined) next += 1;
    const token = minus ?? value;
    if (token === undefined || (token.kind !== 'word' && token.kind !== 'text')) {
      throw bad(
        text,
        token?.at ?? text.length,
        `a value is missing after ${field.text} ${comparator}`,
      );
    }
    const path = field.text.split('.');
    if (path.length > 8 || path.some((part) => part === ''))
      throw bad(text, field.at, `"${field.text}" is not a field`);
    return {
      kind: 'compare',
      path,
      comparator,
      value: minus === undefined ? token.text : `-${token.text}`,
    };
  }

  const result = tokens.length === 0 ? undefined : conjunction(0);
  if (result === undefined) throw bad(text, 0, 'it is empty');
  const rest = peek();
  if (rest !== undefined) throw bad(text, rest.at, `"${rest.text}" is out of place`);
  return result;
}
