import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Link } from './crew.ts';
import type { Answer, Assignment, Order } from './messages.ts';

/** Worker threads that wait for orders. */
export interface Hired {
  readonly links: readonly Link[];
  dismiss(): Promise<void>;
}

/** Starts worker threads, each with one long task: to carry out orders. */
export function hire(count: number, assignment: Assignment): Hired {
  const pool = new Piscina({
    filename: new URL('./worker.js', import.meta.url).href,
    minThreads: count,
    maxThreads: count,
    concurrentTasksPerWorker: 1,
  });
  const tasks: Promise<void>[] = [];
  let failure: unknown = null;
  const ports = Array.from({ length: count }, () => {
    const { port1, port2 } = new MessageChannel();
    const task: Promise<void> = pool.run({ port: port2, assignment }, { transferList: [port2] });
    tasks.push(
      task.catch((error) => {
        failure ??= error;
        port1.close();
      }),
    );
    return port1;
  });
  const links = ports.map(
    (port): Link => ({
      async ask(order: Order): Promise<Answer> {
        port.postMessage(order);
        const heard = new AbortController();
        const { signal } = heard;
        const answer = await Promise.race([
          once(port, 'message', { signal }).then(([message]) => message as Answer),
          once(port, 'close', { signal }).then(() => null),
        ]).finally(() => heard.abort());
        if (answer) return answer;
        throw failure ?? new Error('a worker ended for no known reason');
      },
    }),
  );
  return {
    links,
    async dismiss() {
      for (const port of ports) port.close();
      await pool.destroy();
      await Promise.all(tasks);
    },
  };
}
