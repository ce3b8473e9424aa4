import type { StepRecord } from '../explore/outcome.ts';
import type { Site } from '../model/frames.ts';

/** Statements with an operation, by file and line; those of one line in one text. */
export type Sources = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A line of a recorded source that is not there any more. */
export interface ChangedLine {
  readonly file: string;
  readonly line: number;
  readonly was: string;
  /** What stands in its place; null: nothing that is like it. */
  readonly now: { readonly line: number; readonly text: string } | null;
}

/** The statements of a spec, but for Lockstep's own. */
export function sourcesOf(sites: Iterable<Site>): Sources {
  const files: Record<string, Record<string, string>> = {};
  const own = [...sites].filter(({ library }) => !library);
  for (const { file, line } of own) {
    const here = own.filter((other) => other.file === file && other.line === line);
    (files[file] ??= {})[line] ??= [...new Set(here.map(({ text }) => text))].join(' ');
  }
  return files;
}

/** The part of the sources that some steps pass: the lines on their call stacks. */
export function passedBy(steps: Iterable<StepRecord>, sources: Sources): Sources {
  const passed: Record<string, Record<string, string>> = {};
  for (const { calls } of steps) {
    for (const { file, line } of calls) (passed[file] ??= {})[line] = sources[file]?.[line] ?? '';
  }
  return passed;
}

/** Lines that only moved, in whatever number, have not changed. */
export function changedLines(recorded: Sources, now: Sources): ChangedLine[] {
  return Object.entries(recorded).flatMap(([file, lines]) =>
    changedIn(listed(lines), listed(now[file] ?? {})).map((change) => ({ file, ...change })),
  );
}

type Line = readonly [line: number, text: string];

function listed(lines: Readonly<Record<string, string>>): Line[] {
  return Object.entries(lines).map(([line, text]) => [Number(line), text]);
}

function changedIn(before: readonly Line[], after: readonly Line[]): Omit<ChangedLine, 'file'>[] {
  const pairs = alignment(before, after);
  const taken = new Set(pairs.map(({ now }) => now));
  return before.flatMap((line, at) => {
    if (pairs.some(({ was }) => was === line)) return [];
    const above = pairs.findLast(({ was }) => before.indexOf(was) < at);
    const below = pairs.find(({ was }) => before.indexOf(was) > at);
    const between = after.filter(
      (other) =>
        !taken.has(other) &&
        other[0] > (above?.now[0] ?? 0) &&
        other[0] < (below?.now[0] ?? Number.POSITIVE_INFINITY),
    );
    // Where as many lines as there were lie between its neighbours still, the one in its place.
    const alike = (above?.shift ?? 0) === below?.shift;
    const there = alike && between.find(([other]) => other === line[0] + below!.shift);
    const now = there || mostLike(line, between);
    if (now) taken.add(now);
    return [{ line: line[0], was: line[1], now: now && { line: now[0], text: now[1] } }];
  });
}

/** The line that has most of its words, if it has more than half of them. */
function mostLike([, text]: Line, lines: readonly Line[]): Line | null {
  const words = wordsOf(text);
  const likeness = ([, other]: Line): number => {
    const others = wordsOf(other);
    const common = [...words].filter((word) => others.has(word)).length;
    return common / Math.max(words.size, others.size, 1);
  };
  const best = lines.toSorted((a, b) => likeness(b) - likeness(a))[0];
  return best && likeness(best) > 0.5 ? best : null;
}

function wordsOf(text: string): Set<string> {
  return new Set((text.match(/\w+/g) ?? []).filter((word) => !/^(yield|const|let|if)$/.test(word)));
}

/** A line that is there still. */
interface Pair {
  readonly was: Line;
  readonly now: Line;
  readonly shift: number;
}

/**
 * As many lines with equal texts as can be had in order, and among such alignments one in which
 * neighbours moved alike: only some of the lines were recorded, and many texts are there twice.
 */
function alignment(before: readonly Line[], after: readonly Line[]): readonly Pair[] {
  interface Chain {
    readonly score: number;
    readonly pairs: readonly Pair[];
  }
  const chains: Chain[] = [];
  const none: Chain = { score: 0, pairs: [] };
  for (const was of before) {
    for (const now of after.filter(([, text]) => text === was[1])) {
      const shift = now[0] - was[0];
      const score = (chain: Chain) =>
        chain.score + before.length + Number((chain.pairs.at(-1)?.shift ?? 0) === shift);
      const longest = chains
        .filter(({ pairs }) => pairs.at(-1)!.was[0] < was[0] && pairs.at(-1)!.now[0] < now[0])
        .reduce((best, chain) => (score(chain) > score(best) ? chain : best), none);
      chains.push({ score: score(longest), pairs: [...longest.pairs, { was, now, shift }] });
    }
  }
  return chains.reduce((best, chain) => (chain.score > best.score ? chain : best), none).pairs;
}
