/** Whether specs still describe the C that they model. */

export { digestOf } from './digest.ts';
export { driftOf } from './drift.ts';
export { type CFunction, functionsIn } from './functions.ts';
export type { DefinitionRecord, Link, LinkCheck, LinkRecord, LinkWord } from './link.ts';
export { keyOf, linksIn, type SpecFile } from './models.ts';
export { LinksError, printLinks, readLinks, writeLinks } from './record.ts';
export { Tree } from './tree.ts';
