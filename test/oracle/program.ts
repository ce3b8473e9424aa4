/**
 * Random programs as plain data: small enough to shrink, rich enough to hold every way in which
 * threads can depend on each other.
 */
export interface RandomProgram {
  /** Number of shared variables `x0..`, all 0 at the start. */
  readonly variables: number;
  /** Number of locks `l0..`. */
  readonly locks: number;
  /** Number of structs `s0..` with one field, alive at the start. */
  readonly structs: number;
  readonly threads: readonly RandomThread[];
  readonly always: readonly Condition[];
  readonly atEnd: readonly Condition[];
  readonly sometimes: readonly Condition[];
}

export interface RandomThread {
  readonly daemon: boolean;
  readonly body: readonly Statement[];
}

/** A constant, or one of the thread's registers r0..r2 (numbers, 0 at the start). */
export type Operand = { readonly constant: number } | { readonly register: number };

export type Statement =
  | { readonly op: 'load'; readonly to: number; readonly from: number }
  | { readonly op: 'store'; readonly to: number; readonly value: Operand }
  /** `to = x; x = (x + by) % 4` in one step. */
  | { readonly op: 'add'; readonly to: number; readonly of: number; readonly by: number }
  | {
      readonly op: 'cmpxchg';
      readonly to: number;
      readonly of: number;
      readonly expected: number;
      readonly value: number;
    }
  /** Reads two variables in one step: `to = (a + 2 * b) % 4`. */
  | { readonly op: 'both'; readonly to: number; readonly a: number; readonly b: number }
  /** Exchanges two variables in one step. */
  | { readonly op: 'swap'; readonly a: number; readonly b: number }
  /** Waits for `a == x && b == y` of two variables. */
  | {
      readonly op: 'wait-both';
      readonly a: number;
      readonly b: number;
      readonly x: number;
      readonly y: number;
    }
  | { readonly op: 'locked'; readonly lock: number; readonly body: readonly Statement[] }
  | { readonly op: 'unlock'; readonly lock: number }
  | { readonly op: 'wait'; readonly on: number; readonly value: number; readonly not: boolean }
  | {
      readonly op: 'if';
      readonly register: number;
      readonly equals: number;
      readonly yes: readonly Statement[];
      readonly no: readonly Statement[];
    }
  /** `while ((r = load(x)) != value) body`, at most `limit` rounds when there is a limit. */
  | {
      readonly op: 'retry';
      readonly register: number;
      readonly on: number;
      readonly value: number;
      readonly limit: number | null;
      readonly body: readonly Statement[];
    }
  | { readonly op: 'assert'; readonly register: number; readonly not: number }
  /** `p = kzalloc()` */
  | { readonly op: 'alloc' }
  /** `g = p` / `p = g` on the one shared pointer variable `g`. */
  | { readonly op: 'publish' }
  | { readonly op: 'fetch' }
  /** On `p->v`, or on the field of static struct `struct` when that is a number; null p: no step. */
  | { readonly op: 'field-load'; readonly struct: number | null; readonly to: number }
  | { readonly op: 'field-store'; readonly struct: number | null; readonly value: Operand }
  | { readonly op: 'free'; readonly struct: number | null };

/**
 * A conjunction, evaluated left to right up to the first clause that does not hold, negated or not:
 * which objects it reads depends on the state.
 */
export interface Condition {
  readonly negated: boolean;
  readonly clauses: readonly Clause[];
}

export interface Clause {
  /** `x<n>`; a lock `l<n>` counts as 1 when held. */
  readonly object: { readonly variable: number } | { readonly lock: number };
  readonly equals: number;
}

export const REGISTERS = 3;

/** The program as people read it. */
export function show(program: RandomProgram): string {
  const lines: string[] = [];
  program.threads.forEach((thread, index) => {
    lines.push(`thread t${index}${thread.daemon ? ' (daemon)' : ''}:`);
    body(thread.body, 1, lines);
  });
  for (const kind of ['always', 'atEnd', 'sometimes'] as const) {
    program[kind].forEach((condition, index) => {
      lines.push(`${kind}${index}: ${showCondition(condition)}`);
    });
  }
  return lines.join('\n');
}

function body(statements: readonly Statement[], depth: number, lines: string[]): void {
  const put = (text: string) => lines.push('  '.repeat(depth) + text);
  for (const s of statements) {
    switch (s.op) {
      case 'load':
        put(`r${s.to} = x${s.from}`);
        break;
      case 'store':
        put(`x${s.to} = ${showOperand(s.value)}`);
        break;
      case 'add':
        put(`r${s.to} = fetch_add(x${s.of}, ${s.by})`);
        break;
      case 'cmpxchg':
        put(`r${s.to} = cmpxchg(x${s.of}, ${s.expected}, ${s.value})`);
        break;
      case 'both':
        put(`r${s.to} = both(x${s.a}, x${s.b})`);
        break;
      case 'swap':
        put(`swap(x${s.a}, x${s.b})`);
        break;
      case 'wait-both':
        put(`wait(x${s.a} == ${s.x} && x${s.b} == ${s.y})`);
        break;
      case 'locked':
        put(`lock(l${s.lock}) {`);
        body(s.body, depth + 1, lines);
        put(`} unlock(l${s.lock})`);
        break;
      case 'unlock':
        put(`unlock(l${s.lock})`);
        break;
      case 'wait':
        put(`wait(x${s.on} ${s.not ? '!=' : '=='} ${s.value})`);
        break;
      case 'if':
        put(`if (r${s.register} == ${s.equals}) {`);
        body(s.yes, depth + 1, lines);
        if (s.no.length > 0) {
          put('} else {');
          body(s.no, depth + 1, lines);
        }
        put('}');
        break;
      case 'retry':
        put(
          `while ((r${s.register} = x${s.on}) != ${s.value}) {${s.limit === null ? '' : ` // at most ${s.limit} rounds`}`,
        );
        body(s.body, depth + 1, lines);
        put('}');
        break;
      case 'assert':
        put(`assert(r${s.register} != ${s.not})`);
        break;
      case 'alloc':
        put('p = kzalloc()');
        break;
      case 'publish':
        put('g = p');
        break;
      case 'fetch':
        put('p = g');
        break;
      case 'field-load':
        put(`r${s.to} = ${s.struct === null ? 'p' : `s${s.struct}`}->v`);
        break;
      case 'field-store':
        put(`${s.struct === null ? 'p' : `s${s.struct}`}->v = ${showOperand(s.value)}`);
        break;
      case 'free':
        put(`kfree(${s.struct === null ? 'p' : `s${s.struct}`})`);
        break;
    }
  }
}

function showOperand(operand: Operand): string {
  return 'constant' in operand ? String(operand.constant) : `r${operand.register}`;
}

function showCondition(condition: Condition): string {
  const clauses = condition.clauses.map(({ object, equals }) =>
    'variable' in object
      ? `x${object.variable} == ${equals}`
      : `held(l${object.lock}) == ${equals}`,
  );
  return `${condition.negated ? 'not ' : ''}(${clauses.join(' && ')})`;
}
