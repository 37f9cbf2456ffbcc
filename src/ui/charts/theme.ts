/** Colours of canvases come from the same custom properties as the page's, read when a canvas is drawn. */
export function themeColor(name: string): string {
  return name.startsWith('--') ? getComputedStyle(document.documentElement).getPropertyValue(name).trim() || '#888' : name;
}

/** `#rrggbb` with an opacity. */
export function withOpacity(color: string, opacity: number): string {
  const channel = Math.round(opacity * 255)
    .toString(16)
    .padStart(2, '0');
  return /^#[0-9a-f]{6}$/i.test(color) ? color + channel : color;
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
