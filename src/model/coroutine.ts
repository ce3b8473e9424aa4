import { ThreadContext } from './context.ts';
import { type Frame, isStep, resetTicks } from './frames.ts';
import { describe, isOperation, type Operation, type OperationSpec } from './operation.ts';
import type { ThreadDeclaration } from './program.ts';
import { runtime } from './runtime.ts';
import { isShared, notShared, SpecError } from './shared.ts';
import { deepFreeze } from './value.ts';

/** A generator of a thread, run to its first operation, and on from each by its result. */
export class Coroutine {
  readonly context: ThreadContext;
  /** Its suspended frames, outermost first. */
  readonly stack: Frame[] = [];
  /** The operation that it is suspended at; null: it has finished. */
  pending: OperationSpec<unknown> | null = null;
  private readonly generator: Generator<Operation<unknown>, unknown, unknown>;
  private readonly run: <T>(code: () => T) => T;

  /** @param run wraps every entry into spec code */
  constructor({ name, cpu, kind, run }: ThreadDeclaration, guard: <T>(code: () => T) => T) {
    this.context = new ThreadContext(name, cpu, kind);
    this.run = guard;
    this.generator = this.inside(null, () => run());
    if (typeof this.generator?.next !== 'function') {
      throw new SpecError(`thread '${name}' is no generator function; write function* () { ... }`);
    }
    this.resume(undefined);
  }

  resume(result: unknown): void {
    if (this.pending) this.pending.after?.(this.context, result);
    const step = this.inside(this, () => this.generator.next(result));
    if (step.done) {
      this.pending = null;
      return;
    }
    const { name } = this.context;
    if (!isOperation(step.value)) {
      throw new SpecError(
        `thread '${name}' yields ${shown(step.value)}${this.place('at')}, ` +
          'which is no operation; write yield* before operations and helper functions',
      );
    }
    const { spec } = step.value;
    const footprint = [...(spec.writes ?? []), ...(spec.reads ?? [])] as unknown[];
    if (!footprint.every(isShared)) {
      const wrong = footprint.find((object) => !isShared(object));
      throw new SpecError(
        `thread '${name}' calls ${describe(spec)}${this.place('at')}: ${notShared(wrong)}`,
      );
    }
    this.pending = spec;
    // Always, so that code which changes what it gave away fails the same way in every run.
    deepFreeze(spec.args);
  }

  /** Runs spec code with the runtime set up for this thread, and names it in what goes wrong. */
  private inside<T>(running: this | null, code: () => T): T {
    const outer = { thread: runtime.thread, stack: runtime.stack };
    runtime.thread = running?.context ?? null;
    runtime.stack = running?.stack ?? [];
    resetTicks();
    try {
      return this.run(code);
    } catch (error) {
      const { name } = this.context;
      if (error instanceof Error && error.name === 'SpecError') {
        throw new SpecError(`thread '${name}': ${error.message}`);
      }
      const what = error instanceof Error ? `${error.name}: ${error.message}` : shown(error);
      const place = running ? this.place('after') : '';
      throw new SpecError(`thread '${name}' throws ${what}${place}${frozen(error)}`);
    } finally {
      runtime.thread = outer.thread;
      runtime.stack = outer.stack;
    }
  }

  /** ` (at specs/x.ts:12)`: the last statement of the spec that it came to. */
  private place(how: 'at' | 'after'): string {
    const sites = this.stack.flatMap(({ site }) => runtime.sites.get(site) ?? []);
    const site = sites.findLast(({ library }) => !library);
    return site ? ` (${how} ${site.file}:${site.line})` : '';
  }
}

/** What to do instead, where it assigned to an object. */
function frozen(error: unknown): string {
  return error instanceof TypeError && /read only|not extensible/.test(error.message)
    ? '; what is shared changes by operations only, as by yield* WRITE_ONCE(...)'
    : '';
}

function shown(value: unknown): string {
  if (isStep(value)) return 'a generator';
  if (typeof value === 'object' && value !== null)
    return `an object (${Object.keys(value).join(', ')})`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
