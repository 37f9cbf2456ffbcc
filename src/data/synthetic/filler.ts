import { InputError } from '../../core/errors';
import type { Rng } from '../../core/rng';
import type { TokenDocument } from '../corpus';

/** Natural text without end for the space between planted phrases: runs on from a random place, and from another when a document ends. */
export class Filler {
  private document: TokenDocument;
  private at: number;

  constructor(
    private readonly pool: FillerPool,
    private readonly rng: Rng,
  ) {
    [this.document, this.at] = pool.place(rng);
  }

  /** The token that `next` will give. */
  peek(): number {
    if (this.at === this.document.ids.length) [this.document, this.at] = this.pool.place(this.rng);
    return this.document.ids[this.at];
  }

  next(): number {
    const id = this.peek();
    this.at++;
    return id;
  }
}

/** Documents to take filler from; every token is as likely a place to begin. */
export class FillerPool {
  private readonly documents: readonly TokenDocument[];
  private readonly ends: number[] = [];

  constructor(documents: readonly TokenDocument[]) {
    this.documents = documents.filter(({ ids }) => ids.length > 0);
    let end = 0;
    for (const { ids } of this.documents) this.ends.push((end += ids.length));
    if (end === 0) throw new InputError('synthetic data', 'natural text to plant phrases in', 'none', 'add a text source');
  }

  place(rng: Rng): [document: TokenDocument, at: number] {
    const target = rng.integer(this.ends[this.ends.length - 1]);
    let low = 0;
    let high = this.ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends[middle] > target) high = middle;
      else low = middle + 1;
    }
    const { ids } = this.documents[low];
    return [this.documents[low], target - (this.ends[low] - ids.length)];
  }
}
