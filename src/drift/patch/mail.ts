import PostalMime from 'postal-mime';

/** A text that may have a patch in it: what a mail says, or a file that is no mail. */
export interface Letter {
  /** Null: a plain diff, or a mail without one. */
  readonly subject: string | null;
  readonly bodies: readonly Body[];
  /** All that it says is in HTML. */
  readonly html: boolean;
  /** Line of its file that it begins at, from 1. */
  readonly line: number;
}

export interface Body {
  /** Decoded, with the line ends of Unix. */
  readonly text: string;
  /** Line of the file that it begins at; null: it was encoded there, and has lines of its own. */
  readonly line: number | null;
}

/** Mails of an mbox, one mail, or a plain text, as `git am` tells them apart. */
export async function lettersIn(bytes: Uint8Array): Promise<Letter[]> {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  const starts = [...lines.keys()].filter((row) => isFromLine(lines[row]!));
  const first = lines.findIndex((line) => line.trim() !== '');
  if (first < 0) return [];
  if (starts[0] !== first) {
    if (!isMail(lines.slice(first))) {
      return [{ subject: null, bodies: [plain(bytes)], html: false, line: 1 }];
    }
    starts.unshift(first);
  }
  return Promise.all(
    starts.map((start, at) => {
      const rows = lines.slice(start, starts[at + 1]);
      return letterOf(rows, start);
    }),
  );
}

/** The line that stands between the mails of an mbox: is_from_line() of git's builtin/mailsplit.c. */
function isFromLine(line: string): boolean {
  const year = /^From .*\d.\d\d:\d\d.*?(\d+)\s*$/.exec(line)?.[1];
  return year !== undefined && Number(year) > 90;
}

/** Nothing but headers up to the first empty line, and one that all mails have. */
function isMail(lines: readonly string[]): boolean {
  const end = lines.findIndex((line) => line.trim() === '');
  const headers = lines.slice(0, end < 0 ? lines.length : end);
  return (
    headers.every((line, row) => (row > 0 && /^[ \t]/.test(line)) || /^[!-9;-~]+:/.test(line)) &&
    headers.some((line) => /^(?:from|subject|date|message-id):/i.test(line))
  );
}

async function letterOf(rows: readonly string[], start: number): Promise<Letter> {
  const skipped = isFromLine(rows[0]!) ? 1 : 0;
  const raw = Buffer.from(rows.slice(skipped).join('\n'), 'latin1');
  const { subject, text, html, attachments } = await PostalMime.parse(raw);
  const source = plain(raw).text;
  const body = (decoded: string): Body => {
    const found = source.indexOf(decoded.trimEnd());
    const before = source.slice(0, found).split('\n').length - 1;
    return { text: decoded, line: found < 0 ? null : start + skipped + before + 1 };
  };
  const attached = attachments
    .filter(({ mimeType, filename }) => isText(mimeType, filename))
    .map(({ content }) => plain(Buffer.from(content as ArrayBuffer)).text);
  const bodies = [unix(text ?? ''), ...attached].map(body);
  return { subject: subject ?? '', bodies, html: !text && !!html, line: start + 1 };
}

/** Patches are attached under many types. */
function isText(type: string, file: string | null): boolean {
  return /^text\/(?!html)|patch|diff/.test(type) || /\.(?:patch|diff|txt)$/i.test(file ?? '');
}

function plain(bytes: Uint8Array): Body {
  return { text: unix(new TextDecoder().decode(bytes)), line: 1 };
}

function unix(text: string): string {
  return text.replaceAll('\r\n', '\n');
}
