import { type Action, dependent } from './dependence.ts';

/**
 * Wakeup trees (Abdulla, Aronis, Jonsson, Sagonas, POPL 2014): per state on the stack, the sequences
 * that are to be explored from there, in order. A branch with those after it; its first child is
 * what follows it.
 */
export interface Branch {
  readonly action: Action;
  child: Branch | null;
  sibling: Branch | null;
}

export function branch(action: Action): Branch {
  return { action, child: null, sibling: null };
}

/**
 * Adds the sequence to the tree beside the branch that is being explored, with which it conflicts,
 * unless what is there already leads to it. Uses up `sequence`.
 */
export function insert(explored: Branch, sequence: Action[]): void {
  let last = explored;
  let at = explored.sibling;
  while (at) {
    const where = initial(at.action, sequence);
    if (where < 0) {
      last = at;
      at = at.sibling;
      continue;
    }
    // A leaf is explored with all that may follow it.
    if (!at.child) return;
    if (where < sequence.length) {
      for (let i = where + 1; i < sequence.length; i++) sequence[i - 1] = sequence[i]!;
      sequence.pop();
    }
    if (sequence.length === 0) return;
    last = at.child;
    at = at.child;
  }
  last.sibling = pathOf(sequence);
}

/**
 * Where the thread of `action` comes in the sequence, if nothing before that depends on it: it can
 * be the first. The length of the sequence if it is independent of all; -1 if it cannot be first.
 */
function initial(action: Action, sequence: readonly Action[]): number {
  for (let i = 0; i < sequence.length; i++) {
    const each = sequence[i]!;
    if (each.thread === action.thread) return i;
    if (dependent(each, action)) return -1;
  }
  return sequence.length;
}

function pathOf(sequence: readonly Action[]): Branch | null {
  let path: Branch | null = null;
  for (let i = sequence.length - 1; i >= 0; i--) {
    path = { action: sequence[i]!, child: path, sibling: null };
  }
  return path;
}
