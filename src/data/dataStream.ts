import type { Batch } from '../core/batch';
import { InputError } from '../core/errors';
import { inputErrorFrom } from '../core/recipe';
import { Rng } from '../core/rng';
import { z } from '../core/zod';
import { emptyBatch, type RowReader, type RowSource, RowWriter } from './rowSource';

/** Share of tokens per source name; only the ratios matter. */
export type Shares = Readonly<Record<string, number>>;

export const dataCursorSchema = z.strictObject({
  version: z.literal(1),
  seed: z.number().int(),
  sources: z.record(
    z.string(),
    z.strictObject({
      share: z.number().min(0),
      /** Tokens owed to the source: its share of all tokens so far less what it got. */
      credit: z.number(),
      tokens: z.number().int().min(0),
      rows: z.record(z.string(), z.number()),
    }),
  ),
});

/** Where a stream stands, as plain JSON. */
export type DataCursor = z.infer<typeof dataCursorSchema>;

/** An endless, deterministic stream of batches mixed from several sources. */
export interface DataStream {
  next(rows: number, length: number): Batch;
  cursor(): DataCursor;
  /** Continues bit for bit where the cursor was taken, whatever lengths come next. */
  restore(cursor: unknown): void;
  /** Tokens drawn from each source so far. */
  tokensBySource(): Record<string, number>;
  setShares(shares: Shares): void;
}

interface Lane {
  name: string;
  reader: RowReader;
  share: number;
  credit: number;
  tokens: number;
  /** Seeded offset in rows, so that runs with other seeds do not all begin with the same source. */
  jitter: number;
}

/** Rows are whole, each from the source that is furthest behind its share of tokens; so shares hold within a row at any moment. */
export function createDataStream(options: { sources: readonly RowSource[]; shares: Shares; seed: number }): DataStream {
  const { sources, seed } = options;
  const lanes: Lane[] = sources.map((source) => ({
    name: source.name,
    reader: source.open(seed),
    share: 0,
    credit: 0,
    tokens: 0,
    jitter: Rng.of(seed, `data/${source.name}/start`).uniform() - 0.5,
  }));
  applyShares(lanes, options.shares);

  return {
    next(rows, length) {
      checkShape(rows, length);
      const batch = emptyBatch(rows, length);
      for (let row = 0; row < rows; row++) {
        for (const lane of lanes) lane.credit += lane.share * length;
        const lane = furthestBehind(lanes, length);
        lane.reader.read(new RowWriter(batch, row));
        lane.credit -= length;
        lane.tokens += length;
      }
      return batch;
    },
    cursor: () => ({
      version: 1,
      seed,
      sources: Object.fromEntries(
        lanes.map(({ name, share, credit, tokens, reader }) => [name, { share, credit, tokens, rows: reader.cursor() }]),
      ),
    }),
    restore: (cursor) => restoreLanes(lanes, seed, cursor),
    tokensBySource: () => Object.fromEntries(lanes.map(({ name, tokens }) => [name, tokens])),
    setShares: (shares) => applyShares(lanes, shares),
  };
}

function furthestBehind(lanes: readonly Lane[], length: number): Lane {
  const due = ({ credit, jitter }: Lane) => credit + jitter * length;
  return lanes.filter(({ share }) => share > 0).reduce((best, lane) => (due(lane) > due(best) ? lane : best));
}

/** What was owed under the old shares is forgotten: a live change of the mix must not make up for the past. */
function applyShares(lanes: readonly Lane[], shares: Shares): void {
  const names = lanes.map(({ name }) => name);
  for (const [name, share] of Object.entries(shares)) {
    if (!names.includes(name))
      throw new InputError('data mix', `a source of this run (${names.join(', ')})`, name, 'fix its name');
    if (!(share >= 0 && Number.isFinite(share)))
      throw new InputError('data mix', `a share of 0 or more for ${name}`, share, 'change it');
  }
  const total = names.reduce((sum, name) => sum + (shares[name] ?? 0), 0);
  if (!(total > 0)) throw new InputError('data mix', 'at least one source with a share above 0', total, 'raise a share');
  for (const lane of lanes) {
    lane.share = (shares[lane.name] ?? 0) / total;
    lane.credit = 0;
  }
}

function restoreLanes(lanes: readonly Lane[], seed: number, value: unknown): void {
  const result = dataCursorSchema.safeParse(value);
  if (!result.success) throw inputErrorFrom('data cursor', result.error);
  const cursor = result.data;
  if (cursor.seed !== seed)
    throw new InputError('data cursor', `seed ${seed}`, cursor.seed, 'restore it into a stream of its own seed');
  const names = lanes.map(({ name }) => name).join(', ');
  const cursorNames = Object.keys(cursor.sources).join(', ');
  if (names !== cursorNames)
    throw new InputError('data cursor', `sources ${names}`, cursorNames, 'open the same sources in the same order');
  for (const lane of lanes) {
    const { share, credit, tokens, rows } = cursor.sources[lane.name];
    Object.assign(lane, { share, credit, tokens });
    lane.reader.restore(rows);
  }
}

function checkShape(rows: number, length: number): void {
  if (!(Number.isInteger(rows) && rows > 0))
    throw new InputError('data stream', 'a whole number of rows above 0', rows, 'change it');
  if (!(Number.isInteger(length) && length > 1))
    throw new InputError('data stream', 'rows of at least 2 tokens', length, 'change it');
}
