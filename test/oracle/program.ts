/**
 * Random programs as plain data: small enough to shrink, rich enough to hold every way in which
 * threads can depend on each other.
 */
export interface RandomProgram {
  /** Number of shared variables `x0..`, all 0 at the start. */
  readonly variables: number;
  /** Locks `l0..`. */
  readonly locks: readonly RandomLock[];
  /** Number of structs `s0..` with one field, alive at the start. */
  readonly structs: number;
  /** Which accesses race, as in a model. */
  readonly kcsan: 'strict' | 'default';
  /** `t0..` */
  readonly threads: readonly RandomThread[];
  /** `h0..` */
  readonly interrupts: readonly RandomInterrupt[];
  readonly always: readonly Condition[];
  readonly atEnd: readonly Condition[];
  readonly sometimes: readonly Condition[];
}

export interface RandomThread {
  readonly daemon: boolean;
  /** 0 or 1, as that of a handler. */
  readonly cpu: number;
  readonly body: readonly Statement[];
}

export interface RandomInterrupt {
  readonly kind: 'softirq' | 'hardirq';
  readonly cpu: number;
  readonly times: number;
  readonly body: readonly Statement[];
}

export interface RandomLock {
  /** bare: written by hand for the test; nothing is known of it but that it excludes. */
  readonly kind: 'bare' | 'mutex' | 'spinlock' | 'raw' | 'rwlock' | 'rwsem';
  /** In a struct of its own: all such locks of a kind are one class. */
  readonly grouped: boolean;
}

/** The ways to take a lock of each kind, and to give it back as it was taken. */
export const HOWS = {
  bare: ['plain'],
  mutex: ['plain', 'nested', 'try'],
  spinlock: ['plain', 'nested', 'irq', 'irqsave', 'bh', 'try'],
  raw: ['plain', 'irq', 'irqsave', 'try'],
  rwlock: [
    ...(['read', 'read irq', 'read irqsave', 'read bh', 'read try'] as const),
    ...(['write', 'write irq', 'write irqsave', 'write bh', 'write try'] as const),
  ],
  rwsem: ['read', 'write', 'read try', 'write try'],
} as const;

export type How = (typeof HOWS)[RandomLock['kind']][number];

/** A constant, or one of the thread's registers r0..r2 (numbers, 0 at the start). */
export type Operand = { readonly constant: number } | { readonly register: number };

export type Statement =
  | {
      readonly op: 'load';
      readonly to: number;
      readonly from: number;
      /** Not READ_ONCE or WRITE_ONCE. */
      readonly plain: boolean;
    }
  | {
      readonly op: 'store';
      readonly to: number;
      readonly value: Operand;
      readonly plain: boolean;
    }
  /** `to = x; x = (x + by) % 4` in one step. */
  | { readonly op: 'add'; readonly to: number; readonly of: number; readonly by: number }
  | {
      readonly op: 'cmpxchg';
      readonly to: number;
      readonly of: number;
      readonly expected: number;
      readonly value: number;
    }
  /** Reads two variables in one step, both plainly or neither: `to = (a + 2 * b) % 4`. */
  | {
      readonly op: 'both';
      readonly to: number;
      readonly a: number;
      readonly b: number;
      readonly plain: boolean;
    }
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
  /** Where it is only tried, the body is run when the lock was taken. */
  | {
      readonly op: 'locked';
      readonly lock: number;
      readonly how: How;
      readonly body: readonly Statement[];
    }
  | { readonly op: 'lock'; readonly lock: number; readonly how: How }
  | { readonly op: 'unlock'; readonly lock: number; readonly how: How }
  /** With interrupts or bottom halves off. */
  | {
      readonly op: 'off';
      readonly what: 'irq' | 'irqsave' | 'bh';
      readonly body: readonly Statement[];
    }
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
  | { readonly op: 'publish'; readonly plain: boolean }
  | { readonly op: 'fetch'; readonly plain: boolean }
  /** On `p->v`, or on the field of static struct `struct` when that is a number; null p: no step. */
  | {
      readonly op: 'field-load';
      readonly struct: number | null;
      readonly to: number;
      readonly plain: boolean;
    }
  | {
      readonly op: 'field-store';
      readonly struct: number | null;
      readonly value: Operand;
      readonly plain: boolean;
    }
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
  const lines: string[] = [`kcsan ${program.kcsan}`];
  program.locks.forEach(({ kind, grouped }, index) => {
    lines.push(`l${index}: ${kind}${grouped ? ', grouped' : ''}`);
  });
  program.threads.forEach((thread, index) => {
    lines.push(`thread t${index}${thread.daemon ? ' (daemon)' : ''} on CPU ${thread.cpu}:`);
    body(thread.body, 1, lines);
  });
  program.interrupts.forEach((each, index) => {
    lines.push(`${each.kind} h${index} on CPU ${each.cpu}, ${each.times} times:`);
    body(each.body, 1, lines);
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
  const once = (plain: boolean) => (plain ? '' : ' // marked');
  for (const s of statements) {
    switch (s.op) {
      case 'load':
        put(`r${s.to} = x${s.from}${once(s.plain)}`);
        break;
      case 'store':
        put(`x${s.to} = ${showOperand(s.value)}${once(s.plain)}`);
        break;
      case 'add':
        put(`r${s.to} = fetch_add(x${s.of}, ${s.by})`);
        break;
      case 'cmpxchg':
        put(`r${s.to} = cmpxchg(x${s.of}, ${s.expected}, ${s.value})`);
        break;
      case 'both':
        put(`r${s.to} = both(x${s.a}, x${s.b})${once(s.plain)}`);
        break;
      case 'swap':
        put(`swap(x${s.a}, x${s.b})`);
        break;
      case 'wait-both':
        put(`wait(x${s.a} == ${s.x} && x${s.b} == ${s.y})`);
        break;
      case 'locked':
        put(`lock(l${s.lock}, ${s.how}) {`);
        body(s.body, depth + 1, lines);
        put(`} unlock(l${s.lock})`);
        break;
      case 'lock':
      case 'unlock':
        put(`${s.op}(l${s.lock}, ${s.how})`);
        break;
      case 'off':
        put(`${s.what} off {`);
        body(s.body, depth + 1, lines);
        put(`} ${s.what} on`);
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
        put(`g = p${once(s.plain)}`);
        break;
      case 'fetch':
        put(`p = g${once(s.plain)}`);
        break;
      case 'field-load':
        put(`r${s.to} = ${s.struct === null ? 'p' : `s${s.struct}`}->v${once(s.plain)}`);
        break;
      case 'field-store':
        put(
          `${s.struct === null ? 'p' : `s${s.struct}`}->v = ${showOperand(s.value)}${once(s.plain)}`,
        );
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
