/** How long work may hold the GPU before a browser stutters or a driver's watchdog takes the device away. */
export interface PaceLimits {
  maxDispatchMs: number;
  maxSubmitMs: number;
}

/** Well under a watchdog, and short enough for a page to be drawn in between. */
export const DEFAULT_PACE_LIMITS: PaceLimits = { maxDispatchMs: 50, maxSubmitMs: 200 };
