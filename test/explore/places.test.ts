import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { replay } from '../../src/explore/replay.ts';
import { guarded } from '../../src/spec/guard.ts';
import { instantiate } from '../../src/spec/instantiate.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { searched } from '../oracle/compare.ts';

/** What the report on a property says of the code: `what thread: text at function, locks held`. */
async function told(spec: string, variant: string, property: string): Promise<string[]> {
  const file = path.join(import.meta.dirname, `../fixtures/checks/${spec}.ts`);
  const shown = path.relative(process.cwd(), file);
  const loaded = await loadSpec(file);
  const make = () => instantiate(loaded, variant);
  const found = searched(make(), false).outcome.properties.find(({ name }) => name === property)!;
  const { broken, steps } = replay(make(), found.schedule!, guarded, found.earlier);
  const { places, step } = broken.findLast((each) => each.property === property)!;
  expect(step).toBe(steps.length);
  return places.map(({ what, thread, text, calls, held }) => {
    for (const call of calls) expect([call.file, call.line > 0]).toEqual([shown, true]);
    const stack = calls.map(({ fn }) => fn).join(' > ');
    return `${what} ${thread}: ${text} at ${stack}, ${held.join(' ') || 'nothing'} held`;
  });
}

describe('a report names the places in the code, with call stacks and locks', () => {
  test('data race', async () => {
    const [write, read] = await told('list-race', 'bad', 'data-race in produce / walk');
    // Which of the two writers it is depends on fingerprints.
    expect(write).toMatch(
      /^write \(marked\) produce(_more)?: list_add\([ab], items\) at produce, lock held$/,
    );
    expect(read).toBe('read walk: list_for_each_entry(items) at walk, nothing held');
  });

  test('circular locking dependency, over several runs', async () => {
    const circle = 'possible circular locking dependency detected: a -> b -> c -> a';
    expect(await told('lock-order-either', 'bad', circle)).toEqual([
      'a -> b ab: mutex_lock(b) at both, a held',
      'b -> c bc: mutex_lock(c) at both, b held',
      'c -> a ca: mutex_lock(a) at both, c held',
    ]);
  });

  test('inconsistent lock state', async () => {
    expect(await told('irq-self-deadlock', 'bad', 'inconsistent lock state: lock')).toEqual([
      '{HARDIRQ-ON-W} lock task: spin_unlock(lock) at task, lock held',
      '{IN-HARDIRQ-W} lock irq: spin_lock(lock) at handler, nothing held',
    ]);
  });

  test('deadlock, also of who is interrupted', async () => {
    expect(await told('irq-self-deadlock', 'bad', 'deadlock')).toEqual([
      'waits for irq task: spin_unlock(lock) at task, lock held',
      'waits for task irq: spin_lock(lock) at handler, nothing held',
    ]);
  });

  test('use after free: where it was freed', async () => {
    expect(await told('flush-freed-work', 'bad', 'use-after-free')).toEqual([
      ' submit: flush_work(wq, req.work) at submit, nothing held',
      'freed kworker/0-wq: kfree(req) at handle, nothing held',
    ]);
    expect(await told('completion-on-stack', 'bad', 'use-after-free')).toEqual([
      ' driver: complete(&request@submit.done) at driver, nothing held',
      'freed submit: return(&request@submit) at , nothing held',
      'allocated submit: on_stack(&request@submit) at , nothing held',
    ]);
  });

  test('memory leak: where it was allocated', async () => {
    expect(await told('memory-leak', 'bad', 'memory leak')).toEqual([
      'allocated make: kzalloc(node@make, GFP_KERNEL) at make, nothing held',
      'allocated make: kzalloc(node@make#2, GFP_KERNEL) at make, nothing held',
    ]);
  });
});
