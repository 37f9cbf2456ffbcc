/**
 * zod as the whole lab imports it. Unless told otherwise before the first schema is built, zod probes `new Function` for speed, and a
 * strict Content-Security-Policy reports the probe.
 */
import { z } from 'zod';

z.config({ jitless: true });

export { z };
