import { expect, test } from 'vitest';
import { guarded } from '../../src/spec/guard.ts';

test('what differs from run to run, or acts on the outside, is refused inside', () => {
  const bad: Record<string, () => unknown> = {
    'Math.random()': () => Math.random(),
    'Date.now()': () => Date.now(),
    'new Date()': () => new Date(),
    'Date()': () => Date(),
    'performance.now()': () => performance.now(),
    'crypto.randomUUID()': () => crypto.randomUUID(),
    'setTimeout()': () => setTimeout(() => {}),
    'queueMicrotask()': () => queueMicrotask(() => {}),
    'process.exit()': () => process.exit(),
    'process.nextTick()': () => process.nextTick(() => {}),
    'process.hrtime()': () => process.hrtime(),
    'fetch()': () => fetch('http://localhost'),
  };
  for (const [name, act] of Object.entries(bad)) {
    expect(() => guarded(act), name).toThrow(
      `${name} in build() or a property: it must do the same`,
    );
  }
});

test('what is the same each time is allowed, and outside everything is', async () => {
  expect(guarded(() => new Date(0).getUTCFullYear())).toBe(1970);
  expect(guarded(() => new Date(0) instanceof Date)).toBe(true);
  expect(guarded(() => Date.UTC(2000, 0))).toBe(946684800000);
  expect(Math.random()).toBeLessThan(1);
  expect(new Date().getFullYear()).toBeGreaterThan(0);
  expect(Date.now()).toBeGreaterThan(0);
  expect(process.hrtime.bigint()).toBeGreaterThan(0n);
  await new Promise((done) => setTimeout(done, 1));
});

test('guards nest, and end with an exception too', () => {
  guarded(() => {
    expect(() => guarded(() => Math.random())).toThrow('Math.random()');
    expect(() => Math.random()).toThrow('Math.random()');
  });
  expect(() => Math.random()).not.toThrow();
});
