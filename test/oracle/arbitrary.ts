import fc from 'fast-check';
import {
  type Clause,
  type Condition,
  type Operand,
  type RandomProgram,
  type RandomThread,
  REGISTERS,
  type Statement,
} from './program.ts';

/** What the statements of one program draw from. */
interface Shape {
  readonly variables: number;
  readonly locks: number;
  readonly structs: number;
  readonly heap: boolean;
  readonly loops: boolean;
  readonly waits: boolean;
  /** Most statements per list. */
  readonly length: number;
  readonly threads: number;
}

const shape: fc.Arbitrary<Shape> = fc
  .record({
    variables: fc.integer({ min: 1, max: 3 }),
    locks: fc.integer({ min: 0, max: 3 }),
    structs: fc.constantFrom(0, 0, 0, 1),
    heap: fc.constantFrom(false, false, false, true),
    loops: fc.boolean(),
    waits: fc.boolean(),
    threads: fc.constantFrom(2, 2, 3, 3, 4),
  })
  .map((drawn) => ({ ...drawn, length: [0, 0, 6, 4, 3][drawn.threads]! }));

export const randomProgram: fc.Arbitrary<RandomProgram> = shape.chain((s) =>
  fc.record({
    variables: fc.constant(s.variables),
    locks: fc.constant(s.locks),
    structs: fc.constant(s.structs),
    threads: fc.noBias(fc.array(thread(s), { minLength: 2, maxLength: s.threads, size: 'max' })),
    always: fc.array(condition(s), { maxLength: 2 }),
    atEnd: fc.array(condition(s), { maxLength: 1 }),
    sometimes: fc.array(condition(s), { maxLength: 1 }),
  }),
);

function thread(s: Shape): fc.Arbitrary<RandomThread> {
  return fc.record({
    daemon: fc.constantFrom(false, false, false, true),
    body: list(s, 2, true),
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
  const choices: fc.WeightedArbitrary<Statement>[] = [];
  const may = <O extends Statement['op']>(
    weight: number,
    op: O,
    fields: { [K in keyof Omit<Extract<Statement, { op: O }>, 'op'>]: fc.Arbitrary<unknown> },
  ) =>
    choices.push({
      weight,
      arbitrary: fc.record({ op: fc.constant(op), ...fields }) as fc.Arbitrary<Statement>,
    });

  may(8, 'load', { to: register, from: variable });
  may(10, 'store', { to: variable, value: operand });
  may(2, 'add', { to: register, of: variable, by: fc.integer({ min: 1, max: 2 }) });
  may(2, 'cmpxchg', { to: register, of: variable, expected: small, value: small });
  may(2, 'both', { to: register, a: variable, b: variable });
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
  if (s.locks > 0) {
    may(1, 'unlock', { lock: fc.nat({ max: s.locks - 1 }) });
    // Any order, but not the same lock twice: that thread would only stop.
    for (let lock = 0; lock < s.locks && depth > 0; lock++) {
      if (held.includes(lock)) continue;
      const body = list(s, depth - 1, bounded, [...held, lock]);
      may(6, 'locked', { lock: fc.constant(lock), body });
    }
  }
  const structs: fc.Arbitrary<number | null>[] = [];
  if (s.structs > 0) structs.push(fc.nat({ max: s.structs - 1 }));
  if (s.heap) {
    structs.push(fc.constant(null));
    if (bounded) may(4, 'alloc', {});
    may(4, 'publish', {});
    may(4, 'fetch', {});
  }
  if (structs.length > 0) {
    const struct = fc.oneof(...structs);
    may(4, 'field-load', { struct, to: register });
    may(4, 'field-store', { struct, value: operand });
    may(1, 'free', { struct });
  }
  return fc.oneof(...choices);
}

function condition(s: Shape): fc.Arbitrary<Condition> {
  const objects: fc.Arbitrary<Clause['object']>[] = [
    fc.nat({ max: s.variables - 1 }).map((variable) => ({ variable })),
  ];
  if (s.locks > 0) objects.push(fc.nat({ max: s.locks - 1 }).map((lock) => ({ lock })));
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
