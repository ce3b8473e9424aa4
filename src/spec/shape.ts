import * as z from 'zod';
import { isShared, SpecError } from '../model/shared.ts';
import type { Model, Spec } from './define.ts';

const callable = z.custom<() => unknown>((value) => typeof value === 'function', {
  error: 'must be a function',
});
const text = z.string({ error: 'must be a string' });
const name = text.min(1, { error: 'must not be empty' });
const numbers = z.record(z.string(), z.number({ error: 'must be a number' }), {
  error: 'must be an object of numbers',
});

const variant = z.strictObject(
  {
    about: text.optional(),
    kernel: name.optional(),
    violates: z.array(text, { error: 'must be a list of property names' }).optional(),
    options: z.record(z.string(), z.unknown(), { error: 'must be an object' }).optional(),
    params: numbers.optional(),
  },
  { error: (issue) => unknownKeys(issue) ?? 'must be an object; {} will do' },
);

const spec = z.strictObject(
  {
    name,
    about: text.optional(),
    params: numbers.optional(),
    variants: z
      .record(z.string(), variant, { error: 'must be an object, like { main: {} }' })
      .refine((all) => Object.keys(all).length > 0, { error: 'must have at least one variant' }),
    build: callable,
  },
  { error: (issue) => unknownKeys(issue) ?? 'must be what defineSpec({ ... }) gives' },
);

const thread = z.union(
  [
    callable,
    z.strictObject({
      run: callable,
      daemon: z.boolean().optional(),
      cpu: z.int().min(0).optional(),
      kind: z.enum(['process', 'worker', 'softirq', 'hardirq', 'nmi']).optional(),
      interrupted: z.custom(isShared).optional(),
    }),
  ],
  {
    error:
      'must be a generator function, or { run, daemon?, cpu?, kind? } with a generator function as run',
  },
);
const properties = z.record(z.string(), callable, { error: 'must be an object of functions' });

const model = z.strictObject(
  {
    threads: z
      .record(z.string(), thread, { error: 'must be an object of generator functions' })
      .refine((all) => Object.keys(all).length > 0, { error: 'must have at least one thread' }),
    symmetric: z
      .array(z.array(text).min(2, { error: 'must name two threads or more' }), {
        error: 'must be a list of groups, like [["reader0", "reader1"]]',
      })
      .optional(),
    always: properties.optional(),
    atEnd: properties.optional(),
    sometimes: properties.optional(),
    never: properties.optional(),
    unchecked: z
      .record(z.string(), z.string().trim().min(1, { error: 'must say why' }), {
        error: 'must be an object, rule names to reasons',
      })
      .optional(),
    kcsan: z.enum(['strict', 'default'], { error: "must be 'strict' or 'default'" }).optional(),
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

function check(schema: z.ZodType, value: unknown, file: string, whole: string): void {
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
