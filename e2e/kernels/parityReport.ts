/** What the worker answers with: each quantity's largest error over its tolerance; above 1 fails. */
export interface ParityReport {
  comparisons: { quantity: string; toleranceShare: number }[];
}
