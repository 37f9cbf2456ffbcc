/**
 * Colours of canvases come from the same custom properties as the page's. A property may hold `light-dark()`, so it is resolved as the
 * `color` of an element, which the browser reports as `rgb(…)`.
 */
export function themeColor(name: string): string {
  probe ??= document.body.appendChild(Object.assign(document.createElement('span'), { hidden: true }));
  probe.style.color = name.startsWith('--') ? `var(${name})` : name;
  return getComputedStyle(probe).color;
}

let probe: HTMLElement | undefined;

/** `rgb(r, g, b)` with an opacity. */
export function withOpacity(color: string, opacity: number): string {
  return opacity === 1 ? color : color.replace(/^rgb\((.*)\)$/, `rgba($1, ${opacity})`);
}

/** Calls back when the page's colours change: the system's preference, or the switch in the header. */
export function onThemeChange(callback: () => void): () => void {
  const query = matchMedia('(prefers-color-scheme: dark)');
  query.addEventListener('change', callback);
  const observer = new MutationObserver(callback);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return () => {
    query.removeEventListener('change', callback);
    observer.disconnect();
  };
}
