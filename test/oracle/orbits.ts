import { Machine } from '../../src/model/machine.ts';
import type { Program } from '../../src/model/program.ts';
import { guarded } from '../../src/spec/guard.ts';

/**
 * How many orbits of states a program with symmetric threads has. Knows nothing of images: with each
 * state come those that the same schedule leads to with the threads exchanged, in every way.
 */
export function orbitsOf(program: Program): number {
  const machine = new Machine(program, guarded);
  const names = program.threads.map(({ name }) => name);
  const all = exchanged(
    names.map((_, thread) => thread),
    program.symmetric.map((group) => group.map((name) => names.indexOf(name))),
  );
  const step = (row: readonly number[], thread: number): number[] | null => {
    const wide = Int32Array.from({ length: machine.width + 64 }, (_, at) => row[at] ?? 0);
    const move = machine.transition(wide, 0, thread);
    if (!move || move.crash) return null;
    wide[thread] = move.next.state.id;
    for (let i = 0; i < move.changes.length; i += 2) wide[move.changes[i]!] = move.changes[i + 1]!;
    return [...wide];
  };
  const keyOf = (row: readonly number[]): string => row.join().replace(/(,0)+$/, '');
  const orbits = new Set<string>();
  const seen = new Set<string>();
  const stack = [all.map((): readonly number[] => [...machine.initialRow()])];
  for (let images = stack.pop(); images; images = stack.pop()) {
    const keys = images.map(keyOf);
    if (seen.has(keys[0]!)) continue;
    seen.add(keys[0]!);
    orbits.add([...keys].sort()[0]!);
    for (const thread of names.keys()) {
      const next = images.map((row, as) => step(row, all[as]![thread]!));
      if (next[0]) stack.push(next.map((row) => row!));
    }
  }
  return orbits.size;
}

function exchanged(threads: readonly number[], groups: readonly (readonly number[])[]): number[][] {
  let all = [[...threads]];
  for (const group of groups) {
    all = all.flatMap((map) =>
      orders(group).map((order) => {
        const next = [...map];
        for (const [at, thread] of group.entries()) next[thread] = order[at]!;
        return next;
      }),
    );
  }
  return all;
}

function orders(group: readonly number[]): number[][] {
  if (group.length === 0) return [[]];
  return group.flatMap((first) =>
    orders(group.filter((each) => each !== first)).map((rest) => [first, ...rest]),
  );
}
