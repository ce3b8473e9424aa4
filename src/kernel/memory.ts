import { type Operation, operation, type Steps } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import { type Life, Shared, SpecError, type Struct } from '../model/shared.ts';
import type { Widen } from './access.ts';

/** A field of a struct type that is more than a plain variable: a lock, a work item, a list. */
export interface Embedded<T> {
  embed(name: string, owner: Struct): T;
}

type Fields = Readonly<Record<string, unknown>>;

/** The handle to a struct of a type: each field is a shared object. */
export type Instance<F extends Fields> = Struct & {
  readonly [K in keyof F]: F[K] extends Embedded<infer E> ? E : Shared<Widen<F[K]>>;
};

export interface StructType<F extends Fields> {
  readonly type: string;
  readonly fields: F;
}

/** A pointer field, initially `value`: gives the field the type of what it may point to. */
export function pointer<T>(value: T | null = null): T | null {
  return value;
}

/** Declares a struct type: its C name, and its fields with their values after allocation. */
export function struct<const F extends Fields>(type: string, fields: F): StructType<F> {
  return { type, fields };
}

/** A struct that exists from the start, with values for some of its plain fields. */
export function object<F extends Fields>(
  of: StructType<F>,
  name: string,
  initial: { readonly [K in keyof F]?: Widen<F[K]> } = {},
): Instance<F> {
  return handle(of, name, 'alive', initial as Fields);
}

/** Allocates a zeroed struct, named after `label` and the allocating thread. */
export function* kzalloc<F extends Fields>(of: StructType<F>, label: string = of.type): Steps<Instance<F>> {
  const thread = runtime.thread;
  if (!thread) throw new SpecError(`kzalloc(${label}) outside a thread`);
  const made = handle(of, thread.allocate(label), 'absent', {});
  yield* alloc(made);
  return made;
}

function alloc(made: Struct): Operation<void> {
  return operation<void>({
    name: 'kzalloc',
    args: [made],
    writes: [made.life],
    step: () => ({ result: undefined, values: ['alive'] }),
  });
}

/** Frees a struct. Freeing what is not allocated is a double free. */
export function kfree(memory: Struct): Operation<void> {
  return operation<void>({
    name: 'kfree',
    args: [memory],
    writes: [memory.life],
    step: ([life]) =>
      life === 'alive'
        ? { result: undefined, values: ['freed'] }
        : {
            result: undefined,
            reports: [
              {
                rule: 'double-free',
                message: `${memory.name} is freed twice`,
                object: memory.name,
                type: memory.type,
                crash: true,
              },
            ],
          },
  });
}

function handle<F extends Fields>(
  of: StructType<F>,
  name: string,
  life: Life,
  initial: Fields,
): Instance<F> {
  const known = runtime.structs.get(name);
  if (known) {
    if (life === 'alive') throw new SpecError(`two structs are called '${name}'`);
    return known as Instance<F>;
  }
  const made: Record<string, unknown> = { handle: name, name, type: of.type };
  made.life = new Shared<Life>(name, life);
  for (const [field, value] of Object.entries(of.fields)) {
    const path = `${name}.${field}`;
    made[field] = isEmbedded(value)
      ? value.embed(path, made as unknown as Struct)
      : new Shared(path, field in initial ? initial[field] : value, made as unknown as Struct);
  }
  runtime.structs.set(name, Object.freeze(made));
  return made as Instance<F>;
}

function isEmbedded(value: unknown): value is Embedded<unknown> {
  return typeof value === 'object' && value !== null && 'embed' in value;
}
