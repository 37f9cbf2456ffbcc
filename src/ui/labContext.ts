import { createContext, useContext, useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { LabState, LabStore } from '../store/labStore';

const LabContext = createContext<LabStore | undefined>(undefined);

export const LabProvider = LabContext.Provider;

/** The store itself, for charts that subscribe outside React and for actions. */
export function useLabStore(): LabStore {
  const store = useContext(LabContext);
  if (!store) throw new Error('useLabStore: no LabProvider above this component');
  return store;
}

/** One selected value; the component renders when it changes. */
export function useLab<T>(selector: (state: LabState) => T): T {
  return useStore(useLabStore(), selector);
}

/** Like useLab, for values that change many times a second: at most one render per `ms`, and never a stale last one. */
export function useLabThrottled<T>(selector: (state: LabState) => T, ms = 250): T {
  const store = useLabStore();
  const latest = useRef(selector);
  latest.current = selector;
  const [value, setValue] = useState(() => selector(store.getState()));
  useEffect(() => {
    const update = throttle(() => setValue(() => latest.current(store.getState())), ms);
    update.now();
    const unsubscribe = store.subscribe(update);
    return () => {
      unsubscribe();
      update.cancel();
    };
  }, [store, ms]);
  return value;
}

interface Throttled {
  (): void;
  now(): void;
  cancel(): void;
}

/**
 * Calls at most once per `ms`; a call that came too early is made up for at the end of the interval. Always in a task of its own, so
 * that many charts which hear of one change never block the page together.
 */
export function throttle(work: () => void, ms: number): Throttled {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = Number.NEGATIVE_INFINITY;
  const fire = () => {
    timer = undefined;
    last = performance.now();
    work();
  };
  const call = () => {
    if (timer !== undefined) return;
    timer = setTimeout(fire, Math.max(last + ms - performance.now(), 0));
  };
  call.now = () => {
    clearTimeout(timer);
    fire();
  };
  call.cancel = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  return call;
}
