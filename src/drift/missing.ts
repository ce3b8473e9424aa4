import { isAttribute } from './attributes.ts';
import { conditionalsOf } from './conditionals.ts';
import { digestOf, lineDigest } from './digest.ts';
import type { CFunction } from './functions.ts';
import type { Link, LinkRecord, LinkWord } from './link.ts';
import { closing, type Token, tokensOf } from './tokens.ts';
import type { CFile, Tree } from './tree.ts';

/** Why a function is not where its link says. */
export interface Missing {
  readonly word: LinkWord;
  readonly reason: string;
}

export async function whyMissing(
  { cFile, cFunction, version }: Link,
  file: CFile | null,
  record: LinkRecord | null,
  tree: Tree,
): Promise<Missing> {
  const tokens = tokensOf(file?.text ?? '');
  const here = file && insteadOf(cFunction, tokens, cFile, file);
  if (here) return here;
  const declared = tokens.find((_, n) => headAt(tokens, n, cFunction) === ';');
  const nowhere = declared
    ? `${cFile} only declares ${cFunction}, in line ${declared.row + 1}`
    : file
      ? `${cFile} does not define ${cFunction}`
      : `there is no ${cFile}`;
  const places = await definedIn(cFunction, cFile, tree);
  const [place] = places;
  if (place && places.length === 1) {
    const same = record !== null && place.digest === record.digest ? ', as it was' : '';
    const write = `if it is the same function, write: @models ${place.file} ${cFunction} ${version}`;
    return { word: 'moved', reason: `${nowhere}, but ${at(place)} does${same}; ${write}` };
  }
  if (place) {
    const more = places.length > 5 ? ` and ${places.length - 5} more` : '';
    const all = `${places.slice(0, 5).map(at).join(', ')}${more}`;
    return {
      word: 'moved',
      reason: `${nowhere}, but several files do: ${all}; name the one that is meant`,
    };
  }
  if (declared) return { word: 'declared', reason: `${nowhere}, and no other file defines it` };
  const renamed = file && record ? likest(file.functions, record) : null;
  const perhaps = renamed
    ? `; perhaps it is ${renamed.name} now, in line ${renamed.line}, which has most of its lines`
    : '';
  return {
    word: 'gone',
    reason: `${nowhere}, nor does any other file: it was renamed or removed${perhaps}`,
  };
}

interface Place {
  readonly file: string;
  readonly digest: string;
  readonly line: number;
}

function at({ file, line }: Place): string {
  return `${file}:${line}`;
}

async function definedIn(name: string, but: string, tree: Tree): Promise<Place[]> {
  const places: Place[] = [];
  for (const file of await tree.filesWith(name)) {
    if (file === but) continue;
    const found = (await tree.file(file))?.functions.filter((each) => each.name === name) ?? [];
    if (found[0]) places.push({ file, line: found[0].line, digest: digestOf(found) });
  }
  return places;
}

/** What the file has of that name that is no function to be compared. */
function insteadOf(
  name: string,
  tokens: readonly Token[],
  file: string,
  { text }: CFile,
): Missing | null {
  const made = madeBy(tokens, name);
  if (made) {
    const { macro, row, certain } = made;
    const how = certain ? `${macro} makes it` : `perhaps ${macro} makes it`;
    const why = `${name} has no definition of its own in ${file}: ${how}, in line ${row + 1}`;
    return { word: 'macro', reason: `${why}; a link needs a function that is written out` };
  }
  const macro = tokens.find(
    (token, n) => token.text === name && token.directive > 0 && tokens[n - 1]?.text === 'define',
  );
  if (macro) {
    const why = `${name} is a macro in ${file}, defined in line ${macro.row + 1}`;
    return { word: 'macro', reason: `${why}; a link needs a function` };
  }
  const lost = tokens.find((_, n) => headAt(tokens, n, name) === '{');
  if (!lost) return null;
  const conditions = conditionalsOf(text).conditionsAt(lost.row).join(' && ');
  const under = conditions ? ` under ${conditions}` : '';
  const why = `what looks like ${name} in ${file}, in line ${lost.row + 1}${under}, cannot be read`;
  return { word: 'unreadable', reason: `${why} as a function` };
}

/** What comes after the parameters, if the token there is the name of a function outside all others. */
function headAt(tokens: readonly Token[], n: number, name: string): string | null {
  if (tokens[n]!.text !== name || tokens[n]!.directive > 0 || tokens[n + 1]?.text !== '(')
    return null;
  // A call has no type before it, or an operator.
  if (!/^(?!return$|else$|do$|goto$)[\w*]/.test(tokens[n - 1]?.text ?? '')) return null;
  const close = closing(tokens, n + 1);
  return close === null
    ? null
    : (tokens.slice(close + 1).find(({ text }) => !isAttribute(text))?.text ?? null);
}

/** `SYSCALL_DEFINE2(foo, ...)` makes sys_foo, `DEFINE_SHOW_ATTRIBUTE(foo)` foo_open. */
function madeBy(tokens: readonly Token[], name: string) {
  let depth = 0;
  for (const [n, { text, row, directive }] of tokens.entries()) {
    if (directive > 0) continue;
    if (depth === 0 && tokens[n + 1]?.text === '(' && /^[A-Z][A-Z0-9_]+$/.test(text)) {
      const argument = tokens[n + 2]?.text ?? '';
      const macro = `${text}(${argument}${tokens[n + 3]?.text === ')' ? ')' : ', ...)'}`;
      const certain =
        /^(COMPAT_)?SYSCALL_DEFINE\d$/.test(text) &&
        /^(__\w+?_)?(compat_)?sys_/.test(name) &&
        name.endsWith(`sys_${argument}`);
      const perhaps = argument.length > 2 && `_${name}_`.includes(`_${argument}_`);
      if (certain || perhaps) return { macro, row, certain };
    }
    if (/^[({]$/.test(text)) depth++;
    if (/^[)}]$/.test(text)) depth--;
  }
  return null;
}

/** Has at least two thirds of the lines that were recorded. */
function likest(functions: readonly CFunction[], record: LinkRecord): CFunction | null {
  const recorded = record.definitions.flatMap(({ lines }) => lines).filter((line) => line !== '');
  const shared = ({ normal }: CFunction) => {
    const lines = new Set(normal.map(lineDigest));
    return recorded.filter((line) => lines.has(line)).length;
  };
  const [best] = [...functions].sort((a, b) => shared(b) - shared(a));
  return best && recorded.length > 3 && shared(best) * 3 >= recorded.length * 2 ? best : null;
}
