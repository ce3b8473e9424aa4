import { Coroutine } from '../model/coroutine.ts';
import { Machine } from '../model/machine.ts';
import type { Program } from '../model/program.ts';
import { Frontier } from './frontier.ts';

/** What a thread does from one of its operations, or from its beginning, to the next one. */
export interface Piece {
  readonly thread: string;
  /** The step of the schedule that it comes to, from 1; null: none, or it ends. */
  readonly step: number | null;
  readonly run: () => void;
}

/**
 * A schedule as pieces of the threads' own code. Run in their order, they are what happens: each
 * line of the spec as often and when it is its turn, which it is nowhere else here. For a debugger.
 */
export function piecesOf(
  program: Program,
  schedule: readonly string[],
  guarded: <T>(code: () => T) => T,
): Piece[] {
  const machine = new Machine(program, guarded);
  const names = program.threads.map(({ name }) => name);
  const state = new Frontier(machine.width, 1);
  state.push(machine.initialRow(), 0, machine.width, 0, 0);
  const coroutines = new Map<string, Coroutine>();
  const comingTo = (thread: string, from: number): number | null => {
    const at = schedule.indexOf(thread, from);
    return at < 0 ? null : at + 1;
  };
  const pieces = program.threads.map((declaration): Piece => {
    const thread = declaration.name;
    const run = () => void coroutines.set(thread, new Coroutine(declaration, guarded));
    return { thread, step: comingTo(thread, 0), run };
  });
  for (const [at, thread] of schedule.entries()) {
    const move = machine.transition(state.rows, 0, names.indexOf(thread));
    if (!move) throw new Error(`step ${at + 1} of a schedule cannot be taken: ${thread}`);
    if (move.crash) break;
    state.take(machine, move);
    const run = () => coroutines.get(thread)!.resume(move.result);
    pieces.push({ thread, step: comingTo(thread, at + 1), run });
  }
  return pieces;
}
