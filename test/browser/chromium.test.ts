import { afterEach, expect, test } from 'vitest';
import { chromium } from './chromium.ts';

const before = process.env.CHROMIUM;
afterEach(() => {
  if (before === undefined) delete process.env.CHROMIUM;
  else process.env.CHROMIUM = before;
});

test('without Chromium the tests say how to get it', async () => {
  process.env.CHROMIUM = '/nowhere/chromium';
  await expect(chromium()).rejects.toThrow(/apt-get install -y chromium/);
});
