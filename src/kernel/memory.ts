import {
  type Effect,
  type Operation,
  operation,
  type Report,
  type Steps,
} from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import { HANDLE, type Life, Shared, SpecError, type Struct } from '../model/shared.ts';
import type { Widen } from './access.ts';
import { type Gfp, might_alloc } from './gfp.ts';
import { current } from './ghost.ts';

/** A field of a struct type that is more than a plain variable: a lock, a work item, a list. */
export interface Embedded<T, Initial = never> {
  /** `initial`: what `object` was given for the field. */
  embed(name: string, owner: Struct, initial?: Initial): T;
  /** For who takes it for an object: how it is written, and how an object of its own is declared. */
  readonly declares?: string;
  readonly alone?: string;
}

/** An object or an interface; with an interface, struct types may point to each other. */
type Fields = object;

/** The handle to a struct of a type: each field is a shared object. */
export type Instance<F extends Fields> = Struct & {
  readonly [K in keyof F]: F[K] extends Embedded<infer E, any> ? E : Shared<Widen<F[K]>>;
};

export interface StructType<F extends Fields> {
  readonly type: string;
  readonly fields: F;
}

/** A pointer field, initially `value`: gives the field the type of what it may point to. */
export function pointer<T>(value: T | null = null): T | null {
  return value;
}

/** An array field of pointers, all NULL: each element is a shared object of its own. */
export function pointers<T>(length: number): Embedded<readonly Shared<T | null>[]> {
  return {
    embed: (name, owner) =>
      Array.from({ length }, (_, at) => new Shared<T | null>(`${name}[${at}]`, null, owner)),
  };
}

/**
 * Declares a struct type: its C name, and its fields with their values after allocation. Types that
 * point to each other need their fields declared as an interface: `struct<NodeFields>('node', ...)`
 * beside `type Node = Instance<NodeFields>`.
 */
export function struct<const F extends Fields>(type: string, fields: F): StructType<F> {
  return { type, fields };
}

/** Values for some fields of a struct. */
export type Initial<F extends Fields> = {
  readonly [K in keyof F]?: F[K] extends Embedded<any, infer I> ? I : Widen<F[K]>;
};

/** A struct that exists from the start, with values for some of its fields. */
export function object<F extends Fields>(
  of: StructType<F>,
  name: string,
  initial: Initial<F> = {},
): Instance<F> {
  return handle(of, name, 'alive', initial as Readonly<Record<string, unknown>>);
}

/**
 * Allocates a zeroed struct: `kzalloc(foo, GFP_KERNEL)`. Its name is made of `label` and of that of
 * the thread.
 */
export function* kzalloc<F extends Fields>(
  of: StructType<F>,
  flags: Gfp,
  label: string = of.type,
): Steps<Instance<F>> {
  const made = handle(of, current(`kzalloc(${label})`).allocate(label), 'absent', {});
  const { spec } = alloc('kzalloc', made);
  yield* operation<void>({
    ...spec,
    args: [made, flags],
    check: (thread) => might_alloc(thread, flags, `kzalloc(${made.name}, ${flags.name})`),
  });
  return made;
}

/** The life of a local variable (stack.ts): it is not from the heap, so no kfree() may end it. */
export class Scope extends Shared<Life> {}

export function local<F extends Fields>(of: StructType<F>, name: string): Instance<F> {
  return handle(of, name, 'absent', {}, Scope);
}

export function alloc(name: string, made: Struct): Operation<void> {
  return operation<void>({
    name,
    args: [made],
    writes: [made.life],
    step: () => ({ result: undefined, values: ['alive'] }),
  });
}

/** A field that debug_objects or lockdep looks at when the memory around it is freed. */
interface Watched extends Shared<any> {
  /** What is still active in it, in words; null: nothing. */
  freed(value: unknown): string | null;
  /** Further objects that belong to the field. */
  readonly parts?: readonly Shared<any>[];
}

/**
 * Frees a struct; NULL is none. KASAN: what was freed before is a double free, what is not from the
 * heap an invalid one (mm/kasan/common.c, check_slab_allocation).
 */
export function kfree(memory: Struct | null): Operation<void> {
  if (memory === null)
    return operation<void>({ name: 'kfree', args: [null], step: () => ({ result: undefined }) });
  const { step, ...spec } = free('kfree', memory).spec;
  const invalid = memory.life instanceof Scope;
  return operation<void>({
    ...spec,
    step: (values, thread) => {
      if (invalid) return wrong(memory, 'invalid-free', 'is freed, but it is a local variable');
      if (values[0] !== 'alive') return wrong(memory, 'double-free', 'is freed twice');
      return step!(values, thread);
    },
  });
}

/**
 * The memory is gone. A queued work, a queued rcu_head or a held lock in it is reported as
 * debug_check_no_obj_freed (lib/debugobjects.c) and debug_check_no_locks_freed
 * (kernel/locking/lockdep.c) do.
 */
export function free(name: string, memory: Struct): Operation<void> {
  const watched = watchedFields(memory);
  return operation<void>({
    name,
    args: [memory],
    writes: [memory.life],
    reads: watched,
    step: ([, ...values]) => {
      const active = watched
        .map((field, at) => field.freed(values[at]))
        .filter((what) => what !== null);
      return {
        result: undefined,
        values: ['freed'],
        reports: active.map((what) => ({
          rule: 'active object freed',
          message: `${memory.name} is freed with ${what}`,
          object: memory.name,
          type: memory.type,
        })),
      };
    },
  });
}

function watchedFields(memory: Struct): Watched[] {
  const fields = Object.values(memory)
    .flat()
    .flatMap((field: Watched) => [field, ...(field.parts ?? [])]);
  return fields.filter((field): field is Watched => field instanceof Shared && 'freed' in field);
}

function wrong({ name, type }: Struct, rule: string, what: string): Effect<void> {
  const report: Report = { rule, message: `${name} ${what}`, object: name, type, crash: true };
  return { result: undefined, reports: [report] };
}

/**
 * What a pointer points to, where the C goes through it without asking: NULL is an oops. Costs no
 * step when it is not NULL. `expression`: what the C says, for the report.
 */
export function* deref<T>(pointer: T | null, expression: string): Steps<T> {
  while (pointer === null) yield* null_ptr_deref(expression);
  return pointer;
}

function null_ptr_deref(expression: string): Operation<void> {
  const report: Report = {
    rule: 'null-ptr-deref',
    message: `kernel NULL pointer dereference: ${expression}`,
    crash: true,
  };
  return operation<void>({
    name: 'deref',
    args: [expression],
    step: () => ({ result: undefined, reports: [report] }),
  });
}

/** `container_of(work, struct kmem_cache, work)`: the struct of that type around an embedded field. */
export function container_of<F extends Fields>(field: Shared<any>, of: StructType<F>): Instance<F> {
  const owner = field.owner;
  if (owner?.type !== of.type) {
    throw new SpecError(
      `${field.name} is part of ${owner ? `a ${owner.type}` : 'no struct'}, not of a ${of.type}`,
    );
  }
  return owner as Instance<F>;
}

function handle<F extends Fields>(
  of: StructType<F>,
  name: string,
  life: Life,
  initial: Readonly<Record<string, unknown>>,
  Lifetime: typeof Scope = Shared,
): Instance<F> {
  const known = runtime.structs.get(name);
  if (known) {
    if (life === 'alive') throw new SpecError(`two structs are called '${name}'`);
    if ((known as Struct).type !== of.type) {
      throw new SpecError(`a ${(known as Struct).type} and a ${of.type} are both called '${name}'`);
    }
    return known as Instance<F>;
  }
  const made: Record<string, unknown> = { [HANDLE]: name, name, type: of.type };
  made.life = new Lifetime(name, life);
  for (const [field, value] of Object.entries(of.fields)) {
    if (field in made) {
      throw new SpecError(`a field of ${of.type} cannot be called '${field}'; call it ${field}_`);
    }
    const path = `${name}.${field}`;
    made[field] = isEmbedded(value)
      ? value.embed(path, made as unknown as Struct, initial[field] as never)
      : new Shared(path, field in initial ? initial[field] : value, made as unknown as Struct);
  }
  runtime.structs.set(name, Object.freeze(made));
  return made as unknown as Instance<F>;
}

function isEmbedded(value: unknown): value is Embedded<unknown, any> {
  return typeof value === 'object' && value !== null && 'embed' in value;
}
