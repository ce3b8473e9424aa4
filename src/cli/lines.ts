import { createInterface } from 'node:readline';

/** Lines of stdin as they come; at a terminal with editing, and a prompt before each. */
export async function* linesOfStdin(prompt: () => string): AsyncGenerator<string> {
  const { stdin, stdout } = process;
  const terminal = stdin.isTTY && stdout.isTTY;
  const lines = createInterface({ input: stdin, ...(terminal && { output: stdout }) });
  // At a terminal it takes the key, so that no signal comes.
  lines.on('SIGINT', () => process.emit('SIGINT'));
  const ask = (): void => {
    if (!terminal) return;
    lines.setPrompt(prompt());
    lines.prompt();
  };
  ask();
  for await (const line of lines) {
    yield line;
    ask();
  }
  // The prompt stands there still.
  if (terminal) stdout.write('\n');
}
