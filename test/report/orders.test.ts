import { expect, test } from 'vitest';
import { briefOrderText, lettersAt, orderText } from '../../src/report/orders.ts';
import { stepOf } from '../fixtures/steps.ts';

const steps = [
  stepOf({ thread: 'a', text: 'load(x.dying)' }),
  stepOf({ thread: 'b', text: 'store(x.dying, true)' }),
  stepOf({
    thread: 'a',
    text: 'rcu_gp_start()',
    waits: [{ thread: 'c', text: 'mutex_lock(m)', holder: 'a', idle: false, since: 1 }],
  }),
];
const order = (first: number, then: number | null, object: string, thread = 'b') => {
  return { first, then, thread, object, holds: 'tried' } as const;
};

test.each([
  [
    order(1, 2, 'x.dying'),
    'if 2 store(x.dying, true) came before 1 load(x.dying), this would hold in the run tried',
  ],
  [
    order(1, 3, 'x.dying'),
    'if 3 rcu_gp_start() came before 1 load(x.dying), this would hold in the run tried' +
      ' (both touch x.dying)',
  ],
  [
    // A name that begins with it is another.
    order(1, 2, 'x'),
    'if 2 store(x.dying, true) came before 1 load(x.dying), this would hold in the run tried' +
      ' (both touch x)',
  ],
  [
    order(1, 3, 'rcu:a'),
    'if 3 rcu_gp_start() came before 1 load(x.dying), this would hold in the run tried' +
      ' (both touch a as an RCU reader)',
  ],
  [
    order(1, null, 'm', 'c'),
    'if mutex_lock(m), which c waits to do, came before 1 load(x.dying), this would hold in the' +
      ' run tried (both touch m)',
  ],
])('%j', (each, text) => {
  expect(orderText(each, steps)).toBe(text);
});

test('what holds however things go on is said without a condition', () => {
  const always = { ...order(1, 2, 'x.dying'), holds: 'always' } as const;
  expect(orderText(always, steps)).toBe(
    'if 2 store(x.dying, true) came before 1 load(x.dying), this would hold',
  );
});

test('in brief it has no operations, and the same object', () => {
  expect(briefOrderText(order(1, 2, 'x.dying'), steps)).toBe(
    'if step 2 came before step 1, this would hold in the run tried',
  );
});

test('a step has the letters of all orders that it is in', () => {
  const orders = [order(1, 3, 'x'), order(1, null, 'm'), order(2, 3, 'x')];
  expect([1, 2, 3].map((step) => lettersAt(orders, step))).toEqual(['AB', 'C', 'AC']);
});
