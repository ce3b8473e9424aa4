import { SpecError } from '../model/shared.ts';

export { SpecError };

/** The command line is at fault: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** By name: a bundled spec carries its own copy of the class. */
export function isSpecError(error: unknown): error is SpecError {
  return error instanceof Error && error.name === 'SpecError';
}

/** `file:line: message`, then the source line with a caret below the column (both from 1). */
export function sourceError(
  file: string,
  source: string,
  offset: number,
  message: string,
): SpecError {
  const { line, column } = position(source, offset);
  const text = (source.split(/\r?\n/)[line - 1] ?? '').trimEnd();
  const shift = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  const caret = text ? `\n    ${text}\n    ${shift}^` : '';
  return new SpecError(`${file}:${line}:${column}: ${message}${caret}`);
}

export function position(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - start + 1 };
}
