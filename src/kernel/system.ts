import { runtime } from '../model/runtime.ts';
import { Shared, SpecError } from '../model/shared.ts';

/**
 * What `boot` decided, for code that needs the whole machine: a grace period asks every thread. It
 * is an object that no step touches; its initial value is the fact.
 */
interface System {
  readonly cpus: number;
  /** Each with its CPU. */
  readonly threads: ReadonlyMap<string, number>;
}

const NAME = 'system';

export function set_system(system: System): void {
  new Shared<System>(NAME, system);
}

function system(): System {
  const found = runtime.objects.get(NAME);
  if (!found)
    throw new SpecError('RCU and workqueues need their threads: build with threads: boot({ ... })');
  return found.initial as System;
}

export function thread_names(): readonly string[] {
  return [...system().threads.keys()];
}

export function threads_on(cpu: number): string[] {
  return [...system().threads].filter(([, its]) => its === cpu).map(([name]) => name);
}

export function cpu_numbers(): number[] {
  return Array.from({ length: system().cpus }, (_, cpu) => cpu);
}
