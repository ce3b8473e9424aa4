import { closing, endOf, type Token } from './tokens.ts';

/**
 * Where functions begin and end, by nothing but parentheses and braces: a second opinion to the
 * parser's, which recovers from what it cannot read and then may be wrong.
 */

export interface Extent {
  readonly start: number;
  readonly open: number;
  /** After the closing brace; null where there is none. */
  readonly end: number | null;
  /**
   * What has arguments in front of the body: the name of the function is one of them. None where a
   * macro makes it, and has all that is in front of the body.
   */
  readonly calls: readonly string[];
}

export function extentsOf(tokens: readonly Token[]): Extent[] {
  const found: Extent[] = [];
  let header = 0;
  for (let at = 0; at < tokens.length; at++) {
    const { text } = tokens[at]!;
    if (text === '(') at = closing(tokens, at) ?? at;
    if (text === ';' || text === '}') header = at + 1;
    if (text !== '{') continue;
    const close = closing(tokens, at);
    const extent = functionAt(tokens, header, at, close);
    if (extent) found.push(extent);
    at = close ?? at;
    // What is no function, such as a struct, goes on to its `;`.
    if (extent) header = at + 1;
  }
  return found;
}

function functionAt(
  tokens: readonly Token[],
  header: number,
  open: number,
  close: number | null,
): Extent | null {
  if (tokens.slice(header, open).some(({ text }) => text === '=' || text === '{')) return null;
  const start = afterCalls(tokens, header);
  const calls: string[] = [];
  for (let at = start; at < open; at++) {
    if (tokens[at]!.text !== '(') continue;
    // The name of a function that returns a pointer to one is inside the parentheses.
    const inner = isWord(tokens[at - 1])
      ? at
      : tokens.findIndex((token, n) => n > at && n < open && token.text === '(');
    if (inner > start && isWord(tokens[inner - 1])) calls.push(tokens[inner - 1]!.text);
    at = closing(tokens, at) ?? at;
  }
  if (calls.length === 0 && (start < open || start === header)) return null;
  const end = close === null ? null : endOf(tokens[close]!);
  return { start: tokens[start]!.start, open: tokens[open]!.start, end, calls };
}

/** Behind macros that take no `;`, as `subsys_initcall(init)`. */
function afterCalls(tokens: readonly Token[], header: number): number {
  if (!isWord(tokens[header]) || tokens[header + 1]?.text !== '(') return header;
  const close = closing(tokens, header + 1);
  return close === null ? header : afterCalls(tokens, close + 1);
}

function isWord(token: Token | undefined): boolean {
  return token !== undefined && /^[A-Za-z_]/.test(token.text);
}
