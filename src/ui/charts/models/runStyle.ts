import type { LabState } from '../../../store/labStore';
import type { RunEntry } from '../../../store/runsSlice';

const RUN_COLORS = 8;

/** Custom property that holds the colour of a run. */
export function runColor(entry: RunEntry): string {
  return `--run-${entry.color % RUN_COLORS}`;
}

/** Runs to draw, oldest first and the viewed one on top, with how strongly. */
export function drawnRuns(state: LabState): { entry: RunEntry; opacity: number; viewed: boolean }[] {
  return state.runOrder
    .map((id) => state.runs[id])
    .filter((entry) => !entry.hidden || entry.summary.id === state.viewedId)
    .map((entry) => {
      const viewed = entry.summary.id === state.viewedId;
      return { entry, viewed, opacity: viewed || entry.summary.id === state.baselineId ? 1 : 0.4 };
    })
    .sort((a, b) => Number(a.viewed) - Number(b.viewed));
}
