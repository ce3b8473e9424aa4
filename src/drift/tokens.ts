/**
 * The tokens of C without comments and layout. What the preprocessor may leave out counts like all
 * else, so nothing here depends on a configuration.
 */

export interface Token {
  readonly text: string;
  /** Offset in the text that was read. */
  readonly start: number;
  /** Of the line, from 0. */
  readonly row: number;
  /** 0, or the number of the preprocessor's directive that it is part of. */
  readonly directive: number;
}

/** Comments, strings and characters first, since nothing in them is a token. */
const TOKEN =
  /\/\*[\s\S]*?(?:\*\/|$)|\/\/(?:\\\r?\n|[^\n])*|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?|\\\r?\n|\n|[A-Za-z_$][\w$]*|\.?\d(?:[eEpP][+-]|[\w.])*|<<=|>>=|\.\.\.|->|\+\+|--|<<|>>|[<>=!+\-*/%&|^]=|&&|\|\||##|\S/g;

export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let row = 0;
  let directives = 0;
  let directive = 0;
  let starts = true;
  for (const { 0: found, index } of text.matchAll(TOKEN)) {
    if (found === '\n') {
      directive = 0;
      starts = true;
    } else if (!isLayout(found)) {
      if (starts && found === '#') directive = ++directives;
      starts = false;
      tokens.push({ text: found, start: index, row, directive });
    }
    row += found.split('\n').length - 1;
  }
  return tokens;
}

/** A comment, or the end of a line that goes on in the next. */
function isLayout(found: string): boolean {
  return isComment(found) || /^\\\r?\n/.test(found);
}

function isComment(found: string): boolean {
  return found.startsWith('/*') || found.startsWith('//');
}

/** The text with blanks for comments: all else stays where it is. */
export function withoutComments(text: string): string {
  return text.replace(TOKEN, (found) => (isComment(found) ? blank(found) : found));
}

export function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

/** A string for each line of the text: its tokens, or nothing where it has comments at most. */
export function normalLines(text: string): string[] {
  const lines = text.split('\n').map((): string[] => []);
  for (const token of tokensOf(text)) lines[token.row]!.push(token.text);
  return lines.map((line) => line.join(' '));
}

/** All tokens, however they are broken into lines; directives alone end where their line does. */
export function normalText(text: string): string {
  let normal = '';
  let before: Token | null = null;
  for (const token of tokensOf(text)) {
    if (before) normal += token.directive === before.directive ? ' ' : '\n';
    normal += token.text;
    before = token;
  }
  return normal;
}

/** Of what closes the parenthesis or brace given; null where nothing does. */
export function closing(tokens: readonly Token[], open: number): number | null {
  const [opens, closes] = tokens[open]!.text === '(' ? '()' : '{}';
  return matching(tokens, open, opens!, closes!, 1);
}

/** Of what opens the parenthesis given; null where nothing does. */
export function opening(tokens: readonly Token[], close: number): number | null {
  return matching(tokens, close, ')', '(', -1);
}

function matching(
  tokens: readonly Token[],
  from: number,
  deeper: string,
  back: string,
  step: 1 | -1,
): number | null {
  let depth = 0;
  for (let at = from; at in tokens; at += step) {
    const { text } = tokens[at]!;
    if (text === deeper) depth++;
    if (text === back && --depth === 0) return at;
  }
  return null;
}

export function endOf({ start, text }: Token): number {
  return start + text.length;
}
