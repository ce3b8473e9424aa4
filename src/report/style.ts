import { Chalk, type ChalkInstance } from 'chalk';

/** chalk finds out what the terminal can do; NO_COLOR is the one convention that it leaves to us. */
export function styleFor(env: NodeJS.ProcessEnv): ChalkInstance {
  return env.NO_COLOR ? new Chalk({ level: 0 }) : new Chalk();
}
