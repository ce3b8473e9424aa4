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
  const links = ports.map((port): Link => {
    const waiting: { resolve(answer: Answer): void; reject(why: unknown): void }[] = [];
    let closed = false;
    const end = (): void => {
      closed = true;
      const why = failure ?? new Error('a worker ended for no known reason');
      for (const { reject } of waiting.splice(0)) reject(why);
    };
    port.on('message', (answer: Answer) => waiting.shift()!.resolve(answer));
    port.on('close', end);
    return {
      ask: (order: Order): Promise<Answer> =>
        new Promise((resolve, reject) => {
          waiting.push({ resolve, reject });
          if (closed) end();
          else port.postMessage(order);
        }),
    };
  });
  return {
    links,
    async dismiss() {
      for (const port of ports) port.close();
      await pool.destroy();
      await Promise.all(tasks);
    },
  };
}
