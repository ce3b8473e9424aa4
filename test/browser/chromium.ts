import { existsSync } from 'node:fs';
import puppeteer, { type Browser } from 'puppeteer-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A headless Chromium. Where there is none the tests fail, and say what to do. */
export async function chromium(): Promise<Browser> {
  const named = process.env.CHROMIUM;
  const executablePath = (named ? [named] : PLACES).find((place) => existsSync(place));
  if (!executablePath) {
    throw new Error(
      'The tests of the HTML report need Chromium, and there is none. Install it ' +
        '(Debian, Ubuntu: apt-get update && apt-get install -y chromium) ' +
        'or say where it is: CHROMIUM=/path/to/chromium npm test',
    );
  }
  // Chromium has no sandbox for root, as whom containers run.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return puppeteer.launch({ executablePath, args: [...args, '--disable-dev-shm-usage'] });
}
