import { closing, endOf } from './attributes.ts';
import type { Token } from './tokens.ts';

/**
 * Where functions begin and end, by nothing but parentheses and braces: a second opinion to the
 * parser's, which recovers from what it cannot read and then may be wrong.
 */

export interface Extent {
  /** The first token that belongs to it, as far as one can tell: macros without `;` may precede it. */
  readonly start: number;
  readonly open: number;
  /** After the closing brace; null where there is none. */
  readonly end: number | null;
  /** What is called in front of the body, outside all parentheses: the name is one of them. */
  readonly calls: readonly string[];
  /** It is all in front of the body: a macro makes the function. */
  readonly macro: boolean;
}

export function extentsOf(tokens: readonly Token[]): Extent[] {
  const found: Extent[] = [];
  let header: number = 0;
  for (let at = 0; at < tokens.length; at++) {
    const { text } = tokens[at]!;
    if (text === '(') at = closing(tokens, at) ?? at;
    if (text === ';' || text === '}') header = at + 1;
    if (text !== '{') continue;
    const end = closingBrace(tokens, at);
    const extent = functionAt(tokens, header, at, end);
    if (extent) found.push(extent);
    // What is no function, such as a struct, goes on to its `;`.
    at = end ?? at;
    if (extent) header = at + 1;
  }
  return found;
}

function functionAt(
  tokens: readonly Token[],
  header: number,
  open: number,
  end: number | null,
): Extent | null {
  const calls: number[] = [];
  for (let at = header; at < open; at++) {
    const { text } = tokens[at]!;
    if (text === '=' || text === '{') return null;
    if (text !== '(') continue;
    const before = tokens[at - 1];
    if (before && at > header && /^[A-Za-z_]\w*$/.test(before.text)) calls.push(at - 1);
    // The name of a function that returns a pointer to one is inside.
    else
      for (let inner = at + 1; inner < open; inner++)
        if (tokens[inner]!.text === '(') {
          calls.push(inner - 1);
          break;
        }
    at = closing(tokens, at) ?? at;
  }
  if (calls.length === 0) return null;
  return {
    start: tokens[header]!.start,
    open: tokens[open]!.start,
    end: end === null ? null : endOf(tokens[end]!),
    calls: calls.map((at) => tokens[at]!.text),
    macro: calls[0] === header && calls.length === 1,
  };
}

function closingBrace(tokens: readonly Token[], open: number): number | null {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    const { text } = tokens[at]!;
    if (text === '{') depth++;
    if (text === '}' && --depth === 0) return at;
  }
  return null;
}
