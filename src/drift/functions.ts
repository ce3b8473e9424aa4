import type { Node, Parser } from 'web-tree-sitter';
import { isAttribute, plain } from './attributes.ts';
import { conditionalsOf } from './conditionals.ts';
import { extentsOf } from './definitions.ts';
import { parser } from './parser.ts';
import { normalLines, normalText, opening, type Token, tokensOf } from './tokens.ts';

/** One definition of a function. There may be several of a name, each under other conditions. */
export interface CFunction {
  readonly name: string;
  /** First and last line of the definition in its file, counted from 1. */
  readonly line: number;
  readonly lastLine: number;
  /** What stands before the body, as tokens. */
  readonly signature: string;
  /** The lines as they are. */
  readonly lines: readonly string[];
  /** The tokens of each line; empty for a line that has none. */
  readonly normal: readonly string[];
  /** All tokens, however they are broken into lines. */
  readonly text: string;
  /** What the preprocessor must find true for it to be compiled, the outermost first. */
  readonly conditions: readonly string[];
  /** Why it is taken to go on to the next definition, and not to where it ends; null where it ends. */
  readonly doubt: string | null;
}

/** All functions that a C file defines, in the order in which they stand. */
export async function functionsIn(text: string): Promise<CFunction[]> {
  const conditionals = conditionalsOf(text);
  const names = new Names(await parser());
  const found = conditionals.readings.flatMap((reading) => definitionsIn(reading, names));
  const tokens = tokensOf(text);
  const places = new Map(tokens.map(({ start }, at) => [start, at]));
  const rowOf = (start: number): number => tokens[places.get(start)!]!.row;
  const merged = merge(found.map((each) => withAttributes(tokens, places.get(each.start)!, each)));
  return merged.map((each, at) => {
    const conditions = each.starts.map((start) => conditionals.conditionsAt(rowOf(start)));
    return functionOf(text, each, merged[at + 1], rowOf(each.start) + 1, conditions);
  });
}

/** Offsets into the file. */
interface Definition {
  readonly name: string;
  readonly start: number;
  readonly body: number;
  readonly end: number;
  readonly doubt: string | null;
  /** Where it starts in some reading. */
  readonly starts: readonly number[];
}

/** Each is parsed by itself, so that what the parser cannot read is no matter to the others. */
function definitionsIn(reading: string, names: Names): Definition[] {
  const text = plain(reading);
  return extentsOf(tokensOf(text)).flatMap(({ start, open: body, end, calls }) => {
    // A macro makes it.
    if (calls.length === 0) return [];
    if (end === null) {
      const doubt = 'its braces are not closed';
      return [{ name: calls[0]!, start, body, end: text.length, doubt, starts: [start] }];
    }
    const name = names.of(text.slice(start, end), body - start);
    const doubt = name === null ? 'the parser cannot read it' : null;
    return [{ name: name ?? calls[0]!, start, body, end, doubt, starts: [start] }];
  });
}

/** What functions are called, as the parser has it. */
class Names {
  private readonly parser: Parser;
  /** Most functions are the same in all readings. */
  private readonly known = new Map<string, string | null>();

  constructor(c: Parser) {
    this.parser = c;
  }

  /** Null unless the text is one function whose body begins there, and ends where the text ends. */
  of(definition: string, body: number): string | null {
    const known = this.known.get(definition);
    if (known !== undefined) return known;
    const tree = this.parser.parse(definition);
    const name = tree && nameIn(tree.rootNode, definition.length, body);
    tree?.delete();
    this.known.set(definition, name);
    return name;
  }
}

function nameIn(root: Node, end: number, body: number): string | null {
  for (const node of root.namedChildren) {
    if (node?.type !== 'function_definition' || node.endIndex !== end) continue;
    if (node.childForFieldName('body')?.startIndex === body) return nameOf(node);
  }
  return null;
}

function nameOf(definition: Node): string | null {
  let node = definition.childForFieldName('declarator');
  while (node && node.type !== 'identifier') {
    node =
      node.childForFieldName('declarator') ??
      node.namedChildren.find((child) => child?.type.endsWith('declarator')) ??
      null;
  }
  return node?.text ?? null;
}

/** Of one function that several readings found, what is in any of them. */
function merge(found: readonly Definition[]): Definition[] {
  const merged: Definition[] = [];
  for (const next of [...found].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const at = merged.findLastIndex(({ name, end }) => name === next.name && next.start < end);
    if (at < 0) merged.push(next);
    else merged[at] = union(merged[at]!, next);
  }
  return merged;
}

function union(a: Definition, b: Definition): Definition {
  return {
    ...a,
    body: Math.max(a.body, b.body),
    end: Math.max(a.end, b.end),
    doubt: a.doubt ?? b.doubt,
    starts: [...a.starts, ...b.starts],
  };
}

function functionOf(
  whole: string,
  definition: Definition,
  next: Definition | undefined,
  line: number,
  conditions: readonly (readonly string[])[],
): CFunction {
  const { name, start, body } = definition;
  let { end, doubt } = definition;
  // One reading may take it for longer than it is, where its braces match in another one only.
  if (next && next.start < end) doubt ??= 'its braces do not match whatever its #if leave of it';
  if (doubt !== null) end = next?.start ?? whole.length;
  const text = whole.slice(start, end).trimEnd();
  const lines = text.split('\n');
  return {
    name,
    line,
    lastLine: line + lines.length - 1,
    signature: normalText(whole.slice(start, body)).replaceAll('\n', ' '),
    lines,
    normal: normalLines(text),
    text: normalText(text),
    conditions: conditions[0]!.filter((each) => conditions.every((all) => all.includes(each))),
    doubt,
  };
}

/** From the first of the attributes that stand before it. */
function withAttributes(
  tokens: readonly Token[],
  place: number,
  definition: Definition,
): Definition {
  let first = place;
  for (let at = first - 1; tokens[at]?.directive === 0; at--) {
    if (tokens[at]!.text === ')') at = (opening(tokens, at) ?? 0) - 1;
    if (!isAttribute(tokens[at]?.text ?? '')) break;
    first = at;
  }
  const { start } = tokens[first]!;
  return { ...definition, start, starts: [start] };
}
