/** A growing list of numbers in one typed array: appending is amortised O(1), and charts read it without copying. */
export class Column {
  private values = new Float64Array(256);
  private used = 0;

  get length(): number {
    return this.used;
  }

  push(value: number): void {
    if (this.used === this.values.length) {
      const grown = new Float64Array(this.used * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.used++] = value;
  }

  /** Drops what is past the first `length` values. */
  truncate(length: number): void {
    this.used = Math.min(this.used, length);
  }

  /** The values so far; valid until the next push. */
  view(): Float64Array {
    return this.values.subarray(0, this.used);
  }
}
