import { once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import { guarded } from '../spec/guard.ts';
import { instantiate } from '../spec/instantiate.ts';
import { loadBundle } from '../spec/load.ts';
import { Member } from './member.ts';
import type { Answer, Assignment, Order } from './messages.ts';

// As in the main thread: stdout has the result only.
console.log = console.info = console.debug = console.error;

/** The one task of a pool's worker: carries out orders until the coordinator closes the port. */
export default async function work({
  port,
  assignment,
}: {
  port: MessagePort;
  assignment: Assignment;
}): Promise<void> {
  const { bundle, file, variant, params } = assignment;
  const loaded = await loadBundle(bundle, file);
  const member = new Member(instantiate(loaded, variant, params), guarded);
  port.on('message', (order: Order) => {
    let answer: Answer;
    try {
      answer = member.carryOut(order);
    } catch (error) {
      // Own properties and prototypes of errors do not cross threads.
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      answer = { ...FAILED, error: { name, message } };
    }
    port.postMessage(answer);
  });
  port.start();
  await once(port, 'close');
}

const FAILED: Answer = {
  count: 0,
  full: false,
  learned: new Int32Array(0),
  footprints: new Map(),
  transitions: 0,
  finalStates: 0,
  findings: [],
  witnessed: [],
  asked: new Map(),
  contended: [],
  facts: new Map(),
  states: null,
  error: null,
};
