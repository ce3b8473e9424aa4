import * as z from 'zod/mini';
import { isShared, SpecError } from '../model/shared.ts';
import type { Model, Spec } from './define.ts';

/** On the way of every run, so of small code, which has no messages of its own: each is here. */

const callable = z.custom<() => unknown>((value) => typeof value === 'function', {
  error: 'must be a function',
});
const text = z.string({ error: 'must be a string' });
const name = text.check(z.minLength(1, { error: 'must not be empty' }));
const reason = text.check(z.trim(), z.minLength(1, { error: 'must say why' }));
const numbers = z.record(z.string(), z.number({ error: 'must be a number' }), {
  error: 'must be an object of numbers',
});

const variant = z.strictObject(
  {
    about: z.optional(text),
    kernel: z.optional(name),
    violates: z.optional(z.array(text, { error: 'must be a list of property names' })),
    options: z.optional(z.record(z.string(), z.unknown(), { error: 'must be an object' })),
    params: z.optional(numbers),
  },
  { error: (issue) => unknownKeys(issue) ?? 'must be an object; {} will do' },
);

const spec = z.strictObject(
  {
    name,
    about: z.optional(text),
    params: z.optional(numbers),
    variants: z
      .record(z.string(), variant, { error: 'must be an object, like { main: {} }' })
      .check(
        z.refine((all) => Object.keys(all).length > 0, { error: 'must have at least one variant' }),
      ),
    build: callable,
  },
  { error: (issue) => unknownKeys(issue) ?? 'must be what defineSpec({ ... }) gives' },
);

const kinds = ['process', 'worker', 'softirq', 'hardirq', 'nmi'] as const;
const cpu = 'must be a whole number from 0 on';
const thread = z.union(
  [
    callable,
    z.strictObject({
      run: callable,
      daemon: z.optional(z.boolean({ error: 'must be true or false' })),
      cpu: z.optional(z.int({ error: cpu }).check(z.minimum(0, { error: cpu }))),
      kind: z.optional(z.enum(kinds, { error: `must be one of ${kinds.join(', ')}` })),
      interrupted: z.optional(z.custom(isShared, { error: 'must be a shared object' })),
    }),
  ],
  {
    error:
      'must be a generator function, or { run, daemon?, cpu?, kind? } with a generator function as run',
  },
);
const group = z
  .array(text, { error: 'must be a list of thread names' })
  .check(z.minLength(2, { error: 'must name two threads or more' }));
const properties = z.record(z.string(), callable, { error: 'must be an object of functions' });

const model = z.strictObject(
  {
    threads: z
      .record(z.string(), thread, { error: 'must be an object of generator functions' })
      .check(
        z.refine((all) => Object.keys(all).length > 0, { error: 'must have at least one thread' }),
      ),
    symmetric: z.optional(
      z.array(group, {
        error: 'must be a list of groups, like [["reader0", "reader1"]]',
      }),
    ),
    always: z.optional(properties),
    atEnd: z.optional(properties),
    sometimes: z.optional(properties),
    never: z.optional(properties),
    unchecked: z.optional(
      z.record(z.string(), reason, {
        error: 'must be an object, rule names to reasons',
      }),
    ),
    kcsan: z.optional(z.enum(['strict', 'default'], { error: "must be 'strict' or 'default'" })),
  },
  { error: (issue) => unknownKeys(issue) ?? 'must be an object, like { threads: { ... } }' },
);

/** @throws SpecError unless it is what a spec module may export. */
export function checkSpec(value: unknown, file: string): asserts value is Spec {
  if (value === undefined) {
    throw new SpecError(
      `${file}: it has no default export; a spec ends up as export default defineSpec({ ... })`,
    );
  }
  check(spec, value, file, 'the spec');
}

/** @throws SpecError unless it is what `build` may return. */
export function checkModel(value: unknown, file: string): asserts value is Model {
  check(model, value, file, 'what build() returns');
  const { threads, symmetric = [] } = value as Model;
  const grouped = symmetric.flat();
  for (const [at, thread] of grouped.entries()) {
    if (!Object.hasOwn(threads, thread))
      throw new SpecError(`${file}: symmetric names '${thread}', which is no thread`);
    if (grouped.indexOf(thread) < at)
      throw new SpecError(`${file}: symmetric names '${thread}' twice`);
  }
  const seen = new Map<string, string>();
  const { always, atEnd, sometimes, never } = value as Model;
  for (const [kind, group] of Object.entries({ always, atEnd, sometimes, never })) {
    for (const property of Object.keys(group ?? {})) {
      const before = seen.get(property);
      if (before) {
        throw new SpecError(
          `${file}: two properties are called '${property}' (in ${before} and ${kind}); ` +
            'a property is known by its name, so give each its own',
        );
      }
      seen.set(property, kind);
    }
  }
}

function check(schema: z.ZodMiniType, value: unknown, file: string, whole: string): void {
  const { error } = schema.safeParse(value);
  const issue = error?.issues[0];
  if (!issue) return;
  const where = issue.path.length > 0 ? issue.path.join('.') : whole;
  throw new SpecError(`${file}: ${where} ${issue.message}`);
}

function unknownKeys(issue: { code?: string; keys?: unknown }): string | undefined {
  if (issue.code !== 'unrecognized_keys') return undefined;
  return `has no field called '${(issue.keys as string[]).join("', '")}'`;
}
