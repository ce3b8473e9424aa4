import { transformSync } from 'esbuild';
import type { Frame } from '../../src/model/frames.ts';
import '../../src/model/frames.ts';
import { isOperation, operation } from '../../src/model/operation.ts';
import { runtime } from '../../src/model/runtime.ts';
import { canonical, Opaque } from '../../src/model/value.ts';
import { rewrite } from '../../src/spec/rewrite.ts';

/** A generator after some results, and what follows on each further result. */
export interface Point {
  /** The results that led here. */
  readonly history: readonly number[];
  /** The pending operation, the value returned, or the error thrown. */
  readonly seen: string;
  /** Identity of the local state; null: only by history. */
  readonly identity: string | null;
  readonly next: readonly Point[];
}

type Main = () => Generator<unknown, unknown, unknown>;

/** Rewrites a module of functions and gives its `main`. */
export function compile(source: string): Main {
  const module = { name: 'test.ts', file: 'test.ts', library: false };
  return evaluate(rewrite(source, module).code);
}

/** `main` of the same module as it is. */
export function plain(source: string): Main {
  return evaluate(source);
}

function evaluate(code: string): Main {
  const script = transformSync(`${code}\nexport { main as default };`, {
    loader: 'ts',
    format: 'cjs',
    target: 'node20',
  }).code;
  const module = { exports: {} as { default?: Main } };
  const op = (name: string, ...args: unknown[]) => operation({ name, args });
  new Function('module', 'op', script)(module, op);
  return module.exports.default!;
}

/** All histories of 0 and 1 up to a length. */
export function explore(main: Main, depth: number, history: readonly number[] = []): Point {
  const { seen, identity, done } = run(main, history);
  const further = !done && history.length < depth;
  const next = further ? [0, 1].map((result) => explore(main, depth, [...history, result])) : [];
  return { history, seen, identity, next };
}

function run(main: Main, history: readonly number[]) {
  const stack: Frame[] = [];
  runtime.stack = stack;
  try {
    const generator = main();
    let step = generator.next();
    for (const result of history) step = generator.next(result);
    if (step.done) return { seen: `returns ${shown(step.value)}`, identity: null, done: true };
    if (!isOperation(step.value)) throw new Error(`yields ${step.value}`);
    const { name, args = [] } = step.value.spec;
    const seen = `${name} ${shown(args)}`;
    return { seen, identity: identityOf(stack, [name, args]), done: false };
  } catch (error) {
    return { seen: `throws ${error}`, identity: null, done: true };
  } finally {
    runtime.stack = [];
  }
}

/** As the engine does it. */
function identityOf(stack: readonly Frame[], pending: readonly unknown[]): string | null {
  const innermost = stack.length - 1;
  if (innermost < 0) return null;
  if (!stack.every(({ live, leaf }, depth) => live && leaf === (depth === innermost))) return null;
  try {
    return canonical([...pending, ...stack.flatMap(({ site, live }) => [site, ...live!()])]);
  } catch (error) {
    if (error instanceof Opaque || error instanceof ReferenceError) return null;
    throw error;
  }
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    typeof part === 'function' ? `function ${part.name}` : part === undefined ? 'undefined' : part,
  );
}

export function pointsOf(root: Point): Point[] {
  return [root, ...root.next.flatMap(pointsOf)];
}

/** Two histories with one identity that go on differently: a wrong rewrite; null: none. */
export function confusion(root: Point): string | null {
  const first = new Map<string, Point>();
  for (const point of pointsOf(root).sort((a, b) => a.history.length - b.history.length)) {
    if (point.identity === null) continue;
    const other = first.get(point.identity);
    if (!other) first.set(point.identity, point);
    else if (!agree(point, other)) {
      return `after ${point.history} and after ${other.history} it is ${point.identity}`;
    }
  }
  return null;
}

/** As far as both have been explored. */
function agree(a: Point, b: Point): boolean {
  if (a.seen !== b.seen) return false;
  if (a.next.length === 0 || b.next.length === 0) return true;
  return a.next.every((point, result) => agree(point, b.next[result]!));
}

/** Do two programs do the same? Null, or the history after which they do not. */
export function difference(a: Point, b: Point): string | null {
  if (a.seen !== b.seen) return `after ${a.history}: ${a.seen} / ${b.seen}`;
  for (const [result, point] of a.next.entries()) {
    const found = difference(point, b.next[result]!);
    if (found) return found;
  }
  return null;
}

/** How many local states the points come to; those known by history count each. */
export function localStates(root: Point): number {
  const points = pointsOf(root);
  const unknown = points.filter(({ identity, next }) => identity === null && next.length > 0);
  return new Set(points.flatMap(({ identity }) => identity ?? [])).size + unknown.length;
}
