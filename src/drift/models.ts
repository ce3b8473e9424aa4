import { position, sourceError } from '../spec/errors.ts';
import { bare, type Comment, children, isFunction, type Node, parse } from '../spec/syntax.ts';
import { sha256 } from './digest.ts';
import type { Link } from './link.ts';

/** A file of a spec: `file` is its name in records, from the folder of the project. */
export interface SpecFile {
  readonly file: string;
  readonly text: string;
}

/**
 * The links of a spec: `@models <file> <function> <version>` in the doc comment of a function.
 * @throws SpecError with the place of a tag that is none
 */
export function linksIn(files: readonly SpecFile[]): Link[] {
  return files.flatMap((each) => (each.text.includes(TAG) ? linksOf(each) : []));
}

const TAG = '@models';

function linksOf({ file, text }: SpecFile): Link[] {
  const { program, comments } = parse(text, file);
  const functions = documented(program);
  const starts = [...functions.keys()].sort((a, b) => a - b);
  const links: Link[] = [];
  for (const comment of comments) {
    for (const { offset, words } of tagsIn(text, comment)) {
      const fail = (message: string) => sourceError(file, text, offset, message);
      const problem =
        comment.type === 'Block' && comment.value.startsWith('*') ? wrong(words) : NOT_DOC;
      if (problem) throw fail(problem);
      const start = starts.find((each) => each >= comment.end);
      const found = start === undefined ? undefined : functions.get(start);
      if (!found || !isNothing(text, comments, comment.end, start!)) throw fail(NO_FUNCTION);
      const [cFile, cFunction, version] = words as [string, string, string];
      const link: Link = {
        cFile,
        cFunction,
        version,
        specFile: file,
        specLine: position(text, offset).line,
        specFunction: found.name,
        ...sourceOf(text, comments, found.node),
      };
      if (links.some((other) => keyOf(other) === keyOf(link)))
        throw fail(`${found.name} models ${cFunction} of ${cFile} twice`);
      links.push(link);
    }
  }
  return links;
}

/** A link and its record have the same; the version is no part of it. */
export function keyOf(
  link: Pick<Link, 'specFile' | 'specFunction' | 'cFile' | 'cFunction'>,
): string {
  return [link.specFile, link.specFunction, link.cFile, link.cFunction].join(' ');
}

const NOT_DOC = `${TAG} is read in a doc comment only: /** ${TAG} <file> <function> <version> */`;
const NO_FUNCTION = `${TAG} is not in the doc comment of a function`;

function wrong(words: readonly string[]): string | null {
  const [file, name, version] = words;
  if (words.length !== 3)
    return `a link is: ${TAG} <file> <function> <version>, as in ${TAG} mm/slab_common.c kmem_cache_destroy v5.3`;
  if (!/^(?!\/|(?:.*\/)?\.\.?\/)[^\\]+\.[ch]$/.test(file!))
    return `${file} is no C file of the kernel's tree, as mm/slab_common.c is`;
  if (!/^[A-Za-z_]\w*$/.test(name!)) return `${name} is no name of a C function`;
  return /^-/.test(version!) ? `${version} is no version` : null;
}

function tagsIn(text: string, { start, end }: Comment) {
  const tags: { offset: number; words: string[] }[] = [];
  const comment = text.slice(start, end).replace(/\*\/$/, '  ');
  for (const { index } of comment.matchAll(/(?<![\w`'"@])@models(?![\w`'"])/g)) {
    const line = comment.slice(index + TAG.length).split('\n', 1)[0]!;
    tags.push({
      offset: start + index,
      words: line
        .trim()
        .split(/\s+/)
        .filter((word) => word !== ''),
    });
  }
  return tags;
}

interface Documented {
  readonly name: string;
  readonly node: Node;
}

/** Functions by where what a doc comment may precede starts: `export`, `const`, the key of a method. */
function documented(program: Node): Map<number, Documented> {
  const found = new Map<number, Documented>();
  const visit = (node: Node, start: number) => {
    const name = nameOf(node);
    if (name !== null && !found.has(start)) found.set(start, { name, node });
    for (const child of children(node)) visit(child, isWrapper(node) ? start : child.start);
  };
  visit(program, program.start);
  return found;
}

/** A declaration's comment stands before the words around it. */
function isWrapper(node: Node): boolean {
  return (
    node.type === 'ExportNamedDeclaration' ||
    node.type === 'ExportDefaultDeclaration' ||
    (node.type === 'VariableDeclaration' && node.declarations.length === 1)
  );
}

function nameOf(node: Node): string | null {
  switch (node.type) {
    case 'FunctionDeclaration':
      return node.id?.name ?? 'default';
    case 'VariableDeclarator':
      return node.id.type === 'Identifier' && node.init && isFunction(bare(node.init))
        ? node.id.name
        : null;
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition': {
      const { key, value } = node;
      if (!value || !isFunction(bare(value))) return null;
      if (key.type === 'Literal') return `${key.value}`;
      return key.type === 'Identifier' || key.type === 'PrivateIdentifier' ? key.name : null;
    }
    default:
      return null;
  }
}

/** Nothing but space and other comments is between. */
function isNothing(text: string, comments: readonly Comment[], from: number, to: number): boolean {
  return withoutComments(text, comments, from, to).trim() === '';
}

function withoutComments(
  text: string,
  comments: readonly Comment[],
  from: number,
  to: number,
): string {
  let out = '';
  let done = from;
  for (const { start, end } of comments) {
    if (start < from || end > to) continue;
    out += `${text.slice(done, start)} `;
    done = end;
  }
  return out + text.slice(done, to);
}

function sourceOf(text: string, comments: readonly Comment[], node: Node) {
  const first = position(text, node.start).line;
  const last = position(text, node.end).line;
  return {
    specLines: [first, last] as const,
    specText: text.split('\n').slice(first - 1, last),
    specDigest: sha256(normal(text, comments, node)),
  };
}

/** Its tokens, so that neither comments nor layout count. What is quoted is taken as it is. */
function normal(text: string, comments: readonly Comment[], node: Node): string {
  const quoted: Node[] = [];
  const visit = (each: Node) => {
    if (each.type === 'Literal' || each.type === 'TemplateElement') quoted.push(each);
    else for (const child of children(each)) visit(child);
  };
  visit(node);
  const tokens: string[] = [];
  const read = (from: number, to: number) => {
    tokens.push(...(withoutComments(text, comments, from, to).match(/[\w$]+|[^\s\w$]/g) ?? []));
  };
  let done = node.start;
  for (const { start, end } of quoted.sort((a, b) => a.start - b.start)) {
    read(done, start);
    tokens.push(text.slice(start, end));
    done = end;
  }
  read(done, node.end);
  // Layout adds a comma to the last of a list that it breaks into lines.
  return tokens
    .filter((token, at) => token !== ',' || !/^[)\]}]$/.test(tokens[at + 1] ?? ''))
    .join(' ');
}
