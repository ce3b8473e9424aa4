import { describe, expect, test } from 'vitest';
import { linksIn } from '../../src/drift/models.ts';

const FILE = 'specs/door/spec.ts';
const links = (text: string) => linksIn([{ file: FILE, text }]);
const of = (text: string) =>
  links(text).map(
    (link) =>
      `${link.specLine}: ${link.specFunction} = ${link.cFile} ${link.cFunction} ${link.version}`,
  );

describe('where links are', () => {
  test.each([
    ['a function', 'function* open() {}'],
    ['an exported one', 'export function* open(d: Door): Steps<boolean> {}'],
    ['one held by a name', 'export const open = function* () {};'],
    ['one held by an arrow', 'const open = (d: Door) => together(load(d.a), note(b));'],
    ['a method', 'const threads = {\n  *close() {},\n  HERE\n  *open() {},\n};'],
    ['a member', 'const threads = {\n  close: 1,\n  HERE\n  open: function* () {},\n};'],
    ['a method of a class', 'class Doors {\n  HERE\n  *open() {}\n}'],
    ['one inside', 'export default defineSpec({ build() {\n  HERE\n  function* open() {}\n} });'],
    ['behind another comment', '// unreached: never\nfunction* open() {}'],
  ])('%s', (_, code) => {
    const tag = '/** @models mm/door.c door_open v5.3 */';
    const text = code.includes('HERE') ? code.replace('HERE', tag) : `${tag}\n${code}`;
    const line = text.slice(0, text.indexOf('@models')).split('\n').length;
    expect(of(text)).toEqual([`${line}: open = mm/door.c door_open v5.3`]);
  });

  test('several on one function, and one C function of several', () => {
    const text = `/**
 * Both in one. @models mm/door.c door_open v5.3
 * @models kernel/door/lock.h door_lock 92ee383f6daa
 */
export function* open() {
  yield* lock();
}

/** @models mm/door.c door_open v5.3 */
export function* slowly() {}
`;
    expect(of(text)).toEqual([
      '2: open = mm/door.c door_open v5.3',
      '3: open = kernel/door/lock.h door_lock 92ee383f6daa',
      '9: slowly = mm/door.c door_open v5.3',
    ]);
    expect(links(text)[0]).toMatchObject({
      specFile: FILE,
      specLines: [5, 7],
      specText: ['export function* open() {', '  yield* lock();', '}'],
    });
  });

  test('what speaks of the tag is none', () => {
    expect(links('/** See `@models` and x@models.org. */\nfunction* open() {}')).toEqual([]);
    expect(links("const text = '@models a b c';")).toEqual([]);
  });
});

describe('a malformed one is told, with its place', () => {
  const SHAPE = /a link is: @models <file> <function> <version>/;
  test.each([
    ['/** @models */', SHAPE],
    ['/** @models mm/door.c door_open */', SHAPE],
    ['/** @models mm/door.c door_open v5.3 and v5.4 */', SHAPE],
    ['/** @models /mm/door.c door_open v5.3 */', /\/mm\/door.c is no C file of the kernel's tree/],
    ['/** @models ../mm/door.c door_open v5.3 */', /is no C file/],
    ['/** @models mm/../../door.c door_open v5.3 */', /is no C file/],
    ['/** @models mm/door.ts door_open v5.3 */', /is no C file/],
    ['/** @models mm/door.c door-open v5.3 */', /door-open is no name of a C function/],
    ['/** @models mm/door.c door_open --output=x */', /--output=x is no version/],
    ['// @models mm/door.c door_open v5.3', /in a doc comment only/],
    ['/* @models mm/door.c door_open v5.3 */', /in a doc comment only/],
    [
      '/** @models mm/door.c door_open v5.3 */\nconst n = 1;',
      /not in the doc comment of a function/,
    ],
    ['/** @models mm/door.c door_open v5.3 */ n++;', /not in the doc comment of a function/],
    [
      '/**\n * @models mm/door.c door_open v5.3\n * @models mm/door.c door_open v5.4\n */',
      /open models door_open of mm\/door.c twice/,
    ],
  ])('%s', (comment, message) => {
    const text = `let n = 0;\n${comment}\nfunction* open() {}\n`;
    expect(() => links(text)).toThrow(message);
    expect(() => links(text)).toThrow(/^specs\/door\/spec\.ts:[2-4]:\d+: /);
    expect(() => links(text)).toThrow(expect.objectContaining({ name: 'SpecError' }));
  });

  test('the last of a file', () => {
    expect(() => links('/** @models mm/door.c door_open v5.3 */')).toThrow(/of a function/);
  });
});

describe('the digest of a spec function', () => {
  const text = `/** @models mm/door.c door_open v5.3 */
function* open(d: Door, flags: number) {
  // closed
  if (!(yield* load(d.open))) return \`no \${flags} \`;
  return yield* call(d, 'a b', flags);
}
function* other() {}
`;
  const digest = (source: string) => links(source)[0]?.specDigest;

  test.each([
    ['comments', (t: string) => t.replace('// closed', '/* is it\n closed? */')],
    ['layout', (t: string) => t.replaceAll('  ', '\t').replace('d, ', '\n    d,\n    ')],
    ['the comma that layout adds', (t: string) => t.replace('flags);', 'flags,\n);')],
    ['the link', (t: string) => t.replace('v5.3', 'v5.4')],
    ['what else is in the file', (t: string) => t.replace('other() {}', 'other() { yield* a(); }')],
  ])('%s does not change it', (_, change) => {
    expect(change(text)).not.toBe(text);
    expect(digest(change(text))).toBe(digest(text));
  });

  test.each([
    ['a statement', (t: string) => t.replace('return yield*', 'yield* lock(d); return yield*')],
    ['a name', (t: string) => t.replace('d.open', 'd.opened')],
    ['a string', (t: string) => t.replace('a b', 'a  b')],
    ['a template', (t: string) => t.replace('no $', 'no  $')],
    ['what is in a template', (t: string) => t.replace('{flags}', '{flags + 1}')],
    ['a parameter', (t: string) => t.replace('flags: number', 'flags: string')],
  ])('%s does', (_, change) => {
    expect(change(text)).not.toBe(text);
    expect(digest(change(text))).not.toBe(digest(text));
  });
});
