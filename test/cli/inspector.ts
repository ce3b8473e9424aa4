import { createRequire, SourceMap } from 'node:module';

/** A debugger as Chrome or an editor is one, over the protocol of the inspector. */

interface Socket {
  on(event: 'open' | 'close', listener: () => void): void;
  on(event: 'message', listener: (data: Buffer) => void): void;
  send(text: string): void;
  close(): void;
}

// Node 20 has none of its own; the one of the browser's driver will do.
const WebSocket: new (url: string) => Socket = createRequire(
  createRequire(import.meta.url).resolve('puppeteer-core'),
)('ws');

interface Frame {
  readonly callFrameId: string;
  readonly functionName: string;
  readonly location: { scriptId: string; lineNumber: number; columnNumber: number };
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: one type for all methods of the protocol
  readonly params?: any;
  // biome-ignore lint/suspicious/noExplicitAny: the same
  readonly result?: any;
}

export class Debugger {
  private readonly socket: Socket;
  private readonly answers = new Map<number, (message: Message) => void>();
  private readonly maps = new Map<string, string>();
  private readonly pauses: Frame[][] = [];
  private arrived = () => {};
  private sent = 0;
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('message', (data) => this.receive(JSON.parse(data.toString())));
  }

  /** Attaches, and lets the process go on. */
  static async attach(url: string): Promise<Debugger> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve) => socket.on('open', resolve));
    const it = new Debugger(socket);
    await it.send('Runtime.enable');
    await it.send('Debugger.enable');
    await it.send('Runtime.runIfWaitingForDebugger');
    return it;
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  send(method: string, params: object = {}): Promise<any> {
    const id = ++this.sent;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => this.answers.set(id, ({ result }) => resolve(result)));
  }

  /** The frames of the next stop, innermost first. */
  async paused(): Promise<readonly Frame[]> {
    while (this.pauses.length === 0) {
      await new Promise<void>((resolve) => {
        this.arrived = resolve;
      });
    }
    return this.pauses.shift()!;
  }

  /** The text of a value in a frame. */
  async evaluate({ callFrameId }: Frame, expression: string): Promise<unknown> {
    const params = { callFrameId, expression, returnByValue: true };
    return (await this.send('Debugger.evaluateOnCallFrame', params)).result.value;
  }

  /** `two-locks.ts:25 both`, as the source map has it. */
  placeOf({ functionName, location }: Frame): string {
    const data = /base64,(.*)$/.exec(this.maps.get(location.scriptId) ?? '')?.[1] ?? '';
    const map = new SourceMap(JSON.parse(Buffer.from(data, 'base64').toString()));
    const entry = map.findEntry(location.lineNumber, location.columnNumber);
    if (!('originalSource' in entry)) return functionName;
    const file = entry.originalSource.slice(entry.originalSource.lastIndexOf('/') + 1);
    return `${file}:${entry.originalLine + 1} ${functionName}`;
  }

  leave(): void {
    this.socket.close();
  }

  private receive({ id, method, params, result }: Message): void {
    if (id !== undefined) this.answers.get(id)?.({ result });
    if (method === 'Debugger.scriptParsed') this.maps.set(params.scriptId, params.sourceMapURL);
    if (method === 'Debugger.paused') {
      this.pauses.push(params.callFrames);
      this.arrived();
    }
  }
}
