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
  const made = madeBy(tokens, cFunction);
  if (made?.certain) return { word: 'macro', reason: byMacro(made, cFunction, cFile) };
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
  if (made) return { word: 'macro', reason: byMacro(made, cFunction, cFile) };
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
  shown: string,
  file: CFile,
): Missing | null {
  const macro = tokens.find(
    (token, n) => token.text === name && token.directive > 0 && tokens[n - 1]?.text === 'define',
  );
  if (macro) {
    const why = `${name} is a macro in ${shown}, defined in line ${macro.row + 1}`;
    return { word: 'macro', reason: `${why}; a link needs a function` };
  }
  const lost = lostIn(file, name, shown);
  return lost === null ? null : { word: 'unreadable', reason: lost };
}

/** What looks like a definition of the function and was not read as one; null where there is none. */
export function lostIn({ text, functions }: CFile, name: string, shown: string): string | null {
  const tokens = tokensOf(text);
  const found = functions.filter((each) => each.name === name);
  for (const [n, { row }] of tokens.entries()) {
    if (headAt(tokens, n, name) !== '{') continue;
    if (found.some(({ line, lastLine }) => line <= row + 1 && row + 1 <= lastLine)) continue;
    const conditions = conditionalsOf(text).conditionsAt(row);
    // Where there is another one, it was put out of use.
    if (found.length > 0 && conditions.includes('0')) continue;
    const under = conditions.length > 0 ? ` under ${conditions.join(' && ')}` : '';
    return `what looks like ${name} in ${shown}, in line ${row + 1}${under}, cannot be read as a function`;
  }
  return null;
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

interface Made {
  readonly macro: string;
  readonly row: number;
  readonly certain: boolean;
}

function byMacro({ macro, row, certain }: Made, name: string, file: string): string {
  const how = `${certain ? '' : 'perhaps '}${macro} makes it, in line ${row + 1}`;
  return `${name} has no definition of its own in ${file}: ${how}; a link needs a function that is written out`;
}

/** `SYSCALL_DEFINE2(foo, ...)` makes sys_foo, `DEFINE_SHOW_ATTRIBUTE(foo)` foo_open. */
function madeBy(tokens: readonly Token[], name: string): Made | null {
  let depth = 0;
  for (const [n, { text, row, directive }] of tokens.entries()) {
    if (directive > 0) continue;
    if (depth === 0 && tokens[n + 1]?.text === '(' && MAKES.test(text)) {
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

/** Not those that say something of a function. */
const MAKES = /^(?!EXPORT_|MODULE_|ALLOW_|NOKPROBE_|BTF_)[A-Z][A-Z0-9_]+$/;

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
