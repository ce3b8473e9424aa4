import { type Findings, finalText, TooBig } from './findings.ts';
import {
  type Condition,
  type Operand,
  type RandomProgram,
  REGISTERS,
  type Statement,
} from './program.ts';

/**
 * The oracle for random programs: compiles the statements to flat code and searches all states
 * depth first. A state is written out in full (program counters, registers, objects), nothing is
 * reduced, and no code is shared with the engine or with the generator that runs the same program.
 */
export function explicit(program: RandomProgram, limit = 50_000): Findings {
  const code = program.threads.map((thread) => compile(thread.body));
  const start: State = {
    threads: program.threads.map((_, index) =>
      settle(code[index]!, {
        pc: 0,
        registers: Array(REGISTERS).fill(0),
        rounds: [],
        pointer: null,
        allocations: 0,
      }),
    ),
    x: Array(program.variables).fill(0),
    locks: Array(program.locks).fill(null),
    g: null,
    heap: Object.fromEntries(
      Array.from({ length: program.structs }, (_, n) => [`s${n}`, { life: 'alive', v: 0 }]),
    ),
  };
  const finals = new Set<string>();
  const violated = new Set<string>();
  const seen = new Set<string>();
  const unseen = new Set(program.sometimes.map((_, index) => index));
  const stack: State[] = [];

  const visit = (state: State) => {
    const text = JSON.stringify(state);
    if (seen.has(text)) return;
    if (seen.size >= limit) throw new TooBig(`more than ${limit} states`);
    seen.add(text);
    stack.push(state);
  };

  visit(start);
  for (let state = stack.pop(); state; state = stack.pop()) {
    program.always.forEach((condition, index) => {
      if (!holds(condition, state!)) violated.add(`always${index}`);
    });
    for (const index of unseen) {
      if (holds(program.sometimes[index]!, state)) unseen.delete(index);
    }
    let moved = false;
    for (let t = 0; t < code.length; t++) {
      const instruction = code[t]![state.threads[t]!.pc]!;
      if (instruction.op === 'end') continue;
      const next = copy(state);
      const outcome = step(instruction as Shared, next, t);
      if (outcome === 'blocked') continue;
      moved = true;
      if (outcome) {
        violated.add(outcome.rule);
        if (outcome.crash) continue;
      }
      const thread = next.threads[t]!;
      thread.pc++;
      settle(code[t]!, thread);
      visit(next);
    }
    if (moved) continue;
    finals.add(finalText(changed(state)));
    program.atEnd.forEach((condition, index) => {
      if (!holds(condition, state!)) violated.add(`atEnd${index}`);
    });
    const stuck = state.threads.some((thread, t) => {
      const { op } = code[t]![thread.pc]!;
      return op !== 'end' && !(program.threads[t]!.daemon && op.startsWith('wait'));
    });
    if (stuck) violated.add('deadlock');
  }
  for (const index of unseen) violated.add(`sometimes${index}`);
  return { finals, violated, states: seen.size };
}

interface ThreadState {
  pc: number;
  registers: number[];
  /** Rounds made, per bounded loop that is running or has run. */
  rounds: number[];
  pointer: string | null;
  allocations: number;
}

interface State {
  threads: ThreadState[];
  x: number[];
  locks: (number | null)[];
  g: string | null;
  heap: Record<string, { life: 'alive' | 'freed'; v: number }>;
}

function copy(state: State): State {
  const heap: State['heap'] = {};
  for (const name of Object.keys(state.heap).sort()) heap[name] = { ...state.heap[name]! };
  return {
    threads: state.threads.map((thread) => ({
      ...thread,
      registers: [...thread.registers],
      rounds: [...thread.rounds],
    })),
    x: [...state.x],
    locks: [...state.locks],
    g: state.g,
    heap,
  };
}

/** Statements that are a step. */
type Shared =
  | Exclude<Statement, { op: 'locked' | 'if' | 'retry' | 'assert' }>
  | { op: 'lock'; lock: number }
  | { op: 'failed' };

type Instruction =
  | Shared
  | { op: 'end' }
  | { op: 'jump'; to: number }
  | { op: 'unless'; register: number; equals: number; to: number }
  | { op: 'begin'; loop: number }
  /** Leaves the loop when its rounds are used up, else counts one. */
  | { op: 'round'; loop: number; limit: number; to: number }
  /** Skips the next step when the pointer is null. */
  | { op: 'null'; to: number };

function compile(statements: readonly Statement[]): Instruction[] {
  const code: Instruction[] = [];
  let loops = 0;
  const emit = (list: readonly Statement[]) => {
    for (const s of list) {
      switch (s.op) {
        case 'locked':
          code.push({ op: 'lock', lock: s.lock });
          emit(s.body);
          code.push({ op: 'unlock', lock: s.lock });
          break;
        case 'if': {
          const branch = { op: 'unless' as const, register: s.register, equals: s.equals, to: 0 };
          code.push(branch);
          emit(s.yes);
          const over = { op: 'jump' as const, to: 0 };
          code.push(over);
          branch.to = code.length;
          emit(s.no);
          over.to = code.length;
          break;
        }
        case 'retry': {
          const loop = loops++;
          code.push({ op: 'begin', loop });
          const top = code.length;
          code.push({ op: 'load', to: s.register, from: s.on });
          // Done when the register has the value: "unless it has, go on with the round".
          const test = { op: 'unless' as const, register: s.register, equals: s.value, to: 0 };
          code.push(test);
          const out = { op: 'jump' as const, to: 0 };
          code.push(out);
          test.to = code.length;
          const round = { op: 'round' as const, loop, limit: s.limit ?? Infinity, to: 0 };
          if (s.limit !== null) code.push(round);
          emit(s.body);
          code.push({ op: 'jump', to: top });
          out.to = round.to = code.length;
          break;
        }
        case 'assert': {
          const branch = { op: 'unless' as const, register: s.register, equals: s.not, to: 0 };
          code.push(branch, { op: 'failed' });
          branch.to = code.length;
          break;
        }
        case 'field-load':
        case 'field-store':
        case 'free':
          if (s.struct === null) code.push({ op: 'null', to: code.length + 2 });
          code.push(s);
          break;
        default:
          code.push(s);
      }
    }
  };
  emit(statements);
  code.push({ op: 'end' });
  return code;
}

/** Runs what is local, up to the next step. */
function settle(code: readonly Instruction[], thread: ThreadState): ThreadState {
  for (;;) {
    const i = code[thread.pc]!;
    switch (i.op) {
      case 'jump':
        thread.pc = i.to;
        break;
      case 'unless':
        thread.pc = thread.registers[i.register] === i.equals ? thread.pc + 1 : i.to;
        break;
      case 'begin':
        thread.rounds[i.loop] = 0;
        thread.pc++;
        break;
      case 'round':
        if (thread.rounds[i.loop]! >= i.limit) thread.pc = i.to;
        else {
          thread.rounds[i.loop]!++;
          thread.pc++;
        }
        break;
      case 'null':
        thread.pc = thread.pointer === null ? i.to : thread.pc + 1;
        break;
      default:
        return thread;
    }
  }
}

type Outcome = 'blocked' | { rule: string; crash: boolean } | null;

function step(i: Shared, state: State, t: number): Outcome {
  const thread = state.threads[t]!;
  const value = (operand: Operand) =>
    'constant' in operand ? operand.constant : thread.registers[operand.register]!;
  const memory = (of: number | null) => state.heap[of === null ? thread.pointer! : `s${of}`]!;
  switch (i.op) {
    case 'load':
      thread.registers[i.to] = state.x[i.from]!;
      return null;
    case 'store':
      state.x[i.to] = value(i.value);
      return null;
    case 'add':
      thread.registers[i.to] = state.x[i.of]!;
      state.x[i.of] = (state.x[i.of]! + i.by) % 4;
      return null;
    case 'cmpxchg': {
      const old = state.x[i.of]!;
      if (old === i.expected) state.x[i.of] = i.value;
      thread.registers[i.to] = old;
      return null;
    }
    case 'both':
      thread.registers[i.to] = (state.x[i.a]! + 2 * state.x[i.b]!) % 4;
      return null;
    case 'swap': {
      const a = state.x[i.a]!;
      state.x[i.a] = state.x[i.b]!;
      state.x[i.b] = a;
      return null;
    }
    case 'wait-both':
      return state.x[i.a] === i.x && state.x[i.b] === i.y ? null : 'blocked';
    case 'lock':
      if (state.locks[i.lock] !== null) return 'blocked';
      state.locks[i.lock] = t;
      return null;
    case 'unlock':
      if (state.locks[i.lock] !== t) return { rule: 'unlock imbalance', crash: true };
      state.locks[i.lock] = null;
      return null;
    case 'wait':
      return (state.x[i.on] === i.value) === i.not ? 'blocked' : null;
    case 'failed':
      return { rule: `assert t${t}`, crash: false };
    case 'alloc': {
      const count = ++thread.allocations;
      thread.pointer = `heap@t${t}${count > 1 ? `#${count}` : ''}`;
      state.heap[thread.pointer] = { life: 'alive', v: 0 };
      return null;
    }
    case 'publish':
      state.g = thread.pointer;
      return null;
    case 'fetch':
      thread.pointer = state.g;
      return null;
    case 'field-load':
      if (memory(i.struct).life !== 'alive') return { rule: 'use-after-free', crash: true };
      thread.registers[i.to] = memory(i.struct).v;
      return null;
    case 'field-store':
      if (memory(i.struct).life !== 'alive') return { rule: 'use-after-free', crash: true };
      memory(i.struct).v = value(i.value);
      return null;
    case 'free':
      if (memory(i.struct).life !== 'alive') return { rule: 'double-free', crash: true };
      memory(i.struct).life = 'freed';
      return null;
  }
}

function holds(condition: Condition, state: State): boolean {
  const all = condition.clauses.every(({ object, equals }) =>
    'variable' in object
      ? state.x[object.variable] === equals
      : (state.locks[object.lock] === null ? 0 : 1) === equals,
  );
  return all !== condition.negated;
}

function* changed(state: State): Iterable<[string, unknown]> {
  for (const [n, value] of state.x.entries()) if (value !== 0) yield [`x${n}`, value];
  for (const [n, value] of state.locks.entries()) if (value !== null) yield [`l${n}`, `t${value}`];
  if (state.g !== null) yield ['g', { name: state.g }];
  for (const [name, { life, v }] of Object.entries(state.heap)) {
    // A struct that an allocation made is absent at the start, a static one alive.
    if (name.startsWith('heap') || life !== 'alive') yield [name, life];
    if (v !== 0) yield [`${name}.v`, v];
  }
}
