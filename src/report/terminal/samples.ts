import type { ChalkInstance } from 'chalk';
import type { Samples } from '../../verdict/run.ts';
import { counted } from '../text.ts';
import { allSteps } from './schedule.ts';

/** Schedules that break nothing, each with all its steps. */
export function sampleLines(
  { schedules, all }: Samples,
  asked: { columns: number; chalk: ChalkInstance },
): string[] {
  const many = counted(schedules.length, 'schedule');
  const there = all ? (schedules.length === 1 ? 'the only one there is' : 'all there are') : null;
  const head = ['passing', schedules.length === 0 ? 'none found' : many, there];
  const lines = [asked.chalk.bold(head.filter((part) => part !== null).join(', '))];
  for (const [at, { replay, ends }] of schedules.entries()) {
    const cut = ends ? '' : ', and goes on';
    const steps = counted(replay.steps.length, 'step');
    lines.push('', asked.chalk.bold(`schedule ${at + 1} of ${schedules.length}, ${steps}${cut}`));
    lines.push(...allSteps(replay, '', asked));
  }
  return lines;
}
