import { setImmediate } from 'node:timers/promises';
import { type Explorer, SLICE } from '../explore/explorer.ts';
import type { Growth } from '../explore/growth.ts';
import { growthOf, type Level, type LevelDone } from '../explore/search.ts';
import type { VisitedTable } from '../explore/visited.ts';
import { mergeBranches } from '../model/branches.ts';
import { SpecError } from '../model/shared.ts';
import type { Answer, Order } from './messages.ts';
import { lessons, Peer, pack } from './peer.ts';

/** A share that is larger by a part, and some states, is not worth a parcel. */
const UNEVEN = 0.05;
const PARCEL = 64;

function isClose(count: number, share: number): boolean {
  return count < share * (1 + UNEVEN) + PARCEL;
}

/** Part of the table that may be taken before a level begins; more is likely to interrupt it. */
const LOAD = 0.7;

/** The way to a member: each order is answered once. */
export interface Link {
  ask(order: Order): Promise<Answer>;
}

interface Worker {
  readonly link: Link;
  /** Its machine in our numbering. */
  peer: Peer | null;
  /** Transitions of ours that it has been told. */
  told: number;
  /** States that it holds for the level to come. */
  count: number;
}

/**
 * The workers that share a search with this thread. All use one table of states, keep their own
 * frontier, and meet at the end of each level; then what was learned is told around and the states
 * are spread evenly again.
 */
export class Crew {
  private readonly workers: Worker[];
  /** The search, and its round, that the workers hold states of. */
  private explorer: Explorer | null = null;
  private round = 0;

  constructor(links: readonly Link[]) {
    this.workers = links.map((link) => ({ link, peer: null, told: 0, count: 0 }));
  }

  get size(): number {
    return this.workers.length + 1;
  }

  /** Is the crew at work in this round? If not, a level may as well be explored alone. */
  sharing({ explorer, round }: Level): boolean {
    return this.explorer === explorer && this.round === round;
  }

  /** Explores a level together. `work.current` holds this thread's share of it. */
  async explore(work: Level): Promise<LevelDone> {
    if (!this.sharing(work)) await this.join(work);
    await this.balance(work);
    let { visited } = work;
    const total = work.current.count + this.workers.reduce((sum, { count }) => sum + count, 0);
    while (visited.size + total > visited.capacity * LOAD) {
      const growth = growthOf(visited, work);
      if (typeof growth === 'string') break;
      visited = await this.grown(growth, work);
    }
    visited.shared = true;
    let busy = this.workers;
    for (let at = 0, again = false; ; again = true) {
      const answers = Promise.all(
        busy.map((worker) =>
          this.ask(worker, {
            do: 'expand',
            level: work.level,
            known: this.news(worker, work),
            table: visited.buffer,
            footprints: work.explorer.checks.footprints(),
            witnessed: [...work.explorer.findings.witnessed],
            again,
          }),
        ),
      );
      // Awaited below; should this thread fail first, nobody is left to hear of a worker's end.
      answers.catch(() => {});
      await this.stepAside(work, visited);
      const own = await this.expandOwn(work, visited, at);
      at = own.at;
      const settled = await answers;
      settled.forEach((answer, i) => {
        this.heed(busy[i]!, answer, work);
      });
      const count = work.next.count + this.workers.reduce((sum, worker) => sum + worker.count, 0);
      if (own.limit || work.aside?.over) return { visited, count, limit: own.limit };
      const limit = work.limit(visited);
      if (limit) return { visited, count, limit };
      busy = busy.filter((_, i) => settled[i]!.full);
      if (busy.length === 0 && at === work.current.count) return { visited, count, limit: null };
      const growth = growthOf(visited, work);
      if (typeof growth === 'string') return { visited, count, limit: growth };
      visited = await this.grown(growth, work);
    }
  }

  /** A larger table, with a part of its states moved by each. */
  private async grown(growth: Growth, work: Level): Promise<VisitedTable> {
    const { buffers, bigger } = growth;
    const answers = this.workers.map(async (worker, i) => {
      const part = { index: i + 1, count: this.size };
      this.heed(worker, await this.ask(worker, { do: 'grow', buffers, part }), work);
    });
    growth.move({ index: 0, count: this.size });
    await Promise.all(answers);
    return bigger;
  }

  /** What this thread has to do beside the level. */
  private async stepAside({ aside, limit }: Level, visited: VisitedTable): Promise<void> {
    while (aside && !limit(visited) && aside.next()) await setImmediate();
    if (aside?.over) visited.stop();
  }

  /** This thread's share, from state `at` on; ends early at a limit or when the table is full. */
  private async expandOwn(
    { explorer, current, next, level, limit, aside }: Level,
    visited: VisitedTable,
    at: number,
  ): Promise<{ at: number; limit: string | null }> {
    while (at < current.count && !aside?.over) {
      const reached = limit(visited);
      if (reached) {
        visited.stop();
        return { at, limit: reached };
      }
      const to = Math.min(at + SLICE, current.count);
      at = explorer.expand(current, at, to, next, level, visited);
      if (at < to) break;
      await setImmediate(); // lets signals through
    }
    return { at, limit: null };
  }

  /** Tells the workers what the round's reduction relies on, and what was learned since. */
  async join({ explorer, round }: Level): Promise<void> {
    this.explorer = explorer;
    this.round = round;
    const { machine, begun, reduce, without } = explorer;
    await Promise.all(
      this.workers.map(async (worker) => {
        worker.peer ??= new Peer(machine);
        const known = lessons(machine, worker.told, begun.learned);
        const since = lessons(machine, Math.max(worker.told, begun.learned));
        worker.told = machine.learned.length;
        const answer = await this.ask(worker, {
          do: 'begin',
          reduce,
          without,
          known,
          since,
          footprints: begun.footprints,
        });
        worker.peer.learn(answer.learned);
        worker.count = 0;
      }),
    );
  }

  /**
   * Spreads the states of the level so that all have as much to do: who has too many gives to this
   * thread, which hands on.
   */
  private async balance(work: Level): Promise<void> {
    const { explorer, current, aside } = work;
    const total = current.count + this.workers.reduce((sum, { count }) => sum + count, 0);
    const due = aside?.due ?? 0;
    const own = Math.max(0, Math.ceil((total + due) / this.size - due));
    const share = Math.ceil((total - own) / this.workers.length);
    const most = Math.max(...this.workers.map(({ count }) => count));
    if (isClose(current.count, own) && isClose(most, share)) return;
    for (const worker of this.workers) {
      if (worker.count <= share) continue;
      const { states, ...answer } = await this.ask(worker, { do: 'give', keep: share });
      this.heed(worker, answer, work);
      worker.peer!.unpack(states!, current);
    }
    for (const worker of this.workers) {
      const lacking = Math.min(share - worker.count, current.count - own);
      if (lacking <= 0) continue;
      const states = pack(explorer.machine, current, current.count - lacking);
      const known = this.news(worker, work);
      this.heed(worker, await this.ask(worker, { do: 'take', known, states }), work);
    }
  }

  private news(worker: Worker, { explorer }: Level): Int32Array {
    const known = lessons(explorer.machine, worker.told);
    worker.told = explorer.machine.learned.length;
    return known;
  }

  /** Takes over what a worker learned, counted and found. */
  private heed(worker: Worker, answer: Omit<Answer, 'states'>, { explorer }: Level): void {
    worker.count = answer.count;
    worker.peer!.learn(answer.learned);
    explorer.checks.extendFootprints(answer.footprints);
    explorer.transitions += answer.transitions;
    explorer.checks.finalStates += answer.finalStates;
    mergeBranches(answer.asked);
    explorer.machine.contention.add(answer.contended);
    for (const finding of answer.findings) explorer.findings.offer(finding);
    for (const [fact, sighting] of answer.facts) explorer.findings.see(fact, sighting);
    for (const name of answer.witnessed) explorer.findings.witnessed.add(name);
  }

  private async ask(worker: Worker, order: Order): Promise<Answer> {
    const answer = await worker.link.ask(order);
    if (answer.error) {
      const { name, message } = answer.error;
      throw name === 'SpecError' ? new SpecError(message) : new Error(`in a worker: ${message}`);
    }
    return answer;
  }
}
