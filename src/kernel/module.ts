import { type Operation, operation, type Report, type Steps } from '../model/operation.ts';
import { Shared } from '../model/shared.ts';

/**
 * Modules (kernel/module.c), as memory that code is in: once the module is unloaded, no callback, work
 * or timer function of it may be called, or still be running. That free_module() happens to wait for a
 * grace period, for its own lists, is nothing to rely on.
 */
export class Module extends Shared<'MODULE_STATE_LIVE' | 'MODULE_STATE_UNFORMED'> {}

export function MODULE(name: string): Module {
  return new Module(name, 'MODULE_STATE_LIVE');
}

/** The function as part of the module: its first and its last step need the module to be there. */
export function text<A extends readonly unknown[], R>(
  mod: Module,
  fn: (...args: A) => Steps<R>,
): (...args: A) => Steps<R> {
  const { name } = fn;
  function* loaded(...args: A): Steps<R> {
    yield* execute('enter', mod, name);
    const result = yield* fn(...args);
    yield* execute('leave', mod, name);
    return result;
  }
  return Object.defineProperty(loaded, 'name', { value: name });
}

/** What the exit function of the module does last. */
export function delete_module(mod: Module): Operation<void> {
  return operation<void>({
    name: 'delete_module',
    args: [mod],
    writes: [mod],
    step: () => ({ result: undefined, values: ['MODULE_STATE_UNFORMED'] }),
  });
}

function execute(step: 'enter' | 'leave', mod: Module, fn: string): Operation<void> {
  return operation<void>({
    name: step,
    args: [mod, fn],
    reads: [mod],
    step: ([state]) => {
      if (state === 'MODULE_STATE_LIVE') return { result: undefined };
      const report: Report = {
        rule: 'callback pending at module exit',
        message: `${fn} runs in ${mod.name} after the module was unloaded`,
        object: mod.name,
        crash: true,
      };
      return { result: undefined, reports: [report] };
    },
  });
}
