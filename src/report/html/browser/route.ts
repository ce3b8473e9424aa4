/** A place in the report, as it stands in the address: a link leads to a step. */
export interface Place {
  readonly spec: string;
  readonly variant: string;
  /** Which of its traces, from 1; null: the variant itself. */
  readonly trace: number | null;
  /** Which of the trace's runs, from 1. */
  readonly run: number | null;
  readonly step: number | null;
}

export function href(place: Partial<Place>): string {
  const fields = Object.entries(place).filter(([, value]) => value !== null);
  return `#${new URLSearchParams(fields.map(([name, value]) => [name, String(value)]))}`;
}

/** Null: the start page. */
export function placeOf(hash: string): Place | null {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const spec = fields.get('spec');
  if (spec === null) return null;
  const number = (name: string): number | null => {
    const text = fields.get(name);
    return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : null;
  };
  return {
    spec,
    variant: fields.get('variant') ?? '',
    trace: number('trace'),
    run: number('run'),
    step: number('step'),
  };
}

/** What tells a run of the report from the others. */
export function placeOfRun({ spec, variant }: { spec: string; variant: string | null }) {
  return { spec, variant: variant ?? '' };
}
