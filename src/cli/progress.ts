import type { Ora } from 'ora';
import { counted, duration, thousands } from '../report/text.ts';
import type { Context } from './context.ts';
import type { SearchProgress } from './engine.ts';

/** One line on stderr that says how far a search is. */
export interface ProgressLine {
  show(subject: string, progress: SearchProgress): void;
  /** Before anything else is written. */
  clear(): void;
}

export const silent: ProgressLine = { show: () => {}, clear: () => {} };

export async function progressLine(context: Context): Promise<ProgressLine> {
  return context.live ? redrawn((await import('ora')).default) : sparse(context);
}

function redrawn(ora: (options: { discardStdin: boolean }) => Ora): ProgressLine {
  // A search keeps the event loop busy, so the line is drawn by progress and not by a timer.
  const line = ora({ discardStdin: false });
  let next = 0;
  return {
    show(subject, progress) {
      if (Date.now() < next) return;
      next = Date.now() + 100;
      line.text = describe(subject, progress);
      if (!line.isSpinning) line.start();
      line.render();
    },
    clear: () => line.stop(),
  };
}

/** For a log: after 5 seconds, then at doubled distances up to a minute. */
function sparse(context: Context): ProgressLine {
  const first = 5_000;
  let current = '';
  let start = 0;
  let next = 0;
  let wait = first;
  return {
    show(subject, progress) {
      const now = Date.now();
      if (subject !== current) {
        current = subject;
        start = now;
        wait = first;
        next = now + wait;
      }
      if (now < next) return;
      context.err(`${describe(subject, progress)}, ${duration(now - start)}\n`);
      wait = Math.min(wait * 2, 60_000);
      next = now + wait;
    },
    clear: () => {},
  };
}

function describe(subject: string, { states, transitions, depth, round }: SearchProgress): string {
  const size = `${counted(states, 'state')}, ${counted(transitions, 'transition')}`;
  return `${subject}: ${size}, depth ${thousands(depth)}, round ${round}`;
}
