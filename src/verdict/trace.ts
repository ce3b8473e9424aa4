import { hash } from 'node:crypto';
import path from 'node:path';
import { makeFolder } from './folder.ts';
import type { Trace, TraceStep } from './read-trace.ts';

/** A trace cannot be used or does not reproduce: exit code 5. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

export type { Trace, TraceStep };

export const formatName = 'lockstep-trace';
export const traceVersion = 1;

/** The text of a trace file. Equal traces give equal bytes. */
export function printTrace(trace: Trace): string {
  const content = contentOf(trace);
  return `${JSON.stringify({ ...content, checksum: checksum(content) }, null, 2)}\n`;
}

/** The fields in the order in which they are written. */
export function contentOf(trace: Trace) {
  return {
    format: formatName,
    version: traceVersion,
    spec: { name: trace.spec.name, file: trace.spec.file, digest: trace.spec.digest },
    variant: trace.variant,
    params: byName(trace.params),
    property: trace.property,
    message: trace.message,
    ...(trace.earlier && { earlier: trace.earlier.map((run) => run.map(stepContent)) }),
    steps: trace.steps.map(stepContent),
    ...(trace.sources && { sources: byName(trace.sources) }),
  };
}

function byName<T>(fields: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function stepContent({ thread, operation, text, objects, result, file, line }: TraceStep) {
  return { thread, operation, text, objects, result, file, line };
}

export function checksum(content: ReturnType<typeof contentOf>): string {
  return hash('sha256', JSON.stringify(content)).slice(0, 16);
}

export async function writeTrace(file: string, trace: Trace): Promise<void> {
  // Not above: most runs keep no trace.
  const { default: writeFileAtomic } = await import('write-file-atomic');
  await makeFolder(path.dirname(file));
  await writeFileAtomic(file, printTrace(trace));
}
