/** Whether specs still describe the C that they model. */

export { digestOf, lineDigest } from './digest.ts';
export { type CFunction, functionsIn } from './functions.ts';
export type { DefinitionRecord, Link, LinkCheck, LinkRecord, LinkWord } from './link.ts';
export { normalLines, normalText } from './tokens.ts';
