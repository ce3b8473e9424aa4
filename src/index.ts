export { defineSpec, options, peek } from './spec/define.ts';
export type { Model, Spec, ThreadBody, ThreadOptions, Variant } from './spec/define.ts';
export type { Operation, Report, Steps } from './model/operation.ts';
export type { Shared, Struct } from './model/shared.ts';
export * from './kernel/access.ts';
export * from './kernel/memory.ts';
export * from './kernel/mutex.ts';
export * from './kernel/spinlock.ts';
export * from './kernel/assert.ts';
