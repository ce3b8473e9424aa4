import type { ChalkInstance } from 'chalk';
import { padStart, plain, width } from './text.ts';

/** Lines of a source around one of them, which is marked; none when the file is not there. */
export function excerpt(
  source: string | null,
  line: number,
  around: number,
  columns: number,
  chalk: ChalkInstance,
): string[] {
  const lines = source?.replaceAll('\t', '  ').split(/\r?\n/) ?? [];
  if (line > lines.length) return [];
  const last = Math.min(lines.length, line + around);
  const digits = String(last).length;
  return lines.slice(Math.max(0, line - 1 - around), last).map((text, at) => {
    const number = Math.max(1, line - around) + at;
    const told = `  ${number === line ? '>' : ' '} ${padStart(String(number), digits)}  ${plain(text)}`;
    return number === line ? chalk.bold(cut(told, columns)) : chalk.dim(cut(told, columns));
  });
}

function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text.trimEnd();
  return `${text.slice(0, columns - 2)}..`;
}
