import type { Node, Parser } from 'web-tree-sitter';
import { isAttribute, plain } from './attributes.ts';
import { type Conditionals, conditionalsOf } from './conditionals.ts';
import { type Extent, extentsOf } from './definitions.ts';
import { parser } from './parser.ts';
import { normalLines, normalText, type Token, tokensOf } from './tokens.ts';

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
  const c = await parser();
  const found = conditionals.readings.flatMap((reading) => definitionsIn(reading, c));
  const tokens = tokensOf(text);
  const merged = merge(found.map((each) => withAttributes(tokens, each)));
  return merged.map((each, at) => functionOf(text, each, merged[at + 1], conditionals));
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

function definitionsIn(reading: string, c: Parser): Definition[] {
  const text = plain(reading);
  const tree = c.parse(text);
  if (!tree) throw new Error('the parser of C gave up');
  try {
    const parsed = new Map<number, Node>();
    for (const node of definitionNodes(tree.rootNode)) {
      parsed.set(node.childForFieldName('body')!.startIndex, node);
    }
    return extentsOf(tokensOf(text))
      .filter(({ macro }) => !macro)
      .map((extent) => definitionOf(extent, parsed.get(extent.open), text.length));
  } finally {
    tree.delete();
  }
}

function definitionOf(extent: Extent, node: Node | undefined, length: number): Definition {
  const { open: body, end } = extent;
  const named = node ? nameOf(node) : null;
  const name = named ?? extent.calls[0]!;
  const start = named ? node!.startIndex : extent.start;
  let doubt: string | null = null;
  if (end === null) doubt = 'its braces are not closed';
  else if (!node || named === null) doubt = 'the parser cannot read what stands before its body';
  else if (node.endIndex !== end) doubt = 'the parser cannot tell where its body ends';
  return { name, start, body, end: end ?? length, doubt, starts: [start] };
}

function definitionNodes(node: Node): Node[] {
  return node.namedChildren.flatMap((child) => {
    if (child === null) return [];
    if (child.type === 'function_definition') return child.childForFieldName('body') ? [child] : [];
    // What it cannot read it puts into one of these, with what it can read again.
    return child.type === 'ERROR' || child.type === 'linkage_specification'
      ? definitionNodes(child)
      : [];
  });
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
  { conditionsAt }: Conditionals,
): CFunction {
  const { name, start, body, starts } = definition;
  let { end, doubt } = definition;
  // One reading may take it for longer than it is, where its braces match in another one only.
  if (next && next.start < end) doubt ??= 'its braces do not match whatever its #if leave of it';
  if (doubt !== null) end = next?.start ?? whole.length;
  const text = whole.slice(start, end).trimEnd();
  const line = rowOf(whole, start) + 1;
  const lines = text.split('\n');
  const conditions = starts.map((each) => conditionsAt(rowOf(whole, each)));
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
function withAttributes(tokens: readonly Token[], definition: Definition): Definition {
  let at = tokens.findIndex(({ start }) => start >= definition.start);
  while (isAttribute(tokens[at - 1]?.text ?? '') && tokens[at - 1]?.directive === 0) at--;
  const start = tokens[at]?.start ?? definition.start;
  return { ...definition, start, starts: [start] };
}

function rowOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length - 1;
}
