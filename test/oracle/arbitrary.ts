import fc from 'fast-check';
import {
  type Clause,
  type Condition,
  HOWS,
  type How,
  type Operand,
  type RandomInterrupt,
  type RandomLock,
  type RandomProgram,
  type RandomThread,
  REGISTERS,
  type Statement,
} from './program.ts';

/** What the statements of one program draw from. */
interface Shape {
  readonly variables: number;
  readonly locks: readonly RandomLock[];
  readonly structs: number;
  readonly heap: boolean;
  readonly loops: boolean;
  readonly waits: boolean;
  /** Most statements per list. */
  readonly length: number;
  readonly threads: number;
  readonly interrupts: number;
  /** Of ten accesses. */
  readonly plain: number;
  /** Little else than locks inside of locks. */
  readonly locking: boolean;
}

const lock: fc.Arbitrary<RandomLock> = fc.record({
  kind: fc.constantFrom(
    ...(['bare', 'mutex', 'mutex', 'spinlock', 'spinlock', 'spinlock'] as const),
    ...(['raw', 'rwlock', 'rwlock', 'rwsem'] as const),
  ),
  grouped: fc.constantFrom(false, false, true),
});

const shape: fc.Arbitrary<Shape> = fc.constantFrom(true, false, false).chain((locking) =>
  fc
    .record({
      variables: fc.integer({ min: 1, max: locking ? 1 : 3 }),
      locks: fc.noBias(fc.array(lock, { minLength: locking ? 2 : 0, maxLength: 3, size: 'max' })),
      structs: fc.constantFrom(0, 0, 0, 1),
      heap: fc.constantFrom(false, false, false, true),
      loops: fc.boolean(),
      waits: fc.boolean(),
      threads: fc.constantFrom(2, 2, 3, 3, 4),
      interrupts: fc.constantFrom(0, 0, 0, 1, 1, 1, 2),
      plain: fc.constantFrom(0, 1, 3, 6),
      locking: fc.constant(locking),
    })
    .map((drawn) => {
      const { interrupts } = drawn;
      const threads = interrupts > 0 ? Math.min(drawn.threads, 2) : drawn.threads;
      const length = [0, 0, 6, 4, 3][drawn.threads + interrupts] ?? 3;
      const locks = drawn.locks.map(({ kind, grouped }): RandomLock => {
        // A lock written by hand is in no struct.
        if (kind === 'bare') return { kind: locking ? 'spinlock' : kind, grouped: false };
        // A handler may take it, but not one that may sleep.
        const spins = locking && interrupts > 0 && (kind === 'mutex' || kind === 'rwsem');
        return { kind: spins ? 'rwlock' : kind, grouped };
      });
      return { ...drawn, locks, threads, length: locking ? Math.min(length, 3) : length };
    }),
);

export const randomProgram: fc.Arbitrary<RandomProgram> = shape.chain((s) =>
  fc.record({
    variables: fc.constant(s.variables),
    locks: fc.constant(s.locks),
    structs: fc.constant(s.structs),
    kcsan: fc.constantFrom('strict', 'strict', 'strict', 'default'),
    threads: fc.noBias(
      fc.array(thread(s), {
        minLength: s.interrupts > 0 ? 1 : 2,
        maxLength: s.threads,
        size: 'max',
      }),
    ),
    interrupts: fc.noBias(
      fc.array(interrupt(s), {
        minLength: s.interrupts,
        maxLength: s.interrupts,
        size: 'max',
      }),
    ),
    always: fc.array(condition(s), { maxLength: 2 }),
    atEnd: fc.array(condition(s), { maxLength: 1 }),
    sometimes: fc.array(condition(s), { maxLength: 1 }),
  }),
);

function thread(s: Shape): fc.Arbitrary<RandomThread> {
  return fc.record({
    daemon: fc.constantFrom(false, false, false, true),
    cpu: fc.constantFrom(0, 0, 1),
    body: list(s, 2, true),
  });
}

function interrupt(s: Shape): fc.Arbitrary<RandomInterrupt> {
  return fc.record({
    kind: fc.constantFrom('softirq', 'hardirq'),
    cpu: fc.constantFrom(0, 0, 0, 1),
    times: fc.constantFrom(1, 1, 1, 2),
    body: s.locking
      ? list({ ...s, length: 2, loops: false, waits: false }, 2, true)
      : list({ ...s, length: Math.min(s.length, 3), loops: false, waits: false }, 1, true),
  });
}

function list(
  s: Shape,
  depth: number,
  bounded: boolean,
  held: readonly number[] = [],
): fc.Arbitrary<readonly Statement[]> {
  const most = depth === 2 ? s.length : Math.max(2, s.length - 2);
  return fc.noBias(
    fc.array(statement(s, depth, bounded, held), {
      minLength: depth === 2 ? 2 : 0,
      maxLength: most,
      size: 'max',
    }),
  );
}

/** `bounded`: outside every loop without a limit, where allocating for ever would be possible. */
function statement(
  s: Shape,
  depth: number,
  bounded: boolean,
  held: readonly number[],
): fc.Arbitrary<Statement> {
  const variable = fc.nat({ max: s.variables - 1 });
  const register = fc.nat({ max: REGISTERS - 1 });
  const small = fc.nat({ max: 2 });
  const operand: fc.Arbitrary<Operand> = fc.oneof(
    { weight: 3, arbitrary: small.map((constant) => ({ constant })) },
    { weight: 1, arbitrary: register.map((r) => ({ register: r })) },
  );
  const plain = fc.nat({ max: 9 }).map((n) => n < s.plain);
  const choices: fc.WeightedArbitrary<Statement>[] = [];
  const may = <O extends Statement['op']>(
    weight: number,
    op: O,
    fields: { [K in keyof Omit<Extract<Statement, { op: O }>, 'op'>]: fc.Arbitrary<unknown> },
  ) =>
    choices.push({
      weight: weight * 10,
      arbitrary: fc.record({ op: fc.constant(op), ...fields }) as fc.Arbitrary<Statement>,
    });

  may(8, 'load', { to: register, from: variable, plain });
  may(10, 'store', { to: variable, value: operand, plain });
  may(2, 'add', { to: register, of: variable, by: fc.integer({ min: 1, max: 2 }) });
  may(2, 'cmpxchg', { to: register, of: variable, expected: small, value: small });
  may(2, 'both', { to: register, a: variable, b: variable, plain });
  may(2, 'swap', { a: variable, b: variable });
  may(2, 'assert', { register, not: fc.integer({ min: 0, max: 2 }) });
  if (s.waits) {
    may(4, 'wait', { on: variable, value: small, not: fc.boolean() });
    may(2, 'wait-both', { a: variable, b: variable, x: small, y: small });
  }
  if (depth > 0) {
    may(4, 'if', {
      register,
      equals: fc.integer({ min: 0, max: 1 }),
      yes: list(s, depth - 1, bounded, held),
      no: list(s, depth - 1, bounded, held),
    });
    if (s.loops) {
      const loop = { register, on: variable, value: small };
      may(4, 'retry', {
        ...loop,
        limit: fc.integer({ min: 1, max: 2 }),
        body: list(s, depth - 1, bounded, held),
      });
      may(4, 'retry', { ...loop, limit: fc.constant(null), body: list(s, depth - 1, false, held) });
    }
  }
  const how = (n: number): fc.Arbitrary<How> => fc.constantFrom(...HOWS[s.locks[n]!.kind]);
  for (const n of s.locks.keys()) {
    const taken = { lock: fc.constant(n), how: how(n) };
    may(0.3, 'unlock', taken);
    may(0.3, 'lock', taken);
    // Any order, but seldom the same lock twice: that thread would only stop.
    if (depth === 0 || (held.includes(n) && s.locks[n]!.kind === 'bare')) continue;
    may(held.includes(n) ? 0.3 : s.locking ? 30 : 6, 'locked', {
      ...taken,
      body: list(s, depth - 1, bounded, [...held, n]),
    });
  }
  if (depth > 0) {
    may(s.interrupts > 0 ? 3 : 1, 'off', {
      what: fc.constantFrom('irq', 'irqsave', 'bh'),
      body: list(s, depth - 1, bounded, held),
    });
  }
  const structs: fc.Arbitrary<number | null>[] = [];
  if (s.structs > 0) structs.push(fc.nat({ max: s.structs - 1 }));
  if (s.heap) {
    structs.push(fc.constant(null));
    if (bounded) may(4, 'alloc', {});
    may(4, 'publish', { plain });
    may(4, 'fetch', { plain });
  }
  if (structs.length > 0) {
    const struct = fc.oneof(...structs);
    may(4, 'field-load', { struct, to: register, plain });
    may(4, 'field-store', { struct, value: operand, plain });
    may(1, 'free', { struct });
  }
  return fc.oneof(...choices);
}

function condition(s: Shape): fc.Arbitrary<Condition> {
  const objects: fc.Arbitrary<Clause['object']>[] = [
    fc.nat({ max: s.variables - 1 }).map((variable) => ({ variable })),
  ];
  if (s.locks.length > 0)
    objects.push(fc.nat({ max: s.locks.length - 1 }).map((n) => ({ lock: n })));
  return fc.record({
    negated: fc.boolean(),
    clauses: fc.array(
      fc.record({
        object: fc.oneof({ weight: 3, arbitrary: objects[0]! }, ...objects),
        equals: fc.nat({ max: 1 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  });
}
